"""Read Parquet: numbers and dates keep their type, other single values become text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tenfold.dataset import ROW
from tenfold.runtime import UserError
from tenfold.sources import sql
from tenfold.sources.column_kinds import SQL_TYPES, Kind
from tenfold.sources.column_names import check_names
from tenfold.sources.file_rows import FileRows
from tenfold.sources.sql import name

INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
INTEGERS |= {f"U{signed}" for signed in INTEGERS}
# A DECIMAL without a fraction is an integer.
WHOLE = re.compile(r"DECIMAL\(\d+,0\)")
INDEX = re.compile(r"__index_level_\d+__")
NOT_CELLS = ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "VARIANT", "GEOMETRY")


def read(connection: Any, path: Path, shown: str) -> FileRows:
    """The rows of a Parquet file.

    Args:
        connection: of DuckDB.
        path: the file.
        shown: what messages call it.

    Raises:
        UserError: if a column has no name of its own or holds nested or binary values.
    """
    reader = f"read_parquet({sql.file(path)}, hive_partitioning = false, file_row_number = true)"
    described = connection.execute(
        f"DESCRIBE FROM read_parquet({sql.file(path)}, hive_partitioning = false)"
    ).fetchall()
    columns = {row[0]: _kind(shown, row[0], row[1]) for row in described}
    # DESCRIBE renames duplicates. The schema does not; it lists the root, then the columns.
    schema = connection.execute(f"SELECT name FROM parquet_schema({sql.file(path)})").fetchall()
    check_names(Path(shown), [row[0] for row in schema[1:]])
    if "file_row_number" in map(str.lower, columns):
        raise UserError(f"{shown}: column 'file_row_number' has a name DuckDB uses: rename it")
    cells = [f"{name(key)}::{SQL_TYPES[kind]} AS {name(key)}" for key, kind in columns.items()]
    rows = connection.execute(
        f"SELECT num_rows FROM parquet_file_metadata({sql.file(path)})"
    ).fetchall()
    select = f"SELECT file_row_number + 1 AS {ROW}, {', '.join(cells)} FROM {reader}"
    n_rows = int(rows[0][0])
    zoned = [row[0] for row in described if row[1] == "TIMESTAMP WITH TIME ZONE"]
    notes = (
        *_unusual_names(columns),
        *(f"{column} holds times with a zone, which are read in UTC" for column in zoned),
    )
    return FileRows(shown, select, columns, "record", n_rows, n_rows, notes=notes, first=1)


def _unusual_names(columns: Iterable[str]) -> Iterator[str]:
    """Notes on names that pandas made, and on names with white space around them."""
    for column in columns:
        if INDEX.fullmatch(column):
            yield (
                f"{column} is the index of a pandas frame: if it tells nothing of a row, name it "
                "in clean.drop_columns"
            )
        if column != column.strip():
            yield f"{column!r} is a name with white space around it"


def _kind(shown: str, column: str, sql_type: str) -> Kind:
    if sql_type.endswith("]") or sql_type.startswith(NOT_CELLS):
        raise UserError(
            f"{shown}: column {column!r} holds {sql_type}, not single values: flatten or remove it"
        )
    if sql_type in INTEGERS or WHOLE.fullmatch(sql_type):
        return "integer"
    if sql_type in ("FLOAT", "DOUBLE") or sql_type.startswith("DECIMAL"):
        return "double"
    return "date" if sql_type.startswith(("TIMESTAMP", "DATE")) else "text"
