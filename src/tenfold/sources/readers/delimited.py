"""Read CSV and TSV: every cell as the text it is, every record with its line.

DuckDB reads a sound file, in which every line is a record; any other is read record by record.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenfold.dataset import ROW
from tenfold.params import Data
from tenfold.runtime import UserError
from tenfold.sources import sql, typed_csv
from tenfold.sources.column_kinds import Kind, is_number
from tenfold.sources.column_names import (
    CONTENT,
    MAX_LENGTH,
    REASON,
    check_names,
    name_outer_columns,
    numbered,
)
from tenfold.sources.decoding import as_utf8
from tenfold.sources.file_rows import FileRows, FileToRead
from tenfold.sources.readers.record_by_record import Record, records
from tenfold.sources.scanning import Scan, lines, recurs, scan
from tenfold.sources.sql import text
from tenfold.sources.typed_csv import PlainCsv

DELIMITERS = (",", ";", "\t", "|")
# Records from which the delimiter is guessed, and in which oddities are looked for.
N_FIRST = 100
BATCH_RECORDS = 50_000
# The first line that Excel reads as the delimiter.
NAMED_DELIMITER = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
# Bytes that DuckDB reads at once; by default it takes sixteen times the longest line allowed.
BUFFER = 32_000_000


@dataclass(frozen=True)
class _Layout:
    """How a file's text is cut into cells.

    Attributes:
        shown: the path that messages name.
        path: the file itself, or its text as UTF-8.
        header: the columns' names.
        skipped: lines before the header: a title, or one that names the delimiter.
        first_row: lines before the first row.
    """

    shown: Path
    path: Path
    delimiter: str
    quote: str | None
    header: list[str]
    skipped: int
    first_row: int
    scan: Scan
    notes: list[str]

    @property
    def has_header(self) -> bool:
        """Whether a record names the columns."""
        return self.first_row > self.skipped

    @property
    def n_rows(self) -> int:
        """How many lines follow the header, empty ones at the end aside."""
        return self.scan.lines - self.first_row

    @property
    def plain(self) -> PlainCsv | None:
        """The file, if Arrow may parse it."""
        unfit = self.scan.longest > typed_csv.MAX_LINE or self.delimiter not in DELIMITERS
        if self.quote or unfit or not self.scan.feeds:
            return None
        return PlainCsv(
            self.path,
            self.header,
            self.delimiter,
            self.first_row,
            self.n_rows,
            self.scan.longest,
        )

    def repeats(self) -> bool:
        """Whether the header occurs again, as it does in concatenated files."""
        return self.first_row - self.skipped == 1 and recurs(self.path, self.skipped)


def read(file: FileToRead) -> FileRows:
    """The rows of one file, in the declared layout or the likeliest.

    Raises:
        UserError: if the file is no text, or has no header that names columns.
    """
    readable, notes = as_utf8(file.path, file.data.encoding, file.scratch)
    layout = _layout(file.path, readable, file.data)
    notes += [*layout.notes, *_unusual(layout)]
    kinds: dict[str, Kind] = dict.fromkeys(layout.header, "text")
    if not (file.careful or layout.scan.zeros):
        return FileRows(
            str(file.path),
            _select(layout),
            kinds,
            "line",
            layout.scan.lines,
            layout.n_rows,
            first=layout.first_row + 1,
            plain=layout.plain,
            repeats=layout.repeats,
            pick=partial(_pick, layout, file.scratch) if layout.scan.feeds else None,
            notes=tuple(notes),
        )
    select, malformed = _read_record_by_record(layout, file.scratch)
    if layout.scan.mixed:
        notes.append(f"{file.path} has more than one kind of line end")
    return FileRows(
        str(file.path),
        select,
        kinds,
        "line",
        layout.scan.lines,
        malformed=malformed,
        notes=tuple(notes),
    )


def lines_above_header(file: FileToRead, column: str, n_records: int) -> int:
    """How many lines stand above the record, among the first, that names a column; 0 if none does.

    Raises:
        UserError: if the file is no text.
    """
    readable, _ = as_utf8(file.path, file.data.encoding, file.scratch)
    scan(file.path, readable)
    places = [_lines_above(readable, column, n_records, delimiter) for delimiter in DELIMITERS]
    return min((place for place in places if place is not None), default=0)


def _lines_above(path: Path, column: str, n_records: int, delimiter: str) -> int | None:
    above = 0
    with _open(path) as file:
        found = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
        try:
            for cells in islice(found, n_records):
                if column in (cell.strip() for cell in cells):
                    return above
                above = found.line_num
        except csv.Error:
            pass
    return None


# Chapter: the layout


def _layout(shown: Path, path: Path, data: Data) -> _Layout:
    found = scan(shown, path, data.quote)
    named = _named_delimiter(path)
    skipped = data.skip_lines or (1 if named else 0)
    delimiter = data.delimiter or named or _guess_delimiter(shown, path, skipped)
    quote = None if data.quote == "none" or not found.quoted else data.quote
    place = shown if data.header else path
    own, n_lines = _first_record(place, path, skipped, delimiter, data.quote)
    header, notes = _column_names(place, own, data)
    if named:
        notes.insert(0, f"{shown}: line 1 says that {named!r} is the delimiter")
    first_row = skipped + (n_lines if data.header else 0)
    return _Layout(shown, path, delimiter, quote, header, skipped, first_row, found, notes)


def _named_delimiter(path: Path) -> str | None:
    """The delimiter that the first line names, as in `sep=;`."""
    with _open(path) as file:
        found = NAMED_DELIMITER.fullmatch(file.readline(MAX_LENGTH))
    return found[1] if found else None


def _guess_delimiter(shown: Path, path: Path, skipped: int) -> str:
    """The delimiter that cuts the first records into the most cells, all into equally many."""
    if shown.suffix.lower() == ".tsv" or ".tsv." in shown.name.lower():
        return "\t"

    def fit(delimiter: str) -> tuple[bool, int]:
        with _open(path, skipped) as file:
            try:
                found = list(islice(csv.reader(file, delimiter=delimiter), N_FIRST))
            except csv.Error:
                return False, 0
        widths = {len(cells) for cells in found if cells}
        width = len(found[0]) if found else 0
        return len(widths) == 1 and width > 1, width

    return max(DELIMITERS, key=fit)


def _first_record(
    shown: Path, path: Path, skipped: int, delimiter: str, quote: str | None
) -> tuple[list[str], int]:
    """The cells of the first record, without spaces around them, and how many lines it takes."""
    with _open(path, skipped) as file:
        reader = csv.reader(
            file, delimiter=delimiter, strict=True, skipinitialspace=True, **_quoting(quote)
        )
        try:
            return [cell.strip() for cell in next(reader, [])], reader.line_num
        except csv.Error as error:
            raise UserError(
                f"{shown}: the header cannot be read: {error}: close its quotes, or set data.quote"
            ) from None


def _column_names(shown: Path, first: list[str], data: Data) -> tuple[list[str], list[str]]:
    """The declared names, those of the first record, or column_1, column_2, ...; and notes."""
    if data.header and not any(first):
        raise UserError(
            f"{shown}: line {data.skip_lines + 1} is empty: it must hold the column names (are "
            "they further down? then set data.skip_lines)"
        )
    if data.columns and len(data.columns) != len(first):
        raise UserError(
            f"data.columns names {len(data.columns)} columns, but {shown} has {len(first)}: name "
            "every one"
        )
    if data.columns:
        check_names(shown, data.columns)
    if not data.header:
        return data.columns or [numbered(place) for place in range(1, len(first) + 1)], []
    header, notes = (data.columns, []) if data.columns else name_outer_columns(shown, first)
    missing = " (is the header line missing? then set data.header: false)"
    check_names(shown, header, missing if any(map(is_number, header)) else "")
    return header, notes


def _unusual(layout: _Layout) -> list[str]:
    """What is unusual about the header and the first rows and yet has one meaning, in words."""
    with _open(layout.path, layout.skipped) as file:
        found = csv.reader(file, delimiter=layout.delimiter, **_quoting(layout.quote))
        try:
            first = list(islice(found, N_FIRST))
        except csv.Error:
            return []
    notes = []
    padded = [cell for cell in first[0] if cell != cell.strip()] if layout.has_header else []
    if padded:
        notes.append(
            f"{layout.shown}: {len(padded)} names are read without the white space around them"
        )
    if any(len(cells) == len(layout.header) + 1 and not cells[-1] for cells in first[1:]):
        notes.append(f"{layout.shown}: rows end in a delimiter, which is ignored")
    return notes


def _open(path: Path, skipped: int = 0) -> Any:
    csv.field_size_limit(sys.maxsize)
    file = path.open(encoding="utf-8-sig", newline="")
    for _ in range(skipped):
        file.readline()
    return file


def _quoting(quote: str | None) -> dict[str, Any]:
    return {"quoting": csv.QUOTE_NONE} if quote in (None, "none") else {"quotechar": quote}


# Chapter: sound files, read by DuckDB


def _select(layout: _Layout) -> str:
    """SQL of all rows; where nobody asks for `ROW`, DuckDB need not count, and uses all cores."""
    rows = _read_csv(layout, layout.path, layout.skipped, header=layout.has_header)
    return f"SELECT {layout.first_row} + row_number() OVER () AS {ROW}, * FROM {rows}"


def _pick(layout: _Layout, scratch: Path, numbers: NDArray[np.int64]) -> str:
    """SQL of the rows in some lines; the other lines are not parsed."""
    picked, places = scratch / "picked.csv", scratch / "picked.parquet"
    with picked.open("wb") as file:
        file.writelines(lines(layout.path, numbers))
    pq.write_table(pa.table({ROW: numbers}), places)
    rows = _read_csv(layout, picked, 0, header=False)
    return f"FROM {sql.rows_of(places)} POSITIONAL JOIN {rows}"


def _read_csv(layout: _Layout, path: Path, skipped: int, *, header: bool) -> str:
    """SQL of a file in this layout; with every option set, DuckDB's sniffer decides nothing."""
    types = ", ".join(f"{text(column)}: 'VARCHAR'" for column in layout.header)
    not_null = ", ".join(map(text, layout.header))
    quote, longest = text(layout.quote or ""), layout.scan.longest
    return f"""read_csv({sql.file(path)},
        auto_detect = false, columns = {{{types}}}, force_not_null = [{not_null}],
        skip = {skipped}, header = {str(header).lower()}, delim = {text(layout.delimiter)},
        quote = {quote}, escape = {quote}, comment = '', nullstr = '', strict_mode = true,
        null_padding = false, ignore_errors = false, hive_partitioning = false,
        max_line_size = {longest}, buffer_size = {max(BUFFER, longest)})"""


