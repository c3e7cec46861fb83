"""Cells that are changed: white space is trimmed, texts are replaced; and how many are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tenfold.cleaning import moments
from tenfold.cleaning.column_groups import Change
from tenfold.cleaning.plan import CleaningPlan
from tenfold.runtime import shown

TRIMMED = "white space trimmed"
RESPELLED = "written as one category (3.0 is 3, TRUE is true)"
OFFSET = {
    "utc": "moved to UTC by the offset (clean.types can keep the clock's hours: offset: local)",
    "local": "offset left out, the clock's hours kept",
}


@dataclass(frozen=True)
class Edit:
    """What may be changed in cells; column `name` says in which rows it is."""

    name: str
    changed: Change
    words: str


def edits(plan: CleaningPlan) -> Iterator[Edit]:
    """What may be changed in the cells of every column."""
    for number, group in enumerate(plan.groups):
        trimming, respelling = group.trimming(), group.respelling()
        if trimming:
            yield Edit(f"tenfold_trimmed_{number}", trimming, TRIMMED)
        if respelling:
            yield Edit(f"tenfold_respelled_{number}", respelling, RESPELLED)
    for number, (column, reader) in enumerate(plan.columns.items()):
        if reader.replaced:
            changed = Change(reader.is_replaced(), [column])
            yield Edit(f"tenfold_replaced_{number}", changed, "replaced")
        if reader.wanted == "date" and reader.given == "text":
            sql = moments.has_offset(reader.words(), reader.texts.date_format)
            changed = Change(f"coalesce({sql}, false)", [column])
            yield Edit(f"tenfold_offset_{number}", changed, OFFSET[reader.texts.date_format.offset])


def count(connection: Any, judged: str, made: list[Edit]) -> dict[str, int]:
    """What was changed, in words -> in how many cells, where in any of a relation of edits."""
    found: Counter[str] = Counter()
    single = [edit for edit in made if not edit.changed.is_list]
    if single:
        sums = ", ".join(f"count(*) FILTER ({edit.name})" for edit in single)
        counts = connection.execute(f"SELECT {sums} FROM {judged}").fetchall()[0]
        for edit, number in zip(single, counts, strict=True):
            found[shown(f"{edit.changed.columns[0]}: {edit.words}")] += number
    for edit in made:
        if edit.changed.is_list:
            counts = connection.execute(
                f"SELECT place, count(*) FROM (SELECT unnest({edit.name}) AS changed, "
                f"generate_subscripts({edit.name}, 1) AS place FROM {judged} "
                f"WHERE {edit.name} IS NOT NULL) WHERE changed GROUP BY place"
            ).fetchall()
            for place, number in counts:
                found[shown(f"{edit.changed.columns[place - 1]}: {edit.words}")] += number
    return {words: number for words, number in found.items() if number}
