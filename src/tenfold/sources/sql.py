"""SQL that all readers share: views, and names, texts and paths as literals."""

from __future__ import annotations

from pathlib import Path

RAW = "raw"
# The same rows before any cell is parsed.
GIVEN = "given"
MALFORMED = "malformed"


def name(identifier: str) -> str:
    """A column's name as SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def file(path: Path) -> str:
    """A path as an SQL literal that means this one file.

    DuckDB takes `*?[` in a path for a pattern; brackets around each make it literal.
    """
    return text("".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path)))


def rows_of(path: Path) -> str:
    """SQL of the rows of a Parquet file that tenfold wrote."""
    return f"read_parquet({file(path.resolve())}, hive_partitioning = false)"


def first_line(error: Exception) -> str:
    """DuckDB's message without its kind and its drawing of the query."""
    line = str(error).strip().splitlines()[0]
    return line.split(" Error: ", 1)[-1]
