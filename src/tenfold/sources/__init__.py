"""Read a table into DuckDB: files of many kinds, every row with its line in the source.

Nothing is guessed that could misread a value: text formats arrive as text, and what is no row of
the table is kept with its line and the reason.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb

from tenfold import runtime
from tenfold.dataset import ROW
from tenfold.params import Data
from tenfold.runtime import UserError
from tenfold.sources import (
    bundled,
    delimited,
    excel,
    files,
    json_objects,
    parquet,
    postgresql,
    records,
    sqlite,
    uniting,
)
from tenfold.sources.columns import CONTENT, LINE, REASON, SOURCE, Kind
from tenfold.sources.connection import connect, seal
from tenfold.sources.files import Seen
from tenfold.sources.parts import Part
from tenfold.sources.source import Source, Unsound
from tenfold.sources.sql import MALFORMED, RAW, first_line, name, rows_of, text
from tenfold.sources.unpacking import plain

__all__ = [
    "CONTENT",
    "LINE",
    "MALFORMED",
    "RAW",
    "REASON",
    "ROW",
    "SOURCE",
    "Kind",
    "Source",
    "Unsound",
    "connect",
    "first_line",
    "is_readable",
    "name",
    "read",
    "rows_of",
    "seal",
    "some",
    "text",
]

DELIMITED = (".csv", ".tsv")
JSON = (".json", ".jsonl", ".ndjson")
ENDINGS = (*DELIMITED, *JSON, ".parquet", *excel.ENDINGS)


def read(data: Data, *, careful: bool = False, limit: int | None = None) -> Source:
    """Read what `data` names; whoever has read all rows must ask `Source.check`.

    Args:
        data: the section of params.yaml.
        careful: read text record by record, and keep what is no record.
        limit: read so many rows only; they are not checked to be all there are.

    Raises:
        UserError: if there is no such table, or it cannot be read as one.
    """
    found = _files(data)
    scratch = runtime.temporary("sources")
    folder = Path(scratch.name)
    connection = connect(folder / "spilled")
    if data.scheme:
        _refuse_settings(data, data.path)
        stored = folder / "rows.parquet"
        records.store(_fetched(data), stored)
        parts = [parquet.read(connection, stored, data.path)]
    else:
        parts = [
            _part(connection, seen.path, data, folder / str(number), careful=careful)
            for number, seen in enumerate(found)
        ]
    kinds = uniting.common(parts)
    offsets = uniting.unite(connection, parts, kinds, limit)
    certain = [part.records for part in parts]
    n_records = None if None in certain or limit else sum(filter(None, certain))
    source = Source(connection, kinds, parts, offsets, found, n_records, scratch)
    if n_records == 0:
        source.check(0)
    return source


def size(data: Data) -> int:
    """Bytes of the files that are read."""
    return sum(seen.size for seen in _files(data))


def fingerprint(data: Data) -> list[str] | None:
    """What changes when the rows do; None where that shows only when they are read."""
    if data.scheme in ("sqlite", "postgresql"):
        return None
    return [data.path, *(f"{seen.path}: {runtime.digest(seen.path)}" for seen in _files(data))]


def sound(data: Data) -> Source:
    """Read what `data` names, all of it sound.

    Raises:
        UserError: as `read` does, or if there is anything that is no row.
    """
    source = read(data)
    try:
        source.check(count(source))
    except (duckdb.Error, Unsound):
        source = read(data, careful=True)
        odd = source.connection.execute(
            f"SELECT {ROW}, {REASON} FROM {MALFORMED} ORDER BY {ROW} LIMIT 1"
        ).fetchall()
        if odd:
            raise UserError(
                f"{data.path}, {source.where(odd[0][0])}: {odd[0][1]}: mend it"
            ) from None
    return source


def some(data: Data, rows: int) -> Source:
    """Read what `data` names for a look at its first rows: with care, if these need it."""
    source = read(data)
    try:
        found = count(source, rows)
    except duckdb.Error:
        found = -1
    short = found < min(rows, source.records or 0)
    return read(data, careful=True) if short or source.repeats() else source


def is_readable(source: Source) -> bool:
    """Whether every cell can be read."""
    try:
        count(source)
    except duckdb.Error:
        return False
    return True


def count(source: Source, most: int | None = None) -> int:
    """How many rows there are, or whether there are so many, every cell of them read."""
    columns = ", ".join(f"count({name(column)})" for column in source.columns)
    rows = f"(FROM {RAW} LIMIT {most})" if most else RAW
    found = source.connection.execute(f"SELECT count(*), {columns} FROM {rows}").fetchall()
    return int(found[0][0])


def _files(data: Data) -> list[Seen]:
    """The files that are read, if any."""
    if data.scheme == "sqlite":
        return files.find(data.path.removeprefix("sqlite:"), files.DATABASES)
    return [] if data.scheme else files.find(data.path, ENDINGS)


def _fetched(data: Data) -> records.Records:
    """The rows of what is no file of a table."""
    query = data.query or ""
    if data.scheme == "sqlite":
        return sqlite.read(Path(data.path.removeprefix("sqlite:")), query)
    if data.scheme == "sklearn":
        return bundled.read(data.path)
    variable = data.path.removeprefix("postgresql:")
    address = os.environ.get(variable)
    if not address:
        raise UserError(
            f"data.path: the environment has no variable {variable!r}: let it hold the address, as "
            "in postgresql://user:password@host/database"
        )
    return postgresql.read(address, query)


def _part(connection: Any, path: Path, data: Data, scratch: Path, *, careful: bool) -> Part:
    """One file; `scratch` is its own folder, for what must be unpacked or rewritten."""
    scratch.mkdir()
    ending = files.ending(path)
    if ending in DELIMITED:
        return delimited.read(path, data, scratch, careful=careful)
    _refuse_settings(data, str(path))
    try:
        if ending in JSON:
            readable, done = plain(path, data.encoding, scratch)
            return json_objects.read(connection, path, readable, scratch.name, done)
        if ending in excel.ENDINGS:
            stored = scratch / "rows.parquet"
            records.store(excel.read(path, data.sheet), stored)
            return parquet.read(connection, stored, str(path))
        return parquet.read(connection, path, str(path))
    except duckdb.Error as error:
        raise UserError(
            f"{path} cannot be read: {first_line(error)}: is it damaged? Write it again"
        ) from None


def _refuse_settings(data: Data, path: str) -> None:
    """What is said about a CSV must not be said in vain."""
    for setting in ("delimiter", "quote", "header", "columns"):
        if setting in data.model_fields_set and getattr(data, setting) not in (None, [], True):
            raise UserError(
                f"data.{setting} is for CSV, but data.path is {path}: remove data.{setting}"
            )
