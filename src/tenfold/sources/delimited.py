"""Read CSV and TSV: every cell as the text it is, every record with its line.

DuckDB reads a sound file, in which every line is a record. Any other is read record by record.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
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
from tenfold.sources import parsing, sql
from tenfold.sources.columns import CONTENT, REASON, Kind, check_names, is_number
from tenfold.sources.parsing import Plain
from tenfold.sources.parts import Part
from tenfold.sources.repairing import Record, records
from tenfold.sources.scanning import Scan, lines, recurs, scan
from tenfold.sources.sql import text
from tenfold.sources.unpacking import plain

DELIMITERS = (",", ";", "\t", "|")
BATCH = 50_000
# Bytes that DuckDB reads at once; by default sixteen times what the longest line may have.
BUFFER = 32_000_000


@dataclass(frozen=True)
class _Layout:
    """How a file's text is cut into cells."""

    path: Path
    delimiter: str
    quote: str | None
    header: list[str]
    header_lines: int
    seen: Scan

    @property
    def rows(self) -> int:
        """How many lines lie behind the header, empty ones at the end aside."""
        return self.seen.lines - self.header_lines

    @property
    def plain(self) -> Plain | None:
        """The file, if it may be parsed at once."""
        odd = self.seen.longest > parsing.LONGEST or self.delimiter not in DELIMITERS
        if self.quote or odd or not self.seen.feeds:
            return None
        return Plain(
            self.path,
            self.header,
            self.delimiter,
            self.header_lines,
            self.rows,
            self.seen.longest,
        )

    def repeats(self) -> bool:
        """Whether the header stands there again, as where files were put together."""
        return self.header_lines == 1 and recurs(self.path)


def read(path: Path, data: Data, scratch: Path, *, careful: bool) -> Part:
    """The rows of one file, in the declared layout or the likeliest.

    Args:
        path: the file.
        data: what is declared about it.
        scratch: a folder for what must be unpacked or repaired.
        careful: read record by record, and keep what is no record.

    Raises:
        UserError: if it is no text, or has no header that names columns.
    """
    readable, done = plain(path, data.encoding, scratch)
    layout = _layout(path, readable, data)
    done += _oddities(path, layout)
    kinds: dict[str, Kind] = dict.fromkeys(layout.header, "text")
    if not (careful or layout.seen.zeros):
        return Part(
            str(path),
            _select(layout),
            kinds,
            "line",
            layout.seen.lines,
            layout.rows,
            done=tuple(done),
            first=layout.header_lines + 1,
            plain=layout.plain,
            repeats=layout.repeats,
            pick=partial(_pick, layout, scratch) if layout.seen.feeds else None,
        )
    good, bad = scratch / f"{readable.name}.rows.parquet", scratch / f"{readable.name}.odd.parquet"
    _repair(layout, good, bad)
    select, malformed = (f"FROM {sql.rows_of(file)}" for file in (good, bad))
    if layout.seen.mixed:
        done.append(f"{path} has more than one kind of line end")
    last = layout.seen.lines
    return Part(str(path), select, kinds, "line", last, malformed=malformed, done=tuple(done))


def _layout(path: Path, readable: Path, data: Data) -> _Layout:
    seen = scan(path, readable, data.quote)
    delimiter = data.delimiter or _delimiter(path, readable)
    quote = None if data.quote == "none" or not seen.quoted else data.quote
    if data.header:
        header, header_lines = _header(path, readable, delimiter, data)
    else:
        header, header_lines = _numbered(readable, delimiter, data), 0
    return _Layout(readable, delimiter, quote, header, header_lines, seen)


def _oddities(path: Path, layout: _Layout) -> list[str]:
    """What is odd about the header and the first rows and yet has one meaning, in words."""
    with _open(layout.path) as file:
        quoting: dict[str, Any] = {"quotechar": layout.quote} if layout.quote else {"quoting": 3}
        found = csv.reader(file, delimiter=layout.delimiter, **quoting)
        try:
            first = list(islice(found, 100))
        except csv.Error:
            return []
    odd = []
    padded = [cell for cell in first[0] if cell != cell.strip()] if layout.header_lines else []
    if padded:
        odd.append(f"{path}: {len(padded)} names are read without the white space around them")
    if any(len(cells) == len(layout.header) + 1 and not cells[-1] for cells in first[1:]):
        odd.append(f"{path}: rows end in a delimiter, which is taken for nothing")
    return odd


def _delimiter(path: Path, readable: Path) -> str:
    """The delimiter that gives the first records the most equal cells."""
    if path.suffix.lower() == ".tsv" or ".tsv." in path.name.lower():
        return "\t"

    def fit(delimiter: str) -> tuple[bool, int]:
        with _open(readable) as file:
            try:
                found = list(islice(csv.reader(file, delimiter=delimiter), 100))
            except csv.Error:
                return False, 0
        widths = {len(cells) for cells in found if cells}
        width = len(found[0]) if found else 0
        return len(widths) == 1 and width > 1, width

    return max(DELIMITERS, key=fit)


def _open(path: Path) -> Any:
    csv.field_size_limit(sys.maxsize)
    return path.open(encoding="utf-8-sig", newline="")


