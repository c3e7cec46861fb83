"""Find the rows that are one and the same, and say which of them go."""

from __future__ import annotations

from collections.abc import Mapping

from tenfold.dataset import ROW
from tenfold.expressions import ROWS
from tenfold.grouping import cells
from tenfold.judging import COPY, Judged
from tenfold.messages import shown
from tenfold.params import Clean
from tenfold.params.cleaning import Duplicates
from tenfold.sources import RAW, REASON, Kind, Source, name, text

# Of the n-th of `copies` equal rows, in their order: whether it goes.
GOES = {"first": "n > 1", "last": "n < copies", "none": "copies > 1"}


def reject(source: Source, judged: Judged, rules: Clean) -> None:
    """Make table `rejected` of `ROW` and `REASON`: what is judged so, and duplicates.

    Rows are compared cell by cell, but only those of equal hashes. Exact copies are judged as the
    source has them; rows that agree in key columns are compared where all keys are present and no
    other rule rejects them.
    """
    connection = source.connection
    connection.execute(
        f"CREATE TEMP TABLE rejected AS SELECT {ROW}, {REASON} FROM judged "
        f"WHERE {REASON} IS NOT NULL"
    )
    if not rules.drop_duplicates:
        return
    declared = rules.drop_duplicates if rules.drop_duplicates is not True else Duplicates()
    asked = f"WHERE {REASON} IS NULL" if declared.by else ""
    connection.execute(
        f"CREATE TEMP TABLE alike AS SELECT {ROW} FROM judged SEMI JOIN (SELECT {COPY} FROM judged "
        f"{asked} GROUP BY {COPY} HAVING count(*) > 1) USING ({COPY}) {asked}"
    )
    if not connection.execute("SELECT count(*) FROM alike").fetchall()[0][0]:
        return
    keys = ", ".join(map(name, declared.by) if declared.by else _lists(source.columns))
    present = "".join(f" AND {name(column)} IS NOT NULL" for column in declared.by)
    reason = f"duplicate by {', '.join(map(shown, declared.by))}" if declared.by else "duplicate"
    connection.execute(
        f"CREATE TEMP TABLE copies AS SELECT {ROW} FROM (SELECT {ROW}, "
        f"row_number() OVER (PARTITION BY {keys} ORDER BY {ROW}) AS n, "
        f"count(*) OVER (PARTITION BY {keys}) AS copies FROM {ROWS if declared.by else RAW} "
        f"WHERE {ROW} IN (FROM alike){present}) WHERE {GOES[declared.keep]}"
    )
    connection.execute(f"DELETE FROM rejected WHERE {ROW} IN (FROM copies)")
    connection.execute(f"INSERT INTO rejected SELECT {ROW}, {text(reason)} FROM copies")


def _lists(columns: Mapping[str, Kind]) -> list[str]:
    """SQL of all columns as one list a kind, which DuckDB compares faster than many columns."""
    kinds: dict[Kind, list[str]] = {}
    for column, kind in columns.items():
        kinds.setdefault(kind, []).append(column)
    return [cells(alike) for alike in kinds.values()]
