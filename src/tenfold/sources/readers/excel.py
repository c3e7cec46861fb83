"""Read one sheet of an Excel workbook: its first row as the header, every cell as text.

openpyxl, because calamine, ten times as fast, reads a cell that holds an error as empty.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tenfold.runtime import UserError, nearest
from tenfold.sources.column_names import check_names, name_outer_columns
from tenfold.sources.readers.merged_cells import (
    Filler,
    MergedCells,
    check_header,
    holds,
    merged_cells,
)
from tenfold.sources.text_rows import Row, TextRows

# The first bytes of an old .xls, and of a workbook with a password.
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
ZIP = b"PK"
# Excel keeps fifteen digits.
MAX_WHOLE = 10**15
# Rows that are searched for formulas without a value.
MAX_SEARCHED_ROWS = 100
PERCENT = re.compile(r"\s*[-+(]?[\d.,'\s]+%\)?\s*")


def read(path: Path, sheet: str | None, skip_rows: int = 0) -> TextRows:
    """The rows below the header, without blank ones at the end; one sheet need not be named.

    A cell merged with others below it gives each of them its value. A number that is shown as a
    percentage is read as one, `5%`, if its column also has such texts.

    Raises:
        UserError: if the file is no workbook, the sheet is not named, or the first row is no
            header; while the rows are read, naming the cell, if one holds an error, lies outside
            the header's columns, or is a formula that was never computed.
    """
    _check_file(path)
    with _readable(path):
        worksheet = _worksheet(path, _open(path), sheet)
        _check_computed(path, worksheet)
        merged = merged_cells(worksheet)
        header_row = skip_rows + 1
        check_header(f"{path}: {worksheet.title}", merged, header_row)
        percentages = _percentages(worksheet)
        rows = worksheet.iter_rows(min_row=header_row)
        header, notes = _header(path, worksheet.title, header_row, next(rows, ()))
    below = [cells for cells in merged if cells.first_row > header_row]
    if below:
        notes.append(f"{path}: merged cells such as {below[0].place} fill each of their rows")
    sheet_rows = _SheetRows(path, worksheet, header_row + 1, len(header), percentages, below)
    return TextRows(header, sheet_rows.read(rows), ordered=True, notes=notes, has_blanks=True)


def rows_above_header(path: Path, sheet: str | None, column: str, n_rows: int) -> int:
    """How many rows stand above the one, among the first, that names a column; 0 if none does."""
    _check_file(path)
    with _readable(path):
        worksheet = _worksheet(path, _open(path), sheet)
        rows = worksheet.iter_rows(max_row=n_rows, values_only=True)
        names = ([str(value).strip() for value in row] for row in rows)
        return next((place for place, row in enumerate(names) if column in row), 0)


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
        raise UserError(
            f"{path} has {len(titles)} sheets, {titles}: name one as data.sheet (tenfold init: "
            "--sheet)"
        )
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


def _percentages(worksheet: Any) -> set[int]:
    """The places of columns with texts such as `5%`."""
    # A text stands in the sheet itself or in a list beside it.
    if not (any("%" in str(text) for text in worksheet._shared_strings) or holds(worksheet, b"%")):
        return set()
    return {
        place
        for row in worksheet.iter_rows(values_only=True)
        for place, value in enumerate(row)
        if isinstance(value, str) and PERCENT.fullmatch(value)
    }


def _header(path: Path, title: str, row: int, cells: Sequence[Any]) -> tuple[list[str], list[str]]:
    names = [(_text(path, title, cell) or "").strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise UserError(
            f"{path}: row {row} of sheet {title!r} is empty: it must hold the column names (are "
            "they further down? then set data.skip_lines)"
        )
    names, notes = name_outer_columns(path, names)
    cure = " (is it a title above the header? then set data.skip_lines)"
    check_names(path, names, cure)
    return names, notes


@dataclass
class _SheetRows:
    """The rows of a sheet below its header.

    Attributes:
        first: the number of the first of them in the sheet.
        width: how many columns the header names.
        percentages: places of the columns whose numbers may be shown as a percentage.
        merged: cells below the header.
    """

    path: Path
    worksheet: Any
    first: int
    width: int
    percentages: Collection[int]
    merged: Sequence[MergedCells]

    def read(self, rows: Iterator[Any]) -> Iterator[Row]:
        title, width, n_blank = self.worksheet.title, self.width, 0
        filler = Filler(f"{self.path}: {title}", self.merged)
        with contextlib.closing(self.worksheet.parent), _readable(self.path):
            for number, cells in enumerate(rows, start=self.first):
                texts = filler.fill(number, [self._cell(*placed) for placed in enumerate(cells)])
                if not any(text is not None for text in texts):
                    n_blank += 1
                    continue
                yield from [[None] * width] * n_blank
                n_blank = 0
                for cell, text in zip(cells[width:], texts[width:], strict=False):
                    if text is not None:
                        raise UserError(
                            f"{self.path}: {title}!{cell.coordinate} holds {text!r}, but the "
                            "header ends before it: name its column or delete the cell"
                        )
                yield [*texts[:width], *[None] * (width - len(texts))]

    def _cell(self, place: int, cell: Any) -> str | None:
        text = _text(self.path, self.worksheet.title, cell)
        shown = place in self.percentages and cell.data_type == "n"
        if text is None or not shown or "%" not in str(cell.number_format):
            return text
        return f"{(Decimal(text) * 100).normalize():f}%"


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
