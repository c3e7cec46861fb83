"""What the columns of a table hold, guessed from its first rows."""

from __future__ import annotations

from dataclasses import replace

from tenfold.cleaning import ColumnPlan
from tenfold.cleaning.spellings import MAX_CATEGORIES as MAX_SPELLINGS
from tenfold.cleaning.spellings import corrections
from tenfold.dataset.profile import is_most
from tenfold.scaffolding.columns import marks, readings, sentinels
from tenfold.scaffolding.columns.first_rows import Cells, FirstRows
from tenfold.scaffolding.columns.guessed_column import GuessedColumn
from tenfold.scaffolding.columns.missing_words import MissingWords
from tenfold.scaffolding.columns.readings import Reading

__all__ = ["FirstRows", "GuessedColumn", "MissingWords", "guess_columns"]


def guess_columns(
    first: FirstRows, target: str, decimal: str
) -> tuple[dict[str, GuessedColumn], MissingWords]:
    """Every column of a table, and the texts that mean no value in it."""
    known = decimal if decimal == "," else _known_decimal(first)
    found = {
        column: readings.read(cells, decimal, known, is_target=column == target)
        for column, cells in first.columns.items()
    }
    missing = MissingWords.of(found)
    return {
        column: _guess(cells, found[column], missing.markers(column), decimal, first.copies)
        for column, cells in first.columns.items()
    }, missing


def _guess(
    cells: Cells, reading: Reading, markers: tuple[str, ...], decimal: str, copies: int
) -> GuessedColumn:
    plan = readings.planned(cells.plan(markers, decimal), reading)
    numbers = cells.numbers(plan) if plan.kind != "text" else None
    sentinel = sentinels.find(numbers)
    spellings: list[str] = []
    if sentinel and cells.given == "text":
        spellings = cells.spellings(plan, sentinel.value)
    elif sentinel and cells.given != "date":
        spellings = [f"{sentinel.value:.15g}"]
    if sentinel and sentinel.is_sure:
        plan = replace(plan, markers=(*markers, *spellings))
        numbers = cells.numbers(plan)
    present, distinct = (numbers.present, numbers.distinct) if numbers else cells.count(plan)
    measures = plan.texts.number_format is not None
    is_whole = numbers is not None and numbers.are_whole and not measures
    return GuessedColumn(
        plan=plan,
        reading=reading,
        kind="integer" if reading.kind == "double" and is_whole else reading.kind,
        rows=cells.rows,
        copies=copies,
        present=present,
        distinct=distinct,
        numbers=numbers,
        sentinel=sentinel,
        spellings=tuple(spellings),
        corrections=_corrections(cells, plan, present, distinct),
    )


def _corrections(cells: Cells, plan: ColumnPlan, present: int, distinct: int) -> dict[str, str]:
    if plan.kind != "text" or distinct > MAX_SPELLINGS or is_most(distinct, present):
        return {}
    return corrections(cells.words(plan, MAX_SPELLINGS))


def _known_decimal(first: FirstRows) -> str | None:
    """The decimal point, if some column has one that groups no digits."""
    for cells in first.columns.values():
        if cells.given == "text":
            points = [one for one in cells.sample if marks.DECIMAL_POINT.fullmatch(one)]
            if 2 * len(points) > len(cells.sample):
                return "."
    return None
