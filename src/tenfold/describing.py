"""What a clean table's columns are like, which of them say nothing, and what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenfold.messages import shown
from tenfold.params import Clean
from tenfold.sources import Kind, name, text

# Beyond so many rows, different values are estimated (HyperLogLog), which takes no memory.
EXACT = 200_000
# Columns of one query; DuckDB plans wider ones slowly.
WIDTH = 200

Described = Mapping[str, Mapping[str, Any]]


def describe(connection: Any, table: Path, kinds: Mapping[str, Kind]) -> dict[str, dict[str, Any]]:
    """Type, missing cells and distinct values of every column of a Parquet table."""
    source = f"read_parquet({text(str(table.resolve()))})"
    columns = [row[0] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()][1:]
    rows = connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]
    distinct = "count(DISTINCT {})" if rows <= EXACT else "approx_count_distinct({})"
    described: dict[str, dict[str, Any]] = {}
    for start in range(0, len(columns), WIDTH):
        part = columns[start : start + WIDTH]
        facts = [f"count({name(c)}), {distinct.format(name(c))}" for c in part]
        found = connection.execute(f"SELECT {', '.join(facts)} FROM {source}").fetchall()[0]
        for column, present, values in zip(part, found[::2], found[1::2], strict=True):
            described[column] = {
                "type": kinds[column],
                "missing": rows - present,
                "distinct": min(values, present),
            }
    return described


def dropped(described: Described, rules: Clean, rows: int, target: str) -> dict[str, str]:
    """The columns whose cells are missing, and why no model will see them."""
    found = {}
    for column, facts in described.items():
        share = facts["missing"] / rows
        if facts["missing"] == rows:
            found[column] = "no value in any row"
        elif share > rules.max_missing and column != target:
            found[column] = f"{share:.1%} missing, more than clean.max_missing"
    return found


def remarks(report: Mapping[str, Any], target: str) -> list[str]:
    """What a person should look at, in words: lost rows, likely ids, columns that say nothing."""
    rows, found = report["kept"], []
    if report["read"] > 10 and rows < 0.9 * report["read"]:
        found.append(f"{1 - rows / report['read']:.0%} of the rows are rejected")
    for given, facts in report["columns"].items():
        if given == target:
            continue
        column, distinct, kind = shown(given), facts["distinct"], facts["type"]
        if distinct == 1:
            found.append(f"{column} has one value only")
        elif kind in ("integer", "text") and rows > 20 and distinct == rows - facts["missing"]:
            found.append(f"{column} differs in every row: an id? then name it in drop_columns")
        elif kind == "text" and distinct > rows / 2:
            found.append(f"{column} is text with {distinct} categories in {rows} rows")
        elif kind == "text":
            found.append(f"{column} is text: {distinct} categories")
    return found
