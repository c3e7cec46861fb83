"""Read Parquet: numbers keep their type, and every other single value becomes text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenfold.dataset import ROW
from tenfold.runtime import Refused
from tenfold.sources import sql
from tenfold.sources.columns import Kind, check_names
from tenfold.sources.sql import RAW, name

INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
INTEGERS |= {f"U{signed}" for signed in INTEGERS}
NOT_CELLS = ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "VARIANT", "GEOMETRY")
SQL_TYPES: dict[Kind, str] = {"integer": "HUGEINT", "double": "DOUBLE", "text": "VARCHAR"}


def read(connection: Any, path: Path) -> dict[str, Kind]:
    """Make table `RAW` of a Parquet file, and return its columns.

    Raises:
        Refused: if a column has no name of its own or holds nested or binary values.
    """
    reader = f"read_parquet({sql.file(path)}, hive_partitioning = false)"
    described = connection.execute(f"DESCRIBE FROM {reader}").fetchall()
    columns = {row[0]: _kind(path, row[0], row[1]) for row in described}
    # DESCRIBE renames duplicates; the schema does not, and of a flat table it lists, after the
    # root, just the columns.
    schema = connection.execute(f"SELECT name FROM parquet_schema({sql.file(path)})").fetchall()
    check_names(path, [row[0] for row in schema[1:]])
    cells = [f"{name(key)}::{SQL_TYPES[kind]} AS {name(key)}" for key, kind in columns.items()]
    connection.execute(
        f"CREATE TEMP TABLE {RAW} AS SELECT row_number() OVER () AS {ROW}, {', '.join(cells)} "
        f"FROM {reader}"
    )
    return columns


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
