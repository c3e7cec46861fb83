"""Which reader reads which format: by the ending of a file, or the scheme of `data.path`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from tenfold.dataset import ROW
from tenfold.params import Data
from tenfold.runtime import UserError
from tenfold.sources import source_files
from tenfold.sources.column_names import CONTENT, REASON
from tenfold.sources.file_rows import FileRows, FileToRead
from tenfold.sources.readers import (
    delimited,
    excel,
    json_objects,
    parquet,
    postgresql,
    scikit_learn,
    sqlite,
)
from tenfold.sources.sql import first_line, name
from tenfold.sources.text_rows import TextRows, write_parquet

# Settings of `data:` that no other format reads, and one that Excel reads, too.
CSV_SETTINGS = ("delimiter", "quote", "header", "columns")
SKIP_LINES = "skip_lines"
# Lines or rows among which the header is looked for.
N_FIRST = 50


def read_file(file: FileToRead) -> FileRows:
    """Read one file by the reader of its ending.

    Raises:
        UserError: if the file is damaged, is no table, or a setting does not suit its format.
    """
    reader = FILE_READERS[source_files.ending(file.path)]
    if reader is delimited.read:
        return reader(file)
    refused = CSV_SETTINGS if reader is _read_excel else (*CSV_SETTINGS, SKIP_LINES)
    _refuse_csv_settings(file.data, str(file.path), refused)
    try:
        return reader(file)
    except duckdb.Error as error:
        raise UserError(
            f"{file.path} cannot be read: {first_line(error)}: is it damaged? Write it again"
        ) from None


def read_scheme(connection: Any, data: Data, scratch: Path) -> FileRows:
    """Read what `data.path` names as `scheme:name`: a query's rows, or a bundled table.

    Raises:
        UserError: if there is no such database or table, or the query fails.
    """
    _refuse_csv_settings(data, data.path, (*CSV_SETTINGS, SKIP_LINES))
    rows = SCHEME_READERS[data.scheme or ""](data)
    return _stored(connection, rows, scratch, data.path)


def lines_above_header(file: FileToRead, column: str) -> int:
    """How many of the first lines, or rows of a sheet, stand above the one that names a column.

    Raises:
        UserError: if the file cannot be read.
    """
    reader = FILE_READERS[source_files.ending(file.path)]
    if reader is delimited.read:
        return delimited.lines_above_header(file, column, N_FIRST)
    if reader is _read_excel:
        return excel.rows_above_header(file.path, file.data.sheet, column, N_FIRST)
    return 0


def is_delimited(path: Path) -> bool:
    """Whether a file is CSV or TSV, compressed or not, by its ending."""
    return FILE_READERS.get(source_files.ending(path)) is delimited.read


def _read_excel(file: FileToRead) -> FileRows:
    rows = excel.read(file.path, file.data.sheet, file.data.skip_lines)
    return _stored(file.connection, rows, file.scratch, str(file.path))


def _read_parquet(file: FileToRead) -> FileRows:
    return parquet.read(file.connection, file.path, str(file.path))


def _read_sqlite(data: Data) -> TextRows:
    return sqlite.read(Path(data.path.removeprefix("sqlite:")), data.query or "")


def _read_scikit_learn(data: Data) -> TextRows:
    return scikit_learn.read(data.path)


def _read_postgresql(data: Data) -> TextRows:
    variable = data.path.removeprefix("postgresql:")
    address = os.environ.get(variable)
    if not address:
        raise UserError(
            f"data.path: the environment has no variable {variable!r}: let it hold the address, as "
            "in postgresql://user:password@host/database"
        )
    return postgresql.read(address, data.query or "")


FILE_READERS: dict[str, Callable[[FileToRead], FileRows]] = {
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".json": json_objects.read,
    ".jsonl": json_objects.read,
    ".ndjson": json_objects.read,
    ".parquet": _read_parquet,
    **dict.fromkeys(source_files.WORKBOOKS, _read_excel),
}
SCHEME_READERS: dict[str, Callable[[Data], TextRows]] = {
    "postgresql": _read_postgresql,
    "sklearn": _read_scikit_learn,
    "sqlite": _read_sqlite,
}


def _stored(connection: Any, rows: TextRows, scratch: Path, shown: str) -> FileRows:
    """Rows of text as DuckDB reads them: through a Parquet file in `scratch`."""
    path = scratch / "rows.parquet"
    write_parquet(rows, path)
    stored = parquet.read(connection, path, shown)
    stored = replace(stored, notes=(*rows.notes, *stored.notes))
    return _without_blanks(connection, stored) if rows.has_blanks else stored


def _without_blanks(connection: Any, stored: FileRows) -> FileRows:
    """The rows with a value; the others are malformed, as an empty line of a CSV is."""
    is_blank = f"coalesce({', '.join(map(name, stored.kinds))}) IS NULL"
    blank = f"FROM ({stored.select}) WHERE {is_blank}"
    n_blank = connection.execute(f"SELECT count(*) {blank}").fetchall()[0][0]
    if not n_blank:
        return stored
    return replace(
        stored,
        select=f"FROM ({stored.select}) WHERE NOT ({is_blank})",
        malformed=f"SELECT {ROW}, 'malformed: an empty row' AS {REASON}, '' AS {CONTENT} {blank}",
        records=stored.last - n_blank,
        first=None,
    )


def _refuse_csv_settings(data: Data, path: str, settings: Sequence[str]) -> None:
    """Refuse settings for CSV on any other format, which would ignore them."""
    for setting in settings:
        if setting in data.model_fields_set and getattr(data, setting) not in (None, [], True, 0):
            raise UserError(
                f"data.{setting} is for CSV, but data.path is {path}: remove data.{setting}"
            )
