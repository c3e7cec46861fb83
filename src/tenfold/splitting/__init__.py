"""Split a clean table by one of `STRATEGIES`: training rows, test rows, and folds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tenfold.dataset import folds
from tenfold.metrics import Task
from tenfold.params import Params, Split
from tenfold.runtime import UserError
from tenfold.splitting import split_columns, split_files, split_report
from tenfold.splitting.chronological import chronological
from tenfold.splitting.cures import Experiment, cures
from tenfold.splitting.feasibility import UnfitParts, check_parts, check_target
from tenfold.splitting.given import given
from tenfold.splitting.grouped import grouped
from tenfold.splitting.later_groups import later_rows_of_new_groups
from tenfold.splitting.scored_target import check_scored_target, find_positive
from tenfold.splitting.shuffled import random, stratified
from tenfold.splitting.split_report import summary
from tenfold.splitting.strategy import SplitColumns, TrainTestSplit

__all__ = ["STRATEGIES", "SplitSettings", "split", "summary"]


def by_time(columns: SplitColumns, rules: Split, seed: int) -> TrainTestSplit:
    """The latest rows are the test; with a group, those of groups that were not learnt from."""
    strategy = chronological if rules.group is None else later_rows_of_new_groups
    return strategy(columns, rules, seed)


STRATEGIES: dict[str, Callable[[SplitColumns, Split, int], TrainTestSplit]] = {
    "random": random,
    "stratified": stratified,
    "grouped": grouped,
    "time": by_time,
    "given": given,
}


@dataclass(frozen=True)
class SplitSettings:
    """What params.yaml says of a split.

    Attributes:
        target: the column to predict.
        task: what the target is.
        rules: how to split.
        metrics: these must be defined on every part.
        seed: of all random draws.
        positive_class: the class of two that is declared positive, if one is.
    """

    target: str
    task: Task
    rules: Split
    metrics: Sequence[str] = ()
    seed: int = 0
    positive_class: bool | int | str | None = None

    @classmethod
    def of(cls, experiment: Params) -> SplitSettings:
        """The settings of a whole params.yaml."""
        return cls(
            experiment.data.target,
            experiment.task,
            experiment.split,
            experiment.metrics,
            experiment.seed,
            experiment.data.positive_class,
        )


def split(table: Path, out: Path, settings: SplitSettings) -> dict[str, Any]:
    """Split a clean table into files in `out` and return the report.

    Rows that are equal in all features fall on the same side, of the hold-out and of every fold;
    so do rows of the same time, where the split is by time.

    Args:
        table: Parquet, as stage clean writes it.
        out: an existing folder; it gets `train.parquet`, `test.parquet` and `folds.parquet`.
        settings: what params.yaml says of the split.

    Raises:
        UserError: if the target does not fit the task, or rows, groups, times or classes are too
            few for the parts asked for.
    """
    task, rules, metrics = settings.task, settings.rules, settings.metrics
    strategy = _strategy(rules, task)
    columns = split_columns.read(table, settings.target, task, rules)
    check_target(columns, task)
    check_scored_target(columns, metrics)
    positive = find_positive(columns, settings.positive_class)

    def fits(other: Experiment) -> bool:
        with contextlib.suppress(UserError):
            drawn = STRATEGIES[_strategy(other.rules, task)](
                other.columns, other.rules, settings.seed
            )
            check_parts(drawn, other.columns, other.metrics)
            return True
        return False

    @contextlib.contextmanager
    def cured() -> Iterator[None]:
        try:
            yield
        except UnfitParts as refused:
            cure = cures(Experiment(columns, rules, metrics), fits)
            raise UserError(f"{refused}: {cure}") from None

    with cured():
        parts = STRATEGIES[strategy](columns, rules, settings.seed)

    def draw_folds() -> dict[str, Any]:
        with cured():
            check_parts(parts, columns, metrics)
        rows = columns.rows[parts.in_train]
        folds.write(out / "folds.parquet", parts.folds, rows)
        return split_report.report(pq.read_schema(table), task, rules, strategy, columns, parts)

    # The rows are written while the folds are drawn.
    with ThreadPoolExecutor(1) as thread:
        report = thread.submit(draw_folds)
        split_files.write(table, out, parts, columns)
        return {**report.result(), "positive_class": positive}


def _strategy(rules: Split, task: Task) -> str:
    if rules.strategy != "auto":
        return rules.strategy
    return "random" if task == "regression" else "stratified"
