"""The DuckDB connection in which a source is read, and its limits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from tenfold.sources.source import Source
from tenfold.sources.sql import file, text

# Bytes; the rest spills to disk. Ten thousand columns need this much, ten million rows a quarter.
MAX_MEMORY = 4 * 2**30


def connect(spilled: Path) -> Any:
    """An in-memory DuckDB that spills to a folder, loads no extension and computes in UTC."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": f"{min(MAX_MEMORY, machine * 4 // 5)}B",
            "temp_directory": str(spilled.resolve()),
        }
    )
    connection.execute("SET enable_progress_bar = false")
    # Parquet's minimum and maximum ignore NaN, from which DuckDB would conclude that there is none;
    # and it turns a long IN list into a join, which does not keep the order of rows.
    connection.execute("SET disabled_optimizers = 'statistics_propagation,in_clause'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def seal(source: Source, out: Path) -> None:
    """Restrict the connection to the files of the source and `out`; this cannot be undone."""
    connection = source.connection
    folders = [out.resolve(), Path(source.scratch.name).resolve()]
    paths = [path for stamp in source.files for path in (stamp.path.resolve(), stamp.path)]
    connection.execute(f"SET allowed_directories = {_listed(folders)}")
    connection.execute(f"SET allowed_paths = {_listed(paths)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _listed(paths: Sequence[Path]) -> str:
    """Each path as it is, and as SQL names it if it looks like a pattern."""
    return f"[{', '.join(written(path) for path in paths for written in (_text, file))}]"


def _text(path: Path) -> str:
    return text(str(path))
