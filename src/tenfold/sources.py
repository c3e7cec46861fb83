"""Read a table into DuckDB: CSV, TSV, Parquet or JSON, every record with its line in the source.

Nothing is guessed that could misread a value: text formats arrive as text, and a file whose
lines do not add up to its records is refused.
"""

from __future__ import annotations

import codecs
import csv
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import duckdb

from tenfold import runtime
from tenfold.dataset import FOLD, ROW
from tenfold.params import Data, nearest
from tenfold.runtime import Refused

REASON = "tenfold_reason"
RESERVED = (ROW, FOLD, REASON)
RAW = "raw"

Kind = Literal["integer", "double", "text"]

DELIMITERS = (",", ";", "\t", "|")
NEWLINES = b"\r\n"
CHUNK = 1 << 20

INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
INTEGERS |= {f"U{name}" for name in INTEGERS}
NOT_CELLS = ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "VARIANT", "GEOMETRY")


@dataclass(frozen=True)
class Source:
    """A table in DuckDB: table `RAW` holds `ROW` and the columns exactly as the file has them.

    A column is text unless the file itself says that it is numeric (Parquet).
    """

    connection: Any
    columns: dict[str, Kind]
    unit: Literal["line", "record"]


def read(data: Data) -> Source:
    """Read the file at `data.path`, by its ending.

    Raises:
        Refused: if there is no such file, or it cannot be read as one plain table.
    """
    path = Path(data.path)
    ending = path.suffix.lower()
    if ending not in READERS:
        raise Refused(f"data.path: unknown ending {ending!r} of {path}; {nearest(ending, READERS)}")
    _check_file(path)
    if data.delimiter is not None and ending not in (".csv", ".tsv"):
        raise Refused(f"data.delimiter is for CSV, but data.path is {path}: remove data.delimiter")
    try:
        return READERS[ending](path, data.delimiter)
    except duckdb.Error as error:
        raise Refused(f"{path} cannot be read: {first_line(error)}") from None


def connect() -> Any:
    """An in-memory DuckDB that spills to scratch, fetches no extension and knows no time zone."""
    spill = (runtime.SCRATCH / "duckdb").resolve()
    spill.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(spill / str(os.getpid())),
        }
    )
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def seal(connection: Any, out: Path) -> None:
    """From here on the connection reaches no file outside `out`, and this cannot be undone."""
    connection.execute(f"SET allowed_directories = [{text(str(out.resolve()))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def name(identifier: str) -> str:
    """A column's name as SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def first_line(error: Exception) -> str:
    """DuckDB's message without its kind and its drawing of the query."""
    line = str(error).strip().splitlines()[0]
    return line.split(" Error: ", 1)[-1]


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise Refused(f"data.path must be a file, but {path} is a folder: name a file in it")
    if not path.is_file():
        neighbours = path.parent.iterdir() if path.parent.is_dir() else ()
        known = [file.name for file in neighbours if file.suffix.lower() in READERS]
        hint = f"; in {path.parent}: {nearest(path.name, known)}" if known else ""
        raise Refused(f"data.path: there is no file {path}{hint}")
    if path.stat().st_size == 0:
        raise Refused(f"data.path: {path} is empty: it needs a header and rows")


def _check_names(path: Path, names: Sequence[str], cure: str = "") -> None:
    """Column names must be present, unique (DuckDB ignores case) and not tenfold's own."""
    for position, column in enumerate(names, start=1):
        if not column:
            raise Refused(f"{path}: column {position} has no name: name every column{cure}")
        if column.lower() in RESERVED:
            raise Refused(f"{path}: column {column!r} has a name tenfold uses itself: rename it")
    for column, count in Counter(names).items():
        if count > 1:
            raise Refused(f"{path}: {count} columns are named {column!r}: rename one{cure}")
    spelling: dict[str, str] = {}
    for column in names:
        other = spelling.setdefault(column.lower(), column)
        if other != column:
            raise Refused(f"{path}: {other!r} and {column!r} differ only in case: rename one")


def _check_rows(path: Path, connection: Any) -> None:
    if not connection.execute(f"SELECT 1 FROM {RAW} LIMIT 1").fetchall():
        raise Refused(f"data.path: {path} has no rows: it needs at least one")


def _literal_path(path: Path) -> str:
    """DuckDB reads `*?[` in a path as a pattern; a bracket around each makes it plain."""
    return text("".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path)))


# Chapter: CSV


@dataclass(frozen=True)
class _Bytes:
    """What a CSV's bytes say without parsing it."""

    lines: int
    quoted: bool


