"""What a clean table's columns are like, which of them say nothing, and what to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenfold.cleaning import grouping
from tenfold.cleaning.grouping import long
from tenfold.params import Clean
from tenfold.runtime import shown
from tenfold.sources import Kind, name

# Beyond so many rows, different values are estimated (HyperLogLog), which takes no memory.
EXACT = 200_000
# Columns of one query.
WIDTH = 1000

Described = Mapping[str, Mapping[str, Any]]


def present(
    connection: Any, source: str, columns: Sequence[str], kinds: Mapping[str, Kind]
) -> dict[str, int]:
    """How many cells of columns of a relation are there."""
    return _counted(connection, source, columns, kinds, "count({})")


def distinct(
    connection: Any, source: str, columns: Sequence[str], kinds: Mapping[str, Kind], rows: int
) -> dict[str, int]:
    """How many values columns of a relation of so many rows have.

    It is read once where `apart` calls the columns few.
    """
    count = "count(DISTINCT {})" if rows <= EXACT else "approx_count_distinct({})"
    return _counted(connection, source, columns, kinds, count)


def apart(columns: Sequence[str], kinds: Mapping[str, Kind]) -> tuple[list[list[str]], list[str]]:
    """Columns of a kind that are many, together; and all others."""
    by_kind: dict[Kind, list[str]] = {}
    for column in columns:
        by_kind.setdefault(kinds[column], []).append(column)
    many = [alike for alike in by_kind.values() if len(alike) >= grouping.FEWEST]
    return many, [column for alike in by_kind.values() if alike not in many for column in alike]


def _counted(
    connection: Any, source: str, columns: Sequence[str], kinds: Mapping[str, Kind], count: str
) -> dict[str, int]:
    many, few = apart(columns, kinds)
    counted: dict[str, int] = {}
    if few:
        counts = ", ".join(count.format(name(column)) for column in few)
        found = connection.execute(f"SELECT {counts} FROM {source}").fetchall()[0]
        counted |= dict(zip(few, found, strict=True))
    for alike in many:
        for start in range(0, len(alike), WIDTH):
            part = alike[start : start + WIDTH]
            found = connection.execute(
                f"SELECT place, {count.format('cell')} FROM ({long(part, source)}) GROUP BY place"
            ).fetchall()
            counted |= {part[place - 1]: number for place, number in found}
    return counted


def dropped(missing: Mapping[str, int], rules: Clean, rows: int, target: str) -> dict[str, str]:
    """The columns whose cells are missing, and why no model will see them."""
    found = {}
    for column, count in missing.items():
        share = count / rows
        if count == rows:
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
