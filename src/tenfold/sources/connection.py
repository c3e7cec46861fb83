"""The DuckDB that a source is read in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from tenfold.sources.source import Source
from tenfold.sources.sql import file, text

# Bytes, or less where the machine has less; what does not fit is spilled to disk. Ten thousand
# columns need this much, ten million rows a quarter of it.
MEMORY = 4 * 2**30


def connect(spilled: Path) -> Any:
    """An in-memory DuckDB that spills to a folder, fetches no extension and knows no time zone."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": f"{min(MEMORY, machine * 4 // 5)}B",
            "temp_directory": str(spilled.resolve()),
        }
    )
    connection.execute("SET enable_progress_bar = false")
    # Parquet's least and greatest values leave NaN out: DuckDB would conclude that there is none.
    # And of a list behind IN it would make a join, behind which rows lose their order.
    connection.execute("SET disabled_optimizers = 'statistics_propagation,in_clause'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def seal(source: Source, out: Path) -> None:
    """From here on the connection reaches the source and `out` only; this cannot be undone."""
    connection = source.connection
    folders = [out.resolve(), Path(source.scratch.name).resolve()]
    paths = [path for seen in source.files for path in (seen.path.resolve(), seen.path)]
    connection.execute(f"SET allowed_directories = {_listed(folders)}")
    connection.execute(f"SET allowed_paths = {_listed(paths)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _listed(paths: Sequence[Path]) -> str:
    """Each path as it is, and as SQL names it where it looks like a pattern."""
    return f"[{', '.join(written(path) for path in paths for written in (_text, file))}]"


def _text(path: Path) -> str:
    return text(str(path))
