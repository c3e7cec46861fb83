"""Read a table into DuckDB: CSV, TSV, Parquet or JSON, every record with its line in the source.

Nothing is guessed that could misread a value: text formats arrive as text, and a file whose
lines do not add up to its records is refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from tenfold import runtime
from tenfold.dataset import ROW
from tenfold.messages import nearest
from tenfold.params import Data
from tenfold.runtime import Refused
from tenfold.sources import delimited, json_objects, parquet
from tenfold.sources.columns import REASON, Kind
from tenfold.sources.sql import RAW, first_line, name, text

__all__ = [
    "RAW",
    "REASON",
    "ROW",
    "Kind",
    "Source",
    "connect",
    "first_line",
    "name",
    "read",
    "seal",
    "text",
]

DELIMITED = (".csv", ".tsv")
READERS = {
    ".parquet": parquet.read,
    ".json": json_objects.read,
    ".jsonl": json_objects.read,
    ".ndjson": json_objects.read,
}
ENDINGS = (*DELIMITED, *READERS)


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
    if ending not in ENDINGS:
        raise Refused(f"data.path: unknown ending {ending!r} of {path}; {nearest(ending, ENDINGS)}")
    _check_file(path)
    if data.delimiter is not None and ending not in DELIMITED:
        raise Refused(f"data.delimiter is for CSV, but data.path is {path}: remove data.delimiter")
    try:
        connection = connect()
        if ending in DELIMITED:
            columns = delimited.read(connection, path, data.delimiter)
        else:
            columns = READERS[ending](connection, path)
    except duckdb.Error as error:
        raise Refused(f"{path} cannot be read: {first_line(error)}") from None
    if not connection.execute(f"FROM {RAW} LIMIT 1").fetchall():
        raise Refused(f"data.path: {path} has no rows: it needs at least one")
    return Source(connection, columns, "line" if ending in DELIMITED else "record")


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


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise Refused(f"data.path must be a file, but {path} is a folder: name a file in it")
    if not path.is_file():
        neighbours = path.parent.iterdir() if path.parent.is_dir() else ()
        known = [file.name for file in neighbours if file.suffix.lower() in ENDINGS]
        hint = f"; in {path.parent}: {nearest(path.name, known)}" if known else ""
        raise Refused(f"data.path: there is no file {path}{hint}")
    if path.stat().st_size == 0:
        raise Refused(f"data.path: {path} is empty: it needs a header and rows")
