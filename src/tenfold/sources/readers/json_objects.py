"""Read JSON: an array of flat objects, or one object per line; every value as its text."""

from __future__ import annotations

import codecs
import os
from pathlib import Path
from typing import Any

from tenfold.dataset import ROW
from tenfold.runtime import UserError
from tenfold.sources import sql
from tenfold.sources.column_names import CONTENT, REASON, check_names
from tenfold.sources.decoding import as_utf8
from tenfold.sources.file_rows import FileRows, FileToRead
from tenfold.sources.scanning import scan
from tenfold.sources.source_files import ending
from tenfold.sources.sql import name, text


def read(file: FileToRead) -> FileRows:
    """The records of a file of objects; its columns are the keys of any of them.

    In JSON lines, a line that is no object is malformed; in an array, it is an error.

    Raises:
        UserError: if an array is cut off, or a column does not hold single values.
    """
    connection, path, number = file.connection, file.path, file.scratch.name
    readable, notes = as_utf8(path, file.data.encoding, file.scratch)
    last = scan(path, readable).lines
    by_line = _first_byte(path, readable) != b"[" and ending(path) != ".json"
    found, cells = f"records_{number}", f"cells_{number}"
    reader = _lines(readable) if by_line else _objects(readable)
    connection.execute(
        f"CREATE TEMP TABLE {found} AS SELECT {ROW}, json, {MALFORMED} AS {REASON} FROM ({reader})"
    )
    if not by_line:
        _check_records(connection, path, found)
    rows = f"(FROM {found} WHERE {REASON} IS NULL)"
    keys = _keys(connection, rows)
    if not keys:
        raise UserError(
            f"data.path: {path} has no rows: none of its records is an object with keys: "
            'write each row as one, such as {"x": 1, "y": 2}'
        )
    check_names(path, keys)
    _check_flat(connection, path, rows, keys)
    made = [f"json_extract_string(json, {_pointer(key)}) AS {name(key)}" for key in keys]
    connection.execute(
        f"CREATE TEMP TABLE {cells} AS SELECT {', '.join([ROW, *made])} FROM {rows} ORDER BY {ROW}"
    )
    malformed = f"SELECT {ROW}, {REASON}, json AS {CONTENT} FROM {found} WHERE {REASON} IS NOT NULL"
    return FileRows(
        str(path),
        f"FROM {cells}",
        dict.fromkeys(keys, "text"),
        "line" if by_line else "record",
        last,
        malformed=malformed,
        notes=tuple(notes),
    )


# SQL of why a text is no row, or NULL.
MALFORMED = """CASE
    WHEN trim(json) = '' THEN 'malformed: an empty line'
    WHEN NOT json_valid(json) THEN 'malformed: not JSON'
    WHEN json_type(json) <> 'OBJECT' THEN 'malformed: not an object but ' || json_type(json)
    WHEN len(json_keys(json)) <> len(list_distinct(json_keys(json)))
        THEN 'malformed: a key twice' END"""


def _lines(readable: Path) -> str:
    """SQL of every line, as one cell: no text contains this delimiter."""
    return (
        f"SELECT row_number() OVER () AS {ROW}, json FROM read_csv({sql.file(readable)}, "
        "auto_detect = false, columns = {'json': 'VARCHAR'}, delim = '\x01\x02\x03\x04', "
        "quote = '', escape = '', header = false, nullstr = '', force_not_null = ['json'], "
        "strict_mode = true, max_line_size = 100000000)"
    )


def _objects(readable: Path) -> str:
    return (
        f"SELECT row_number() OVER () AS {ROW}, json::VARCHAR AS json FROM "
        f"read_json_objects({sql.file(readable)}, format = 'auto', compression = 'uncompressed')"
    )


def _first_byte(path: Path, readable: Path) -> bytes:
    """The first byte that is no white space; checks that an array has its end.

    DuckDB reads an array that is cut off as if it were whole.
    """
    with readable.open("rb") as file:
        start = file.read(1024).lstrip()
        file.seek(-min(1024, readable.stat().st_size), os.SEEK_END)
        end = file.read().rstrip()
    if start.startswith(codecs.BOM_UTF8):
        raise UserError(f"{path} begins with a byte order mark: save it as UTF-8 without one")
    if start.startswith(b"[") and not end.endswith(b"]"):
        raise UserError(
            f"{path} begins with '[' but does not end with ']': is it cut off? Write it again"
        )
    return start[:1]


def _check_records(connection: Any, path: Path, records: str) -> None:
    odd = connection.execute(
        f"SELECT {ROW}, {REASON} FROM {records} WHERE {REASON} IS NOT NULL ORDER BY {ROW} LIMIT 1"
    ).fetchall()
    if odd:
        raise UserError(f"{path}: record {odd[0][0]} is {odd[0][1]}: mend it")


def _keys(connection: Any, records: str) -> list[str]:
    """Every key of any record, in the order of appearance."""
    found = connection.execute(
        f"SELECT key FROM (SELECT {ROW}, unnest(json_keys(json)) AS key, "
        f"generate_subscripts(json_keys(json), 1) AS place FROM {records}) "
        f"GROUP BY key ORDER BY min(({ROW}, place))"
    ).fetchall()
    return [row[0] for row in found]


def _check_flat(connection: Any, path: Path, records: str, keys: list[str]) -> None:
    for key in keys:
        nested = connection.execute(
            f"SELECT {ROW} FROM {records} WHERE json_type(json, {_pointer(key)}) "
            f"IN ('OBJECT', 'ARRAY') ORDER BY {ROW} LIMIT 1"
        ).fetchall()
        if nested:
            raise UserError(
                f"{path}: column {key!r} holds a nested value in record {nested[0][0]}: "
                "flatten or remove it"
            )


def _pointer(key: str) -> str:
    """A key as a JSON pointer (RFC 6901)."""
    return text("/" + key.replace("~", "~0").replace("/", "~1"))