def _read_csv(path: Path, declared: str | None) -> Source:
    seen = _scan(path)
    delimiter = _delimiter(path, declared)
    header, header_lines = _header(path, delimiter)
    connection = connect()
    try:
        connection.execute(_csv_table(path, delimiter, header, header_lines, seen))
    except duckdb.Error as error:
        cause = _malformed(path, delimiter, len(header)) or first_line(error)
        raise Refused(f"{path}: {cause}") from None
    if _last_line(connection, header, header_lines) != seen.lines:
        problem = _malformed(path, delimiter, len(header))
        if problem is None:
            raise RuntimeError(f"{path}: the records do not add up to its {seen.lines} lines")
        raise Refused(f"{path}: {problem}")
    _check_rows(path, connection)
    return Source(connection, dict.fromkeys(header, "text"), "line")


def _scan(path: Path) -> _Bytes:
    """Count physical lines, empty ones at the end aside, and check that the bytes are text.

    Raises:
        Refused: with the line of the first byte that is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, tail, quoted, anything = 0, b"", False, False
    for chunk in _chunks(path):
        try:
            decoded = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            line = lines + _line_ends(tail) + _line_ends(error.object[: error.start]) + 1
            raise Refused(
                f"{path}: line {line} is not UTF-8 text (byte 0x{error.object[error.start]:02x}): "
                "save the file as UTF-8"
            ) from None
        if "\0" in decoded:
            raise Refused(f"{path} holds zero bytes, so it is not UTF-8 text: save it as UTF-8 CSV")
        quoted = quoted or b'"' in chunk
        content = chunk.rstrip(NEWLINES)
        if content:
            lines += _line_ends(tail) + _line_ends(content)
            tail, anything = chunk[len(content) :], True
        else:
            tail += chunk
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Refused(f"{path} ends inside a UTF-8 character: is it cut off?") from None
    return _Bytes(lines + anything, quoted)


def _chunks(path: Path) -> Iterator[bytes]:
    """The file in pieces that never part a carriage return from its line feed."""
    with path.open("rb") as file:
        held = b""
        while chunk := file.read(CHUNK):
            chunk = held + chunk
            held = b"\r" if chunk.endswith(b"\r") else b""
            yield chunk[: len(chunk) - len(held)]
        yield held


def _line_ends(content: bytes) -> int:
    return content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")


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
        _check_names(path, header, headless)
        if len(header) == 1:
            raise Refused(
                f"{path} has one column, {header[0]!r}, with delimiter {delimiter!r}, but a table "
                "needs a target and a feature: if the delimiter is another, set data.delimiter"
            )
        return header, reader.line_num


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _csv_table(
    path: Path, delimiter: str, header: list[str], header_lines: int, seen: _Bytes
) -> str:
    """SQL that reads a CSV with every option pinned, so that DuckDB's sniffer decides nothing."""
    types = ", ".join(f"{text(column)}: 'VARCHAR'" for column in header)
    not_null = ", ".join(map(text, header))
    # Line ends inside quotes are the only reason why a record and the next are not one line apart;
    # they also mislead DuckDB's parallel reader, which starts in the middle of the file.
    extra = _ends_within(header) if seen.quoted else "0"
    return f"""
        CREATE TEMP TABLE {RAW} AS
        SELECT ({header_lines} + record - extra + sum(extra) OVER (
                   ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))::BIGINT AS {ROW},
               {", ".join(map(name, header))}
        FROM (
            SELECT row_number() OVER () AS record, {extra} AS extra, *
            FROM read_csv({_literal_path(path)},
                auto_detect = false, columns = {{{types}}}, force_not_null = [{not_null}],
                header = true, delim = {text(delimiter)}, quote = '"', escape = '"',
                comment = '', nullstr = '', strict_mode = true, null_padding = false,
                ignore_errors = false, hive_partitioning = false, max_line_size = 100000000,
                parallel = {str(not seen.quoted).lower()})
        )"""


def _ends_within(columns: Sequence[str]) -> str:
    """SQL that counts the line ends inside a record's cells."""
    cells = f"concat_ws('|', {', '.join(map(name, columns))})"
    ends = f"regexp_replace({cells}, '[^\\r\\n]+', '|', 'g')"
    return f"length(replace(replace({ends}, chr(13) || chr(10), chr(10)), '|', ''))"


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


# Chapter: Parquet


def _read_parquet(path: Path, _: str | None) -> Source:
    connection = connect()
    reader = f"read_parquet({_literal_path(path)}, hive_partitioning = false)"
    schema = connection.execute(
        f"SELECT name, num_children FROM parquet_schema({_literal_path(path)})"
    ).fetchall()
    _check_names(path, _top_level(schema))
    described = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()
    columns = {str(row[0]): _kind(path, str(row[0]), str(row[1])) for row in described}
    sql_types = {"integer": "HUGEINT", "double": "DOUBLE", "text": "VARCHAR"}
    cells = [f"{name(key)}::{sql_types[kind]} AS {name(key)}" for key, kind in columns.items()]
    connection.execute(
        f"CREATE TEMP TABLE {RAW} AS SELECT row_number() OVER () AS {ROW}, {', '.join(cells)} "
        f"FROM {reader}"
    )
    _check_rows(path, connection)
    return Source(connection, columns, "record")


