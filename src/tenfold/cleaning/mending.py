"""What is changed in cells: white space that goes, texts that are replaced; and in how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.cleaning import grouping
from tenfold.cleaning.cells import KINDS, Cell
from tenfold.params import Clean
from tenfold.runtime import shown
from tenfold.sources import Kind, text

TRIMMED, REPLACED = "tenfold_trimmed_", "tenfold_replaced_"
TRIM = "white space trimmed"


@dataclass(frozen=True)
class Mark:
    """What is changed in cells: `name` is the column that says in which rows.

    Of many columns that are read alike it is a list, NULL where nothing is changed.
    """

    name: str
    sql: str
    words: str
    columns: Sequence[str] = ()


def marks(
    read: Mapping[str, Cell],
    rules: Clean,
    guesses: Mapping[str, Kind | None],
    bare: Mapping[str, str] | None = None,
) -> list[Mark]:
    """What may be changed in the cells of every column; `bare` may name what holds `Cell.bare`."""
    bare = bare or {}
    undeclared = [cell for column, cell in read.items() if column in guesses]
    groups = grouping.groups(undeclared, guesses, rules.drop_columns)
    grouped = {column for group in groups for column in group.columns}
    found = []
    for number, (column, cell) in enumerate(read.items()):
        cast = rules.cast(column)
        # White space around a number is no part of it.
        kind = KINDS[cast.type] if cast else guesses[column]
        spaced = cell.trim and cell.given == "text" and not cell.sure
        if column not in grouped and spaced and kind == "text":
            changed = f"coalesce({cell.loses_space(bare.get(column, ''))}, false)"
            found.append(Mark(f"{TRIMMED}{number}", changed, f"{column}: {TRIM}"))
        if cell.replaced:
            old = ", ".join(map(text, cell.replaced))
            plain = cell.trimmed if cell.given == "text" else f"{cell.raw}::VARCHAR"
            changed = f"coalesce({plain} IN ({old}), false)"
            found.append(Mark(f"{REPLACED}{number}", changed, f"{column}: replaced"))
    for group in groups:
        if group.trimmed():
            found.append(Mark(group.trimmed_name, group.trimmed(), TRIM, group.columns))
    return found


def mended(connection: Any, judged: str, marks: Sequence[Mark]) -> dict[str, int]:
    """What was changed, in words -> in how many cells, where in any of a relation of marks."""
    single = [mark for mark in marks if not mark.columns]
    found: Counter[str] = Counter()
    if single:
        sums = ", ".join(f"count(*) FILTER ({mark.name})" for mark in single)
        counts = connection.execute(f"SELECT {sums} FROM {judged}").fetchall()[0]
        for mark, count in zip(single, counts, strict=True):
            found[shown(mark.words)] += count
    for mark in marks:
        if mark.columns:
            counts = connection.execute(
                f"SELECT place, count(*) FROM (SELECT unnest({mark.name}) AS changed, "
                f"generate_subscripts({mark.name}, 1) AS place FROM {judged} "
                f"WHERE {mark.name} IS NOT NULL) WHERE changed GROUP BY place"
            ).fetchall()
            for place, count in counts:
                found[shown(f"{mark.columns[place - 1]}: {mark.words}")] += count
    return {words: count for words, count in found.items() if count}
