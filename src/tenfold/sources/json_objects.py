"""Read JSON: an array of flat objects, or one object a line; every value as its text."""

from __future__ import annotations

import codecs
import os
from pathlib import Path
from typing import Any

from tenfold.dataset import ROW
from tenfold.runtime import Refused
from tenfold.sources import sql
from tenfold.sources.columns import Kind, check_names
from tenfold.sources.scanning import scan
from tenfold.sources.sql import RAW, name, text


def read(connection: Any, path: Path) -> dict[str, Kind]:
    """Make table `RAW` of a file of objects, and return its columns: the keys of any object.

    Raises:
        Refused: if the file is cut off, or a record is not an object of single values.
    """
    scan(path)
    _check_brackets(path)
    form = "auto" if path.suffix.lower() == ".json" else "newline_delimited"
    connection.execute(
        f"CREATE TEMP TABLE records AS SELECT row_number() OVER () AS {ROW}, json "
        f"FROM read_json_objects({sql.file(path)}, format = {text(form)})"
    )
    _check_records(connection, path)
    keys = _keys(connection)
    check_names(path, keys)
    _check_flat(connection, path, keys)
    cells = [f"json_extract_string(json, {_pointer(key)}) AS {name(key)}" for key in keys]
    connection.execute(
        f"CREATE TEMP TABLE {RAW} AS SELECT {', '.join([ROW, *cells])} FROM records ORDER BY {ROW}"
    )
    connection.execute("DROP TABLE records")
    return dict.fromkeys(keys, "text")


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


def _check_records(connection: Any, path: Path) -> None:
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


def _keys(connection: Any) -> list[str]:
    """Every key of any record, in the order of appearance."""
    found = connection.execute(
        f"SELECT key FROM (SELECT {ROW}, unnest(json_keys(json)) AS key, "
        f"generate_subscripts(json_keys(json), 1) AS place FROM records) "
        f"GROUP BY key ORDER BY min(({ROW}, place))"
    ).fetchall()
    return [row[0] for row in found]


def _check_flat(connection: Any, path: Path, keys: list[str]) -> None:
    for key in keys:
        nested = connection.execute(
            f"SELECT {ROW} FROM records WHERE json_type(json, {_pointer(key)}) "
            f"IN ('OBJECT', 'ARRAY') ORDER BY {ROW} LIMIT 1"
        ).fetchall()
        if nested:
            raise Refused(
                f"{path}: column {key!r} holds a nested value in record {nested[0][0]}: "
                "flatten or remove it"
            )


def _pointer(key: str) -> str:
    """A key as a JSON pointer (RFC 6901)."""
    return text("/" + key.replace("~", "~0").replace("/", "~1"))
