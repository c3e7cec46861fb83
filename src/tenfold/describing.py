"""What a clean table's columns are like, which of them say nothing, and what to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenfold import grouping
from tenfold.grouping import long
from tenfold.messages import shown
from tenfold.params import Clean
from tenfold.sources import Kind, name

# Beyond so many rows, different values are estimated (HyperLogLog), which takes no memory.
EXACT = 200_000
# Columns of one query.
WIDTH = 1000

Described = Mapping[str, Mapping[str, Any]]


def describe(
    connection: Any, source: str, columns: Sequence[str], kinds: Mapping[str, Kind]
) -> dict[str, dict[str, Any]]:
    """Type, missing cells and distinct values of columns of a relation."""
    rows = connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]
    distinct = "count(DISTINCT {})" if rows <= EXACT else "approx_count_distinct({})"
    described: dict[str, dict[str, Any]] = {}
    for column, present, values in _counted(connection, source, columns, kinds, distinct):
        described[column] = {
            "type": kinds[column],
            "missing": rows - present,
            "distinct": min(values, present),
        }
    return {column: described[column] for column in columns}


def _counted(
    connection: Any, source: str, columns: Sequence[str], kinds: Mapping[str, Kind], distinct: str
) -> Iterator[tuple[str, int, int]]:
    """Every column, its present cells and how many of them differ."""
    by_kind: dict[Kind, list[str]] = {}
    for column in columns:
        by_kind.setdefault(kinds[column], []).append(column)
    for alike in by_kind.values():
        if len(alike) < grouping.FEWEST:
            facts = [f"count({name(c)}), {distinct.format(name(c))}" for c in alike]
            found = connection.execute(f"SELECT {', '.join(facts)} FROM {source}").fetchall()[0]
            yield from zip(alike, found[::2], found[1::2], strict=True)
            continue
        for start in range(0, len(alike), WIDTH):
            part = alike[start : start + WIDTH]
            counts = connection.execute(
                f"SELECT place, count(cell), {distinct.format('cell')} FROM ({long(part, source)}) "
                "GROUP BY place"
            ).fetchall()
            yield from ((part[place - 1], present, values) for place, present, values in counts)


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
