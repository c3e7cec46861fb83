"""Measure whether a random split would promise too much, and choose one that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tenfold.audit.optimism import SplitComparison, compare_splits
from tenfold.metrics import Task
from tenfold.runtime import shown
from tenfold.scaffolding.columns import GuessedColumn
from tenfold.scaffolding.columns.first_rows import FirstRows
from tenfold.scaffolding.flow_yaml import flow

# Columns of each kind that are measured, which takes half a second each.
MAX_MEASURED = 3


@dataclass(frozen=True)
class HonestSplit:
    """A split by a group or by time, and why.

    Attributes:
        settings: of `split:`.
        found: what a random split would have promised beside it.
        others: comparisons of other columns that matter as well.
    """

    settings: Mapping[str, str]
    found: SplitComparison
    others: tuple[SplitComparison, ...] = ()

    @property
    def reason(self) -> str:
        """Why it is chosen, with both scores."""
        return f"a quick model has {self.found}"

    @property
    def unused(self) -> str:
        """What a person must know if it is not made."""
        return f"rows are split by chance, though {self.reason}: set split: {flow(self.settings)}"

    @property
    def question(self) -> str:
        """What a person must know of it."""
        column = shown(self.found.column)
        if self.found.kind == "group":
            said = f"rows are split by {column}, as if the model is asked about new ones"
            unless = f"if it is asked about the same {column} again"
        else:
            said = f"rows are split by {column}, as if the model is asked about what comes later"
            unless = "if it is not"
        also = "".join(f"; also, {other}" for other in self.others)
        both = f"; both at once: split: {flow(self.both)}" if self.both else ""
        return (
            f"{said}: {self.reason}; {unless}, remove {' and '.join(self.settings)} from split"
            f"{also}{both}"
        )

    @property
    def both(self) -> dict[str, str]:
        """The split that asks about later rows of new groups, if both matter."""
        columns: dict[str, str] = {}
        for found in (self.found, *self.others):
            columns.setdefault(found.kind, found.column)
        return {"strategy": "time", **columns} if len(columns) > 1 else {}


def choose(
    first: FirstRows,
    columns: Mapping[str, GuessedColumn],
    target: str,
    task: Task,
    features: Sequence[str],
    likely: Mapping[Literal["group", "time"], Sequence[str]],
) -> HonestSplit | None:
    """The split by the likely group or time that lowers a quick model's score most, if any does.

    Args:
        first: the rows.
        columns: as they are read.
        target: the column to predict.
        task: what it is.
        features: the columns that models see.
        likely: the columns that may group or order the rows.
    """
    compared = []
    for kind, names in likely.items():
        for name in list(names)[:MAX_MEASURED]:
            seen = {column: columns[column].plan for column in {*features, name, target}}
            frame = first.frame({c: seen[c] for c in columns if c in seen}, whole=name)
            frame = frame[frame[target].notna()]
            compared.append(
                compare_splits(frame, target, task, name, kind, features=list(features))
            )
    matter = sorted(
        (found for found in compared if found is not None and found.matters),
        key=lambda found: found.honest - found.by_chance,
    )
    if not matter:
        return None
    worst, *others = matter
    strategy = "grouped" if worst.kind == "group" else "time"
    settings = {"strategy": strategy, worst.kind: worst.column}
    return HonestSplit(settings, worst, tuple(others))