def _first(path: Path, readable: Path, delimiter: str, quote: str) -> tuple[list[str], int]:
    """The cells of the first record, without spaces around them, and how many lines it takes."""
    quoting: dict[str, Any] = {"quotechar": quote} if quote != "none" else {"quoting": 3}
    with _open(readable) as file:
        reader = csv.reader(
            file, delimiter=delimiter, strict=True, skipinitialspace=True, **quoting
        )
        try:
            return [cell.strip() for cell in next(reader, [])], reader.line_num
        except csv.Error as error:
            raise UserError(
                f"{path}: the header cannot be read: {error}: close its quotes, or set data.quote"
            ) from None


def _header(path: Path, readable: Path, delimiter: str, data: Data) -> tuple[list[str], int]:
    """The column names, and how many lines they take."""
    header, n_lines = _first(path, readable, delimiter, data.quote)
    if not any(header):
        raise UserError(f"{path}: line 1 is empty: it must hold the column names")
    if data.columns:
        header = _declared(path, data.columns, len(header))
    headless = (
        " (is the header line missing? then set data.header: false)"
        if any(map(is_number, header))
        else ""
    )
    check_names(path, header, headless)
    return header, n_lines


def _numbered(readable: Path, delimiter: str, data: Data) -> list[str]:
    """The declared names of a file without a header, or column_1, column_2, ..."""
    width = len(_first(readable, readable, delimiter, data.quote)[0])
    if data.columns:
        return _declared(readable, data.columns, width)
    return [f"column_{number}" for number in range(1, width + 1)]


def _declared(path: Path, columns: list[str], width: int) -> list[str]:
    if len(columns) != width:
        raise UserError(
            f"data.columns names {len(columns)} columns, but {path} has {width}: name every one"
        )
    check_names(path, columns)
    return columns


def _select(layout: _Layout) -> str:
    """The rows as DuckDB reads them.

    Where nobody asks for `ROW`, DuckDB does not count and reads with all cores.
    """
    behind = layout.header_lines
    rows = _rows(layout, layout.path, header=behind > 0)
    return f"SELECT {behind} + row_number() OVER () AS {ROW}, * FROM {rows}"


def _pick(layout: _Layout, scratch: Path, numbers: NDArray[np.int64]) -> str:
    """The rows of some lines, without parsing the others."""
    picked, places = scratch / "picked.csv", scratch / "picked.parquet"
    with picked.open("wb") as file:
        file.writelines(lines(layout.path, numbers))
    pq.write_table(pa.table({ROW: numbers}), places)
    rows = _rows(layout, picked, header=False)
    return f"FROM {sql.rows_of(places)} POSITIONAL JOIN {rows}"


def _rows(layout: _Layout, path: Path, *, header: bool) -> str:
    """A file in this layout; every option is set, so that DuckDB's sniffer decides nothing."""
    types = ", ".join(f"{text(column)}: 'VARCHAR'" for column in layout.header)
    not_null = ", ".join(map(text, layout.header))
    quote, longest = text(layout.quote or ""), layout.seen.longest
    return f"""read_csv({sql.file(path)},
        auto_detect = false, columns = {{{types}}}, force_not_null = [{not_null}],
        header = {str(header).lower()}, delim = {text(layout.delimiter)},
        quote = {quote}, escape = {quote}, comment = '', nullstr = '', strict_mode = true,
        null_padding = false, ignore_errors = false, hive_partitioning = false,
        max_line_size = {longest}, buffer_size = {max(BUFFER, longest)})"""


# Chapter: files that are not sound


def _repair(layout: _Layout, good: Path, bad: Path) -> None:
    """Write the records of a file, and what is none, as two Parquet files."""
    rows = pa.schema([(ROW, pa.int64()), *((column, pa.string()) for column in layout.header)])
    odd = pa.schema([(ROW, pa.int64()), (REASON, pa.string()), (CONTENT, pa.string())])
    with (
        _open(layout.path) as file,
        pq.ParquetWriter(good, rows) as kept,
        pq.ParquetWriter(bad, odd) as left,
    ):
        # The columns may be declared to have other names.
        own, _ = _first(layout.path, layout.path, layout.delimiter, layout.quote or "none")
        header = own if layout.repeats() else None
        found = records(file, layout.delimiter, layout.quote, len(layout.header), header)
        for batch in _batches(_behind_header(found, layout.header_lines)):
            sound = [record for record in batch if record.reason is None]
            cells = list(zip(*(record.cells for record in sound), strict=True))
            columns = cells or [()] * len(layout.header)
            lines = [record.line for record in sound]
            kept.write_table(pa.table([pa.array(lines, pa.int64()), *columns], schema=rows))
            left.write_table(_odd([record for record in batch if record.reason], odd))


def _odd(found: Sequence[Record], schema: pa.Schema) -> pa.Table:
    return pa.table(
        [
            pa.array([record.line for record in found], pa.int64()),
            pa.array([f"malformed: {record.reason}" for record in found], pa.string()),
            pa.array([record.cells[0] for record in found], pa.string()),
        ],
        schema=schema,
    )


def _behind_header(found: Iterator[Record], header_lines: int) -> Iterator[Record]:
    return (record for record in found if record.line > header_lines)


def _batches(found: Iterator[Record]) -> Iterator[list[Record]]:
    while batch := list(islice(found, BATCH)):
        yield batch