# Chapter: other files, read record by record


def _read_record_by_record(layout: _Layout, scratch: Path) -> tuple[str, str]:
    """SQL of the rows and of the malformed lines, which are written to two Parquet files."""
    good, bad = (scratch / f"{layout.path.name}.{kind}.parquet" for kind in ("rows", "malformed"))
    rows = pa.schema([(ROW, pa.int64()), *((column, pa.string()) for column in layout.header)])
    malformed = pa.schema([(ROW, pa.int64()), (REASON, pa.string()), (CONTENT, pa.string())])
    with pq.ParquetWriter(good, rows) as kept, pq.ParquetWriter(bad, malformed) as left:
        for batch in _batches(layout):
            sound = [record for record in batch if record.reason is None]
            cells = list(zip(*(record.cells for record in sound), strict=True))
            columns = cells or [()] * len(layout.header)
            kept.write_table(
                pa.table([pa.array([r.line for r in sound], pa.int64()), *columns], schema=rows)
            )
            odd = [
                {ROW: r.line, REASON: f"malformed: {r.reason}", CONTENT: r.cells[0]}
                for r in batch
                if r.reason
            ]
            left.write_table(pa.Table.from_pylist(odd, schema=malformed))
    return f"FROM {sql.rows_of(good)}", f"FROM {sql.rows_of(bad)}"


def _batches(layout: _Layout) -> Iterator[list[Record]]:
    """The records after the header, many at a time."""
    header = None
    if layout.repeats():
        # The names in the file; data.columns may have replaced them.
        header, _ = _first_record(
            layout.shown, layout.path, layout.skipped, layout.delimiter, layout.quote
        )
    with _open(layout.path) as file:
        found = records(file, layout.delimiter, layout.quote, len(layout.header), header)
        rows = (record for record in found if record.line > layout.first_row)
        while batch := list(islice(rows, BATCH_RECORDS)):
            yield batch
