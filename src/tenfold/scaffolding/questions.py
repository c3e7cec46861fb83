"""What a person must decide or know of a guessed table, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenfold.runtime import shown
from tenfold.scaffolding.columns import GuessedColumn
from tenfold.scaffolding.columns.readings import MAX_NAMED
from tenfold.scaffolding.flow_yaml import flow
from tenfold.scaffolding.target import GuessedTarget
from tenfold.sources import sql

# A row of units has words in so many columns of numbers.
MIN_UNITS = 2
# Seconds since 1970 from 1990 to 2100.
EPOCHS = (631_152_000, 4_102_444_800)
# Spellings whose replacement is written out.
MAX_CORRECTIONS = 20


def ask(
    columns: Mapping[str, GuessedColumn],
    target: str,
    first_row: Mapping[str, Any],
    guessed: GuessedTarget,
) -> Iterator[str]:
    """Every question, by column.

    Args:
        columns: as their cells show them.
        target: the column to predict.
        first_row: the cells of the first row.
        guessed: what the target is.
    """
    units = _units(columns, first_row)
    if units:
        listed = ", ".join(f"{units[name]!r} in {shown(name)}" for name in list(units)[:MAX_NAMED])
        more = ", ..." if len(units) > MAX_NAMED else ""
        yield (
            f"the first row holds words among numbers ({listed}{more}), as of units: it is rejected"
        )
    if guessed.left_out:
        yield f"{shown(target)}: {guessed.why_left_out}"
    for name, column in columns.items():
        reading = column.reading
        offer = f"; to read all alike: clean.types: {flow({name: reading.offer})}"
        for question in reading.questions:
            yield f"{shown(name)}: {question}{offer if reading.offer else ''}"
        if name != target and reading.digits and column.useless:
            yield (
                f"{shown(name)}: is left out, though cells such as {reading.digits!r} hold "
                "numbers: clean.derive can make a column of them"
            )
        if name != target and _is_epoch(column):
            taken = "is left out as an id" if column.is_id else "is taken for a number"
            yield (
                f"{shown(name)}: {taken}: if it counts seconds since 1970, a date: "
                f"clean.derive: {flow({f'{name}_date': _epoch_sql(name, column)})}"
            )
        if name != target and reading.is_time_of_day:
            yield (
                f"{shown(name)}: times of a day are taken for text: as hours: "
                f"clean.derive: {flow({f'{name}_hours': _hours_sql(name)})}"
            )
        odd = {word: rows for word, rows in reading.odd.items() if word != units.get(name)}
        if odd:
            yield f"{shown(name)}: {_odd(odd)}"
        yield from _sentinel(name, column, is_target=name == target)
        if column.corrections:
            yield f"{shown(name)}: {_spellings(name, column)}"


def _is_epoch(column: GuessedColumn) -> bool:
    found = column.numbers
    if found is None or column.kind == "date":
        return False
    return any(
        EPOCHS[0] * unit <= found.least <= found.greatest <= EPOCHS[1] * unit for unit in (1, 1000)
    )


def _epoch_sql(name: str, column: GuessedColumn) -> str:
    assert column.numbers is not None
    microseconds = 1_000_000 if column.numbers.greatest <= EPOCHS[1] else 1000
    return f"make_timestamp(({sql.name(name)} * {microseconds})::BIGINT)"


def _hours_sql(name: str) -> str:
    hours, minutes = (f"CAST(split_part({sql.name(name)}, ':', {n}) AS DOUBLE)" for n in (1, 2))
    return f"{hours} + {minutes} / 60"


def _units(columns: Mapping[str, GuessedColumn], first_row: Mapping[str, Any]) -> dict[str, str]:
    """The odd cells of the first row, where several columns have one: a header of units."""
    found = {
        name: first_row[name]
        for name, column in columns.items()
        if first_row.get(name) in column.reading.odd
    }
    return found if len(found) >= MIN_UNITS else {}


def _odd(odd: Mapping[str, int]) -> str:
    n = sum(odd.values())
    listed = ", ".join(map(repr, list(odd)[:MAX_NAMED]))
    such = "such as " if len(odd) > MAX_NAMED else ""
    cells = "1 cell does" if n == 1 else f"{n} cells do"
    return f"{cells} not fit ({such}{listed}): the rows are rejected"


def _sentinel(name: str, column: GuessedColumn, *, is_target: bool) -> Iterator[str]:
    found = column.sentinel
    if found and (is_target or not found.is_sure):
        value = column.spellings[0] if column.spellings else f"{found.value:g}"
        yield (
            f"{shown(name)}: {value} in {found.rows} cells, far {found.where} all others: if it "
            "means no value, say so in clean.column_missing_values"
        )


def _spellings(name: str, column: GuessedColumn) -> str:
    found = dict(list(column.corrections.items())[:MAX_CORRECTIONS])
    pairs = ", ".join(f"{odd!r} and {meant!r}" for odd, meant in list(found.items())[:MAX_NAMED])
    more = ", ..." if len(column.corrections) > MAX_NAMED else ""
    return f"{pairs}{more} look alike: if they are one, clean.replace: {flow({name: found})}"
