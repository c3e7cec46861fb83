"""Cells that do not fit their declared type, and dates of unlikely years: in words, with lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tenfold import sources
from tenfold.cleaning.columns import ColumnPlan
from tenfold.cleaning.duplicates import SUSPECTS
from tenfold.cleaning.rules import JudgedRows
from tenfold.dataset import ROW, dates
from tenfold.runtime import shown
from tenfold.sources import Source, name

# Values that a sentence quotes.
MAX_VALUES = 5
# Columns of dates that are looked at together.
WIDTH = 100


def unfit_cells(judged: JudgedRows, rejected: Mapping[str, int]) -> Iterator[str]:
    """A sentence for every declared column with cells that do not fit, whose rows are rejected."""
    source = judged.plan.source
    if not any(reason.startswith("type: ") for reason in rejected):
        return
    for column in judged.plan.columns.values():
        if column.cast and column.wanted != "text":
            # Rows that go are stored as the source has them.
            own = replace(column, given=source.columns[column.name], is_typed=False)
            sentence = _unfit(source, own)
            if sentence:
                yield sentence


def _unfit(source: Source, column: ColumnPlan) -> str | None:
    found = source.connection.execute(
        "SELECT cell, count(*) AS n, min(line) AS first, sum(n) OVER (), count(*) OVER () "
        f"FROM (SELECT {column.raw}::VARCHAR AS cell, {ROW} AS line FROM {SUSPECTS} "
        f"WHERE {column.unfit()}) GROUP BY cell ORDER BY n DESC, first LIMIT {MAX_VALUES}"
    ).fetchall()
    if not found:
        return None
    total, different = found[0][3:]
    cells = "; ".join(
        f"{shown(repr(cell))} in {source.where(first)}" + (f" and {n - 1} more" if n > 1 else "")
        for cell, n, first, *_ in found
    )
    form = column.cast and column.cast.format
    wanted = f"{column.wanted} as {form}" if form else column.wanted
    others = different - MAX_VALUES
    more = f"; {others} other value{'s' if others > 1 else ''}" if others > 0 else ""
    return (
        f"{shown(column.name)}: {total} {'cells are' if total > 1 else 'cell is'} not "
        f"{wanted}, whose rows are rejected ({cells}{more}): say how they are written in "
        f"clean.types, or what means no value in clean.column_missing_values"
    )


def unlikely_dates(judged: JudgedRows, table: Path, columns: Sequence[str]) -> Iterator[str]:
    """A sentence for every column of dates with years that are not expected in it."""
    for start in range(0, len(columns), WIDTH):
        part = columns[start : start + WIDTH]
        selected = []
        for column in part:
            cell, (first, last) = name(column), _years(judged, column)
            odd = f"FILTER (year({cell}) NOT BETWEEN {first} AND {last})"
            selected += [f"count(*) {odd}", f"min({ROW}) {odd}", f"arg_min({cell}, {ROW}) {odd}"]
        found = judged.plan.source.connection.execute(
            f"SELECT {', '.join(selected)} FROM {sources.rows_of(table)}"
        ).fetchall()[0]
        for number, column in enumerate(part):
            n, row, date = found[3 * number : 3 * number + 3]
            if n:
                first, last = _years(judged, column)
                yield (
                    f"{shown(column)}: {n} {'dates lie' if n > 1 else 'date lies'} outside the "
                    f"years {first} to {last} (first: {date:%d} {date:%b} {date.year:04} in "
                    f"{judged.plan.source.where(row)}): check format, or declare years in "
                    "clean.types"
                )


def _years(judged: JudgedRows, column: str) -> tuple[int, int]:
    plan = judged.plan.columns.get(column)
    first, last = (plan and plan.cast and plan.cast.years) or dates.YEARS
    return first, last
