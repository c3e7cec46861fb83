"""Read a table into DuckDB: files of many kinds, every row with its line in the source.

Nothing is guessed that could misread a value: text formats arrive as text, and what is no row of
the table is kept with its line and the reason.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tenfold import runtime
from tenfold.dataset import ROW
from tenfold.params import Data
from tenfold.runtime import Refused
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
)
from tenfold.sources.columns import CONTENT, LINE, REASON, SOURCE, Kind
from tenfold.sources.files import Seen
from tenfold.sources.parts import Part
from tenfold.sources.sql import RAW, first_line, name, text
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
    "name",
    "read",
    "seal",
    "text",
]

DELIMITED = (".csv", ".tsv")
JSON = (".json", ".jsonl", ".ndjson")
ENDINGS = (*DELIMITED, *JSON, ".parquet", *excel.ENDINGS)
DATABASES = (".db", ".sqlite", ".sqlite3")
MALFORMED = "malformed"


class Unsound(Exception):
    """A source whose records do not add up to its lines: read it again, with care."""


@dataclass(frozen=True)
class Source:
    """A table in DuckDB: view `RAW` holds `ROW` and the columns exactly as the source has them.

    A column is text unless the source itself says otherwise (Parquet). View `MALFORMED` holds
    `ROW`, `REASON` and `CONTENT` of what is no row.

    Attributes:
        parts: the files; the rows of part i come behind `offsets[i]`.
        records: how many rows `RAW` must give to be sound; None where that is certain.
    """

    connection: Any
    columns: dict[str, Kind]
    parts: Sequence[Part]
    offsets: Sequence[int]
    files: Sequence[Seen]
    records: int | None
    scratch: Any

    @property
    def done(self) -> list[str]:
        """What was mended on the way, in words."""
        return [word for part in self.parts for word in part.done]

    def check(self, n_records: int) -> None:
        """Check that so many rows are all there are.

        Raises:
            Unsound: if they are not.
            Refused: if a file has changed since it was first looked at.
        """
        self.check_unchanged()
        if self.records is not None and n_records != self.records:
            raise Unsound(f"{n_records} rows, but {self.records} records")
        if n_records == 0 and not self.n_malformed():
            raise self._empty()

    def check_unchanged(self) -> None:
        """Check that nobody has written to the files since they were first looked at.

        Raises:
            Refused: naming the file.
        """
        files.check_unchanged(self.files)

    def _empty(self) -> Refused:
        names = ", ".join(part.name for part in self.parts)
        return Refused(f"data.path: {names} has no rows: it needs at least one")

    def n_malformed(self) -> int:
        """How many lines or records are no rows."""
        found = self.connection.execute(f"SELECT count(*) FROM {MALFORMED}").fetchall()
        return int(found[0][0])

    def where(self, row: int) -> str:
        """Where a row lies, for a person."""
        number = max(i for i, offset in enumerate(self.offsets) if row > offset)
        part = self.parts[number]
        place = f"{part.unit} {row - self.offsets[number]}"
        return place if len(self.parts) == 1 else f"{part.name}, {place}"

    def place(self) -> str:
        """SQL of `SOURCE` and `LINE` of a row."""
        sources = "".join(
            f" WHEN {ROW} > {offset} THEN {text(part.name)}"
            for part, offset in reversed(list(zip(self.parts, self.offsets, strict=True)))
        )
        lines = "".join(
            f" WHEN {ROW} > {offset} THEN {ROW} - {offset}" for offset in reversed(self.offsets)
        )
        return f"CASE{sources} END AS {SOURCE}, CASE{lines} END AS {LINE}"


def read(data: Data, *, careful: bool = False, limit: int | None = None) -> Source:
    """Read what `data` names; whoever has read all rows must ask `Source.check`.

    Args:
        data: the section of params.yaml.
        careful: read text record by record, and keep what is no record.
        limit: read so many rows only; they are not checked to be all there are.

    Raises:
        Refused: if there is no such table, or it cannot be read as one.
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
    kinds = _common(parts)
    offsets = _unite(connection, parts, kinds, limit)
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
        Refused: as `read` does, or if there is anything that is no row.
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
            raise Refused(f"{data.path}, {source.where(odd[0][0])}: {odd[0][1]}: mend it") from None
    return source


