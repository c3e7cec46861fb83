"""Read CSV and TSV: every cell as the text it is, every record with its line.

DuckDB reads the records; the standard library finds the header before it and, where the records
do not add up to the lines, the line that is wrong.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from tenfold.dataset import ROW
from tenfold.runtime import Refused
from tenfold.sources import sql
from tenfold.sources.columns import Kind, check_names
from tenfold.sources.scanning import scan
from tenfold.sources.sql import RAW, name, text

DELIMITERS = (",", ";", "\t", "|")


def read(connection: Any, path: Path, declared: str | None) -> dict[str, Kind]:
    """Make table `RAW` of a CSV, with the `declared` delimiter or the likeliest.

    Raises:
        Refused: naming the line that is no record of the table.
    """
    seen = scan(path)
    delimiter = _delimiter(path, declared)
    header, header_lines = _header(path, delimiter)
    try:
        connection.execute(_table(path, delimiter, header, header_lines, seen.quoted))
    except duckdb.Error as error:
        cause = _malformed(path, delimiter, len(header)) or sql.first_line(error)
        raise Refused(f"{path}: {cause}") from None
    if _last_line(connection, header, header_lines) != seen.lines:
        problem = _malformed(path, delimiter, len(header))
        if problem is None:
            raise RuntimeError(f"{path}: the records do not add up to its {seen.lines} lines")
        raise Refused(f"{path}: {problem}")
    return dict.fromkeys(header, "text")


def _delimiter(path: Path, declared: str | None) -> str:
    """The declared delimiter, or the one that gives the first records the most equal cells."""
    if declared is not None:
        if declared in '"\r\n':
            raise Refused(f"data.delimiter must not be a quote or a line end, but got {declared!r}")
        return declared
    if path.suffix.lower() == ".tsv":
        return "\t"

    def fit(delimiter: str) -> tuple[bool, int]:
        with _open(path) as file:
            try:
                records = list(islice(csv.reader(file, delimiter=delimiter), 100))
            except csv.Error:
                return False, 0
        widths = {len(cells) for cells in records if cells}
        width = len(records[0]) if records else 0
        return len(widths) == 1 and width > 1, width

    return max(DELIMITERS, key=fit)


def _open(path: Path) -> Any:
    csv.field_size_limit(sys.maxsize)
    return path.open(encoding="utf-8-sig", newline="")


def _header(path: Path, delimiter: str) -> tuple[list[str], int]:
    """The column names, without spaces around them, and how many lines they take."""
    with _open(path) as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True, skipinitialspace=True)
        try:
            header = [column.strip() for column in next(reader, [])]
        except csv.Error as error:
            raise Refused(f"{path}: the header cannot be read: {error}") from None
    if not any(header):
        raise Refused(f"{path}: line 1 is empty: it must hold the column names")
    headless = " (is the header line missing?)" if any(map(_is_number, header)) else ""
    check_names(path, header, headless)
    return header, reader.line_num


def _is_number(column: str) -> bool:
    try:
        float(column)
    except ValueError:
        return False
    return True


def _table(path: Path, delimiter: str, header: list[str], header_lines: int, quoted: bool) -> str:
    """SQL that reads a CSV with every option pinned, so that DuckDB's sniffer decides nothing."""
    types = ", ".join(f"{text(column)}: 'VARCHAR'" for column in header)
    not_null = ", ".join(map(text, header))
    # Line ends inside quotes are the only reason why a record and the next are not one line apart;
    # they also mislead DuckDB's parallel reader, which starts in the middle of the file.
    extra = _ends_within(header) if quoted else "0"
    return f"""
        CREATE TEMP TABLE {RAW} AS
        SELECT ({header_lines} + record - extra + sum(extra) OVER (
                   ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))::BIGINT AS {ROW},
               {", ".join(map(name, header))}
        FROM (
            SELECT row_number() OVER () AS record, {extra} AS extra, *
            FROM read_csv({sql.file(path)},
                auto_detect = false, columns = {{{types}}}, force_not_null = [{not_null}],
                header = true, delim = {text(delimiter)}, quote = '"', escape = '"',
                comment = '', nullstr = '', strict_mode = true, null_padding = false,
                ignore_errors = false, hive_partitioning = false, max_line_size = 100000000,
                parallel = {str(not quoted).lower()})
        )"""


def _ends_within(columns: Sequence[str]) -> str:
    """SQL that counts the line ends inside a record's cells."""
    cells = f"concat_ws('|', {', '.join(map(name, columns))})"
    return f"len(regexp_extract_all({cells}, '\\r\\n?|\\n'))"


def _last_line(connection: Any, header: Sequence[str], header_lines: int) -> int:
    """Where the records end: DuckDB skips empty lines and an unclosed quote in silence."""
    found = connection.execute(
        f"SELECT {ROW} + {_ends_within(header)} FROM {RAW} ORDER BY {ROW} DESC LIMIT 1"
    ).fetchall()
    return int(found[0][0]) if found else header_lines


def _malformed(path: Path, delimiter: str, width: int) -> str | None:
    """The first line that is no record of the table, found by a second, slower reader."""
    line, empty = 1, None
    with _open(path) as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                if not cells:
                    empty = empty or line
                elif empty:
                    return f"line {empty} is empty: delete it"
                elif len(cells) != width:
                    return (
                        f"line {line} has {len(cells)} cells, but the header has {width}: mend it"
                    )
                line = reader.line_num + 1
        except csv.Error as error:
            return f"the record that begins in line {line} is malformed ({error}): mend its quotes"
        ends = file.newlines
    if isinstance(ends, tuple):
        return "line ends are mixed: save the file with one kind of line end"
    return None