def _top_level(schema: list[tuple[str, int | None]]) -> list[str]:
    """The columns' own names from a depth-first listing: DuckDB renames duplicates."""
    names, rest = [], iter(schema[1:])

    def skip(children: int) -> None:
        for _ in range(children):
            skip(next(rest)[1] or 0)

    for column, children in rest:
        names.append(column)
        skip(children or 0)
    return names


def _kind(path: Path, column: str, sql_type: str) -> Kind:
    if sql_type.endswith("]") or sql_type.startswith(NOT_CELLS):
        raise Refused(
            f"{path}: column {column!r} holds {sql_type}, not single values: flatten or remove it"
        )
    if sql_type in INTEGERS:
        return "integer"
    if sql_type in ("FLOAT", "DOUBLE") or sql_type.startswith("DECIMAL"):
        return "double"
    return "text"


# Chapter: JSON


def _read_json(path: Path, _: str | None) -> Source:
    _scan(path)
    _check_brackets(path)
    form = "auto" if path.suffix.lower() == ".json" else "newline_delimited"
    connection = connect()
    connection.execute(
        f"CREATE TEMP TABLE records AS SELECT row_number() OVER () AS {ROW}, json "
        f"FROM read_json_objects({_literal_path(path)}, format = {text(form)})"
    )
    _check_records(path, connection)
    columns = _json_columns(path, connection)
    cells = [f"json_extract_string(json, {_pointer(key)}) AS {name(key)}" for key in columns]
    connection.execute(
        f"CREATE TEMP TABLE {RAW} AS SELECT {ROW}, {', '.join(cells)} FROM records ORDER BY {ROW}"
    )
    connection.execute("DROP TABLE records")
    return Source(connection, dict.fromkeys(columns, "text"), "record")


def _check_brackets(path: Path) -> None:
    """DuckDB reads an array without its end as if it were whole."""
    with path.open("rb") as file:
        start = file.read(1024).lstrip()
        file.seek(-min(1024, path.stat().st_size), os.SEEK_END)
        end = file.read().rstrip()
    if start.startswith(codecs.BOM_UTF8):
        raise Refused(f"{path} begins with a byte order mark: save it as UTF-8 without one")
    if start.startswith(b"[") and not end.endswith(b"]"):
        raise Refused(f"{path} begins with '[' but does not end with ']': is it cut off?")


def _check_records(path: Path, connection: Any) -> None:
    if not connection.execute("SELECT 1 FROM records LIMIT 1").fetchall():
        raise Refused(f"data.path: {path} has no rows: it needs at least one")
    odd = connection.execute(
        f"SELECT {ROW}, json_type(json) FROM records WHERE json_type(json) IS DISTINCT FROM "
        f"'OBJECT' ORDER BY {ROW} LIMIT 1"
    ).fetchall()
    if odd:
        raise Refused(f"{path}: record {odd[0][0]} must be an object, but is {odd[0][1]}: mend it")
    twice = connection.execute(
        f"SELECT {ROW} FROM records WHERE len(json_keys(json)) <> "
        f"len(list_distinct(json_keys(json))) ORDER BY {ROW} LIMIT 1"
    ).fetchall()
    if twice:
        raise Refused(f"{path}: record {twice[0][0]} holds a key twice: remove one")


def _json_columns(path: Path, connection: Any) -> list[str]:
    """Every key of any record, in the order of appearance."""
    columns = [
        str(row[0])
        for row in connection.execute(
            f"SELECT key FROM (SELECT {ROW}, unnest(json_keys(json)) AS key, "
            f"generate_subscripts(json_keys(json), 1) AS place FROM records) "
            f"GROUP BY key ORDER BY min(({ROW}, place))"
        ).fetchall()
    ]
    _check_names(path, columns)
    for column in columns:
        nested = connection.execute(
            f"SELECT {ROW} FROM records WHERE json_type(json, {_pointer(column)}) "
            f"IN ('OBJECT', 'ARRAY') ORDER BY {ROW} LIMIT 1"
        ).fetchall()
        if nested:
            raise Refused(
                f"{path}: column {column!r} holds a nested value in record {nested[0][0]}: "
                "flatten or remove it"
            )
    return columns


def _pointer(key: str) -> str:
    """A key as a JSON pointer (RFC 6901)."""
    return text("/" + key.replace("~", "~0").replace("/", "~1"))


READERS = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
    ".json": _read_json,
    ".jsonl": _read_json,
    ".ndjson": _read_json,
}
