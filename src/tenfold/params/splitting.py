"""`split:`: the test rows, and the folds of the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from tenfold.metrics import Task
from tenfold.params.section import Section, Text

Strategy = Literal["auto", "random", "stratified", "grouped", "time", "given"]

# strategy: the key that names the column it needs.
REQUIRED_KEY = {"grouped": "group", "time": "time", "given": "column"}
# key: the strategies that use it; the other keys are for all.
USED_BY: dict[str, tuple[Strategy, ...]] = {
    "test_size": ("auto", "random", "stratified", "grouped", "time"),
    "n_repeats": ("auto", "random", "stratified", "grouped"),
    "n_bins": ("stratified",),
    "group": ("grouped", "time"),
    "time": ("time",),
    "time_is_feature": ("time",),
    "gap": ("time",),
    "column": ("given",),
    "copies": ("auto", "random", "stratified", "grouped", "given"),
}

DURATION = re.compile(r"(\d+) (second|minute|hour|day|week)s?")
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


class Split(Section):
    """The hold-out test rows, and the folds of the rest."""

    strategy: Strategy = Field(
        "auto", description="auto: stratified for classes, random for regression."
    )
    test_size: float = Field(0.2, gt=0, lt=1, description="Share of rows kept for the last test.")
    n_splits: int = Field(10, ge=2, description="Folds of cross-validation.")
    n_repeats: int = Field(1, ge=1, le=1000, description="Times the folds are drawn anew.")
    n_bins: int = Field(
        10, ge=2, description="stratified, for regression: quantile bins of the target."
    )
    group: Text | None = Field(
        None,
        description="grouped: the column whose values are never parted; no feature. time: with it, "
        "later rows of groups that were not learnt from.",
    )
    time: Text | None = Field(
        None, description="time: the column that orders the rows; numbers, dates or ISO texts."
    )
    time_is_feature: bool = Field(False, description="time: whether models see that column too.")
    gap: Annotated[int, Field(ge=0)] | Text = Field(
        0,
        description="time: rows, or a duration such as `7 days`, left out before validation rows "
        "and before test rows.",
    )
    column: Text | None = Field(
        None, description="given: the column that says test, train, or a row's fold; no feature."
    )
    copies: Literal["auto", "together", "independent"] = Field(
        "auto",
        description="Rows that are equal in all features: on one side of every split, or drawn "
        "like any others. auto: independent where more than a tenth of the rows are copies and "
        "the features have few values.",
    )

    @property
    def strategy_columns(self) -> dict[str, str]:
        """The columns, other than the target, that the strategy reads: key -> name."""
        named = {"group": self.group, "time": self.time, "column": self.column}
        return {key: column for key, column in named.items() if column is not None}

    @property
    def gap_microseconds(self) -> int | None:
        """The gap in microseconds; None if it is a number of rows."""
        found = DURATION.fullmatch(self.gap) if isinstance(self.gap, str) else None
        return found and int(found[1]) * SECONDS[found[2]] * 1_000_000

    @field_validator("gap")
    @classmethod
    def _gap(cls, value: int | str) -> int | str:
        if isinstance(value, str) and not DURATION.fullmatch(value):
            raise ValueError(
                "a gap must be a number of rows, or a duration in seconds, minutes, hours, days or "
                f"weeks such as '7 days', but got {value!r}"
            )
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Split:
        needed = REQUIRED_KEY.get(self.strategy)
        if needed and getattr(self, needed) is None:
            raise ValueError(
                f"strategy: {self.strategy} needs {needed}, the name of a column: add it"
            )
        for key, strategies in USED_BY.items():
            declared = getattr(self, key) != type(self).model_fields[key].default
            if declared and self.strategy not in strategies:
                cure = f"set strategy: {strategies[0]}, or remove {key}"
                if key == "group":
                    cure = (
                        "set strategy: grouped, which asks about new groups, or time, which asks "
                        "about later rows of new groups; or remove group: the column is a feature "
                        "then, unless clean.drop_columns names it"
                    )
                raise ValueError(
                    f"{key} is not for strategy: {self.strategy}, but for {', '.join(strategies)}: "
                    + (cure if len(strategies) == 1 or key == "group" else f"remove {key}")
                )
        return self


def check(split: Split, task: Task, target: str, dropped: Sequence[str]) -> None:
    """Raise ValueError if a split contradicts the rest of the experiment."""
    if task != "regression" and split.n_bins != Split.model_fields["n_bins"].default:
        raise ValueError(
            f"split.n_bins is for task: regression, but task is {task}, whose classes are the "
            "strata: remove it"
        )
    columns = split.strategy_columns
    for key, column in columns.items():
        if column == target:
            raise ValueError(
                f"split.{key} must not be data.target, but both are {target!r}: name another column"
            )
        if column in dropped:
            raise ValueError(
                f"clean.drop_columns must not hold split.{key}, but got {column!r}: remove it there"
            )
    if len(set(columns.values())) < len(columns):
        raise ValueError(
            f"split.{' and split.'.join(columns)} must differ, but both are "
            f"{next(iter(columns.values()))!r}: name another column"
        )