def count(source: Source) -> int:
    """How many rows there are, every cell of them read."""
    columns = ", ".join(f"count({name(column)})" for column in source.columns)
    return int(source.connection.execute(f"SELECT count(*), {columns} FROM {RAW}").fetchall()[0][0])


def _files(data: Data) -> list[Seen]:
    """The files that are read, if any."""
    if data.scheme == "sqlite":
        return files.find(data.path.removeprefix("sqlite:"), DATABASES)
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
        raise Refused(
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
        raise Refused(
            f"{path} cannot be read: {first_line(error)}: is it damaged? Write it again"
        ) from None


def _refuse_settings(data: Data, path: str) -> None:
    """What is said about a CSV must not be said in vain."""
    for setting in ("delimiter", "quote", "header", "columns"):
        if setting in data.model_fields_set and getattr(data, setting) not in (None, [], True):
            raise Refused(
                f"data.{setting} is for CSV, but data.path is {path}: remove data.{setting}"
            )


def _common(parts: Sequence[Part]) -> dict[str, Kind]:
    """The columns of all parts: they must have the same, in any order."""
    first = parts[0]
    common = dict(first.kinds)
    for part in parts[1:]:
        for column in [*first.kinds, *part.kinds]:
            if column in first.kinds and column in part.kinds:
                continue
            holder, lacking = (first, part) if column in first.kinds else (part, first)
            raise Refused(
                f"data.path: {holder.name} has a column {column!r}, but {lacking.name} has none: "
                "all files must have the same columns"
            )
        for column, kind in part.kinds.items():
            if kind != common[column]:
                numbers = {kind, common[column]} == {"integer", "double"}
                common[column] = "double" if numbers else "text"
    return common


def _unite(
    connection: Any, parts: Sequence[Part], kinds: dict[str, Kind], limit: int | None
) -> list[int]:
    """Make the views `RAW` and `MALFORMED` of all parts, and return each one's offset."""
    offsets, offset = [], 0
    for part in parts:
        offsets.append(offset)
        offset += part.last
    rows, odd = [], []
    for part, behind in zip(parts, offsets, strict=True):
        cells = [
            f"{name(column)}{'' if part.kinds[column] == kind else f'::{parquet.SQL_TYPES[kind]}'}"
            f" AS {name(column)}"
            for column, kind in kinds.items()
        ]
        rows.append(f"SELECT {ROW} + {behind} AS {ROW}, {', '.join(cells)} FROM ({part.select})")
        if part.malformed:
            odd.append(
                f"SELECT {ROW} + {behind} AS {ROW}, {REASON}, {CONTENT} FROM ({part.malformed})"
            )
    nothing = f"SELECT 0::BIGINT AS {ROW}, '' AS {REASON}, '' AS {CONTENT} WHERE false"
    first = f" LIMIT {limit}" if limit else ""
    connection.execute(f"CREATE TEMP VIEW {RAW} AS FROM ({' UNION ALL '.join(rows)}){first}")
    connection.execute(f"CREATE TEMP VIEW {MALFORMED} AS {' UNION ALL '.join(odd or [nothing])}")
    return offsets


def connect(spilled: Path) -> Any:
    """An in-memory DuckDB that spills to a folder, fetches no extension and knows no time zone."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(spilled.resolve()),
        }
    )
    connection.execute("SET enable_progress_bar = false")
    # Parquet's least and greatest values leave NaN out: DuckDB would conclude that there is none.
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def seal(source: Source, out: Path) -> None:
    """From here on the connection reaches the source and `out` only; this cannot be undone."""
    connection = source.connection
    allowed = [out.resolve(), Path(source.scratch.name).resolve()]
    paths = [seen.path.resolve() for seen in source.files]
    connection.execute(f"SET allowed_directories = {_texts(allowed)}")
    connection.execute(
        f"SET allowed_paths = {_texts(paths + [seen.path for seen in source.files])}"
    )
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _texts(paths: Sequence[Path]) -> str:
    return f"[{', '.join(text(str(path)) for path in paths)}]"
