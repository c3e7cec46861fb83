"""Read one sheet of an Excel workbook: its first row as the header, every cell as text.

openpyxl, because calamine, ten times as fast, reads a cell that holds an error as empty.
"""

from __future__ import annotations

import contextlib
import datetime
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tenfold.runtime import UserError, nearest
from tenfold.sources.column_names import check_names
from tenfold.sources.text_rows import Row, TextRows

# The first bytes of an old .xls, and of a workbook with a password.
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
ZIP = b"PK"
# Excel keeps fifteen digits.
MAX_WHOLE = 10**15
# Rows that are searched for formulas without a value.
MAX_SEARCHED_ROWS = 100


def read(path: Path, sheet: str | None) -> TextRows:
    """The rows below the header, without empty ones at the end; one sheet need not be named.

    Raises:
        UserError: if the file is no workbook, the sheet is not named, or the first row is no
            header; while the rows are read, naming the cell, if one holds an error, lies outside
            the header's columns, or is a formula that was never computed.
    """
    _check_file(path)
    with _readable(path):
        worksheet = _worksheet(path, _open(path), sheet)
        _check_computed(path, worksheet)
        rows = worksheet.iter_rows()
        header = _header(path, worksheet.title, next(rows, ()))
    return TextRows(header, _rows(path, worksheet, rows, len(header)), ordered=True)


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(len(COMPOUND))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    if start == COMPOUND:
        raise UserError(f"{path} has a password or is an old .xls: save it as .xlsx without one")
    if not start.startswith(ZIP):
        raise UserError(f"{path} is no Excel workbook: save the table as .xlsx or .csv")


def _open(path: Path, *, values: bool = True) -> Any:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # Warnings about styles and input rules, which change no cell.
        return openpyxl.load_workbook(path, read_only=True, data_only=values, keep_links=False)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    # openpyxl passes on whatever its parsers raise.
    except Exception as error:
        what = str(error).splitlines()[:1] or [type(error).__name__]
        raise UserError(
            f"{path} is broken ({what[0]}): open it in Excel and save it again"
        ) from None


def _worksheet(path: Path, workbook: Any, sheet: str | None) -> Any:
    titles = [one.title for one in workbook.worksheets]
    if sheet is not None and sheet not in titles:
        raise UserError(f"data.sheet: {path} has no sheet {sheet!r}; {nearest(sheet, titles)}")
    if sheet is None and len(titles) != 1:
        raise UserError(f"{path} has {len(titles)} sheets, {titles}: name one as data.sheet")
    worksheet = workbook[sheet or titles[0]]
    worksheet.reset_dimensions()  # Some programs write a size that would cut rows off.
    return worksheet


def _check_computed(path: Path, worksheet: Any) -> None:
    """Excel stores a formula's value with it; some programs write the formula alone."""
    title = worksheet.title
    with contextlib.closing(_open(path, values=False)) as workbook:
        formulas = _worksheet(path, workbook, title).iter_rows(max_row=MAX_SEARCHED_ROWS)
        for pair in zip(worksheet.iter_rows(max_row=MAX_SEARCHED_ROWS), formulas, strict=True):
            for cell, formula in zip(*pair, strict=True):
                if cell.value is None and formula.data_type == "f":
                    raise UserError(
                        f"{path}: {title}!{formula.coordinate} is a formula without a value: open "
                        "the workbook in Excel and save it"
                    )


def _header(path: Path, title: str, cells: Sequence[Any]) -> list[str]:
    names = [(_text(path, title, cell) or "").strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise UserError(f"{path}: row 1 of sheet {title!r} is empty: it must hold the column names")
    check_names(path, names, " (are cells of row 1 merged, or is it a title above the header?)")
    return names


def _rows(path: Path, worksheet: Any, rows: Iterator[Any], width: int) -> Iterator[Row]:
    title, empty = worksheet.title, 0
    with contextlib.closing(worksheet.parent), _readable(path):
        for number, cells in enumerate(rows, start=2):
            texts = [_text(path, title, cell) for cell in cells]
            if not any(text is not None for text in texts):
                empty = empty or number
                continue
            if empty:
                raise UserError(f"{path}: row {empty} of sheet {title!r} is empty: delete it")
            for cell, text in zip(cells[width:], texts[width:], strict=True):
                if text is not None:
                    raise UserError(
                        f"{path}: {title}!{cell.coordinate} holds {text!r}, but the header ends "
                        "before it: name its column or delete the cell"
                    )
            yield [*texts[:width], *[None] * (width - len(texts))]


def _text(path: Path, title: str, cell: Any) -> str | None:
    value = cell.value
    if cell.data_type == "e":
        raise UserError(
            f"{path}: {title}!{cell.coordinate} is the error {value}: mend the formula, or empty "
            "the cell"
        )
    match value:
        case None | "":
            return None
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < MAX_WHOLE else repr(value)
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.datetime():
            return value.isoformat(sep=" ")
        case datetime.timedelta():
            return _duration(value)
    return str(value)


def _duration(value: datetime.timedelta) -> str:
    """Hours, minutes and seconds, as the cell shows them."""
    seconds = round(value.total_seconds())
    sign, seconds = "-" if seconds < 0 else "", abs(seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
