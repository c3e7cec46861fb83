"""Write the clean table; count the missing cells and distinct values of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenfold import sources
from tenfold.cleaning import column_groups
from tenfold.cleaning.columns import ColumnPlan
from tenfold.cleaning.duplicates import GONE
from tenfold.cleaning.expressions import ROWS
from tenfold.cleaning.rules import JudgedRows
from tenfold.dataset import ROW
from tenfold.dataset.profile import ColumnCounts
from tenfold.sources import Kind, name, stored_rows

# Beyond so many rows, distinct values are estimated (HyperLogLog), which takes no memory. Then few
# ones are counted again, and columns that may be ids are looked at as a whole: messages depend on
# both.
MAX_EXACT_ROWS = 200_000
MAX_FEW = 100
# No estimate is off by so much that all values of a column with fewer could differ.
MIN_SHARE = 0.5
# The rows that are being written, which can be read once.
STREAM = "row_stream"


def too_empty(
    judged: JudgedRows, missing: Mapping[str, int], rows: int, max_missing: float
) -> dict[str, str]:
    """The columns with too many missing cells, and why no model will see them.

    A flag, which has one value or none, stays however seldom it is set.
    """
    gaps = [column for column, count in missing.items() if 0 < count < rows]
    kept = {judged.plan.target}
    if max_missing < 1:
        kept |= _flags(judged, gaps, missing, rows)
    found = {}
    for column, count in missing.items():
        if count == rows:
            found[column] = "no value in any row"
        elif column not in kept and count / rows > max_missing:
            found[column] = f"{count / rows:.1%} missing, more than clean.max_missing"
    return found


def _flags(
    judged: JudgedRows, columns: Sequence[str], missing: Mapping[str, int], rows: int
) -> set[str]:
    """Those of the columns that have one value or none."""
    if not columns:
        return set()
    kept = f"(FROM {ROWS} ANTI JOIN {GONE} USING ({ROW}))"
    found = column_groups.aggregate(
        judged.plan.source.connection,
        kept,
        [ColumnPlan(column, judged.plan.kinds[column]) for column in columns],
        lambda reader: reader.raw,
        lambda cell: [f"coalesce(min({cell}) = max({cell}), false)"],
    )
    counts = {
        column: ColumnCounts(
            judged.plan.kinds[column], rows, rows - missing[column], 1 if one else 2
        )
        for column, (one,) in found.items()
    }
    return {column for column, own in counts.items() if own.is_flag}


def write(
    judged: JudgedRows,
    columns: Sequence[str],
    kept: NDArray[np.bool_],
    present: Mapping[str, int],
    path: Path,
) -> tuple[dict[str, int], Mapping[str, Set[str]]]:
    """Write columns of the rows that are kept.

    Args:
        judged: the rows.
        columns: in the order in which they are written.
        kept: (n,) whether a row is.
        present: how many cells of a column those have.
        path: of the file.

    Returns:
        How many distinct values each column has, and these themselves for some text columns.
    """
    connection, kinds = judged.plan.source.connection, judged.plan.kinds
    with stored_rows.writing(judged.stored, columns, kept, path) as stream:
        counted = stream.rows.schema.names
        at_once = 0 < len(counted) < column_groups.MIN_COLUMNS
        if at_once:
            connection.register(STREAM, stream.rows)
            found = _distinct(connection, STREAM, counted, kinds, int(kept.sum()))
    table = sources.rows_of(path)
    if not at_once:
        found = _distinct(connection, table, counted, kinds, int(kept.sum()))
    if kept.sum() > MAX_EXACT_ROWS:
        found = _settled(connection, table, found, kinds, present)
    found |= {column: len(texts) for column, texts in stream.texts.items()}
    found |= {column: int(seen.sum()) for column, seen in stream.integers.items()}
    return {column: min(found[column], present[column]) for column in columns}, stream.texts


def _distinct(
    connection: Any, rows: str, columns: Sequence[str], kinds: Mapping[str, Kind], n_rows: int
) -> dict[str, int]:
    """How many distinct values columns of a relation have, estimated beyond `MAX_EXACT_ROWS`."""
    count = "count(DISTINCT {})" if n_rows <= MAX_EXACT_ROWS else "approx_count_distinct({})"
    plans = [ColumnPlan(column, kinds[column]) for column in columns]
    found = column_groups.aggregate(
        connection, rows, plans, lambda reader: reader.raw, lambda cell: [count.format(cell)]
    )
    return {column: number for column, (number,) in found.items()}


def _settled(
    connection: Any,
    rows: str,
    estimates: Mapping[str, int],
    kinds: Mapping[str, Kind],
    present: Mapping[str, int],
) -> dict[str, int]:
    """Estimates made exact where they are few, or where all of a column's values may differ."""
    few = [column for column, number in estimates.items() if number <= MAX_FEW]
    found = dict(estimates) | _distinct(connection, rows, few, kinds, 0)
    for column, number in estimates.items():
        if column in few or kinds[column] not in ("integer", "text"):
            continue
        if number >= MIN_SHARE * present[column] and _all_differ(connection, rows, column):
            found[column] = present[column]
        else:
            found[column] = min(number, present[column] - 1)
    return found


def _all_differ(connection: Any, rows: str, column: str) -> bool:
    """Whether no value of a column occurs twice."""
    cell = name(column)
    there = f"FROM {rows} WHERE {cell} IS NOT NULL"
    seen, distinct = connection.execute(
        f"SELECT count(*), count(DISTINCT cell) FROM (SELECT {cell} AS cell {there} "
        f"LIMIT {MAX_EXACT_ROWS})"
    ).fetchall()[0]
    if distinct < seen:
        return False
    hashes = connection.execute(f"SELECT hash({cell}) AS hash {there}").fetchnumpy()["hash"]
    hashes.sort()
    again = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    # Different values may have one hash.
    connection.register("again", pa.table({"hash": again}))
    return not connection.execute(
        f"SELECT count(*) - count(DISTINCT {cell}) {there} AND hash({cell}) IN (FROM again)"
    ).fetchall()[0][0]
