"""Tables in memory as sources, such as the rows that a served model is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from tenfold.sources.column_kinds import Kind
from tenfold.sources.source import Source
from tenfold.sources.sql import RAW

SETTINGS = {
    # As `connect` sets them.
    "disabled_optimizers": "statistics_propagation,in_clause",
    "TimeZone": "UTC",
    # Small tables are not worth a second thread, and every request has one already.
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "temp_directory": "",
    # A model's expressions may come from anywhere: they reach no file.
    "enable_external_access": False,
    "lock_configuration": True,
}


def open_database() -> Any:
    """An in-memory DuckDB that reaches no file; each thread needs a `cursor()` of its own."""
    connection = duckdb.connect()
    for setting, value in SETTINGS.items():
        connection.execute(f"SET GLOBAL {setting} = {value!r}")
    return connection


def of_table(connection: Any, table: Any, kinds: Mapping[str, Kind]) -> Source:
    """An Arrow table with `ROW` and columns of these kinds, as the source of a connection."""
    put(connection, table)
    return Source(connection, dict(kinds), [], [], [], None, None)


def put(connection: Any, table: Any) -> None:
    """Let another Arrow table with the same columns take the place of the source's."""
    connection.register(RAW, table)
