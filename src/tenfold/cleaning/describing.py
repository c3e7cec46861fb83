"""What a clean table's columns are like, which of them say nothing, and what to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tenfold.cleaning import grouping
from tenfold.cleaning.grouping import long
from tenfold.params import Clean
from tenfold.runtime import shown
from tenfold.sources import Kind, name

# Beyond so many rows, different values are estimated (HyperLogLog), which takes no memory. Then a
# few are counted again, and a column of which all may differ is looked at as a whole: of both a
# sentence is said.
EXACT = 200_000
MAX_FEW = 100
# No estimate is off by so much that all values of a column with fewer could differ.
MIN_SHARE = 0.5
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


def settled(
    connection: Any,
    source: str,
    estimates: Mapping[str, int],
    kinds: Mapping[str, Kind],
    present: Mapping[str, int],
) -> dict[str, int]:
    """The same numbers, exact where they are few, and all of a column's cells where all differ.

    Args:
        connection: to DuckDB.
        source: SQL of the rows.
        estimates: how many values columns have, roughly.
        kinds: of the columns.
        present: how many cells are there; only where all values differ are they told to.
    """
    few = [column for column, number in estimates.items() if number <= MAX_FEW]
    found = dict(estimates) | _counted(connection, source, few, kinds, "count(DISTINCT {})")
    for column, number in estimates.items():
        if column in few or kinds[column] not in ("integer", "text"):
            found[column] = min(found[column], present[column])
        elif number >= MIN_SHARE * present[column] and _all_differ(connection, source, column):
            found[column] = present[column]
        else:
            found[column] = min(number, present[column] - 1)
    return found


def _all_differ(connection: Any, source: str, column: str) -> bool:
    """Whether no value of a column comes again."""
    cell = name(column)
    first = f"(SELECT {cell} AS cell FROM {source} WHERE {cell} IS NOT NULL LIMIT {EXACT})"
    seen, distinct = connection.execute(
        f"SELECT count(*), count(DISTINCT cell) FROM {first}"
    ).fetchall()[0]
    if distinct < seen:
        return False
    hashes = connection.execute(
        f"SELECT hash({cell}) AS hash FROM {source} WHERE {cell} IS NOT NULL"
    ).fetchnumpy()["hash"]
    hashes.sort()
    again = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    # Different values may have one hash.
    connection.register("again", pa.table({"hash": again}))
    return not connection.execute(
        f"SELECT count(*) - count(DISTINCT {cell}) FROM {source} WHERE hash({cell}) IN (FROM again)"
    ).fetchall()[0][0]


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
