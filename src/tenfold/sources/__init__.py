"""Read a table into DuckDB: files of many formats, queries, bundled tables; each row has its line.

Values are never converted by guessing: text formats arrive as text. What is no row of the table is
kept with its line and the reason.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from tenfold import runtime
from tenfold.dataset import ROW
from tenfold.params import Data
from tenfold.sources import encodings, formats, source_files, union
from tenfold.sources.column_kinds import Kind
from tenfold.sources.column_names import CONTENT, LINE, REASON, SOURCE
from tenfold.sources.connection import connect, seal
from tenfold.sources.encodings import GuessedEncoding
from tenfold.sources.file_rows import FileRows, FileToRead
from tenfold.sources.formats import is_delimited
from tenfold.sources.memory import of_table, open_database, put
from tenfold.sources.source import Source, Unsound, WantedColumn
from tenfold.sources.source_files import FileStamp
from tenfold.sources.sql import MALFORMED, RAW, first_line, name, rows_of, text

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
    "WantedColumn",
    "connect",
    "fingerprint",
    "first_line",
    "is_delimited",
    "is_readable",
    "lines_above_header",
    "name",
    "of_table",
    "open_database",
    "own_encoding",
    "preview",
    "put",
    "read",
    "read_sound",
    "rows_of",
    "seal",
    "size",
    "text",
]


def read(data: Data, *, careful: bool = False, limit: int | None = None) -> Source:
    """Read the table that `data` names; a caller who has read all rows must call `Source.check`.

    Args:
        data: the section of params.yaml.
        careful: read CSV record by record, and keep the lines that are no records.
        limit: read only the first rows; `check` then does not count them.

    Raises:
        UserError: if there is no such table, or it cannot be read as one.
    """
    found = _files(data)
    scratch = runtime.TemporaryFolder("sources")
    folder = Path(scratch.name)
    connection = connect(folder / "spilled")
    if data.scheme:
        parts = [formats.read_scheme(connection, data, folder)]
    else:
        parts = [
            _read_file(connection, stamp.path, data, folder / str(number), careful=careful)
            for number, stamp in enumerate(found)
        ]
    kinds = union.common_kinds(parts)
    offsets = union.create_views(connection, parts, kinds, limit)
    certain = [part.records for part in parts]
    n_records = None if None in certain or limit else sum(filter(None, certain))
    source = Source(connection, kinds, parts, offsets, found, n_records, scratch)
    if n_records == 0:
        source.check(0)
    return source


def _read_file(
    connection: Any, path: Path, data: Data, scratch: Path, *, careful: bool
) -> FileRows:
    scratch.mkdir()
    return formats.read_file(FileToRead(connection, path, data, scratch, careful))


def lines_above_header(data: Data) -> int:
    """How many lines, or rows of a sheet, stand above the one that names the target.

    Raises:
        UserError: if the table cannot be read.
    """
    if data.scheme:
        return 0
    with runtime.TemporaryFolder("sources") as scratch:
        path = _files(data)[0].path
        file = FileToRead(None, path, data, Path(scratch), careful=False)
        return formats.lines_above_header(file, data.target)


def _files(data: Data) -> list[FileStamp]:
    """The files that are read; a database server and a bundled table have none."""
    if data.scheme == "sqlite":
        return source_files.find(data.path.removeprefix("sqlite:"), source_files.SQLITE)
    return [] if data.scheme else source_files.find(data.path, list(formats.FILE_READERS))


def size(data: Data) -> int:
    """The total bytes of the files that are read."""
    return sum(stamp.size for stamp in _files(data))


def fingerprint(data: Data) -> list[str] | None:
    """What changes when the rows do; None for a database, which must be read to find out."""
    if data.scheme in ("sqlite", "postgresql"):
        return None
    return runtime.source_digests(data.path) if _files(data) else [data.path]


def read_sound(data: Data) -> Source:
    """Read a table whole; what is no row of it is in `MALFORMED`.

    Raises:
        UserError: as `read` does.
    """
    source = read(data)
    try:
        source.check(_count(source))
    except (duckdb.Error, Unsound):
        source = read(data, careful=True)
    return source


def own_encoding(path: Path) -> GuessedEncoding | None:
    """The likeliest encoding of a text file that is not UTF-8; None for one that is, or packed."""
    packed = path.suffix.lower() in source_files.PACKED
    unicode = packed or not path.is_file() or encodings.is_unicode(path)
    return None if unicode else encodings.guess(path)


def preview(data: Data, n_rows: int) -> Source:
    """Read a table for a look at its first rows; record by record if these are malformed."""
    source = read(data)
    try:
        found = _count(source, n_rows)
    except duckdb.Error:
        found = -1
    short = found < min(n_rows, source.records or 0)
    return read(data, careful=True) if short or source.repeats() else source


def n_rows(data: Data) -> int:
    """How many rows a table has.

    Raises:
        UserError: as `read` does.
    """
    found = read(data).connection.execute(f"SELECT count(*) FROM {RAW}").fetchall()
    return int(found[0][0])


def is_readable(source: Source) -> bool:
    """Whether every cell can be read."""
    try:
        _count(source)
    except duckdb.Error:
        return False
    return True


def _count(source: Source, limit: int | None = None) -> int:
    """How many rows there are, at most `limit`, after reading every cell of them."""
    columns = ", ".join(f"count({name(column)})" for column in source.columns)
    rows = f"(FROM {RAW} LIMIT {limit})" if limit else RAW
    found = source.connection.execute(f"SELECT count(*), {columns} FROM {rows}").fetchall()
    return int(found[0][0])
