"""What a family's fits cost on this machine: by a rule of thumb, or measured on some rows."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tenfold import cleaning, dataset, models, splitting
from tenfold.dataset import Dataset, Schema
from tenfold.models import Diverged, FitSettings
from tenfold.models.shared.network_family import NetworkFamily
from tenfold.params import Params, Split
from tenfold.params.training import Trainer
from tenfold.runtime import TemporaryFolder

# Parameters to which the time of a fit is about proportional.
PROPORTIONAL = ("n_epochs", "n_estimators", "k", "d_block")
# Rows that are cleaned for a measurement, and those that a family meets first.
MAX_ROWS = 100_000
N_FIRST_ROWS = 1000
N_FIRST_EPOCHS = 2
# Every next measurement of a family does this much more work, until one takes long enough.
GROWTH = 4
ENOUGH_SECONDS = 0.5
# A fit on more rows takes more time for each of them, as of sorting or more iterations.
MAX_POWER = 1.3
# Folds that are measured, and the share of the whole time after which nothing more is.
N_FOLDS = 2
MAX_SHARE = 0.05
# What the rule of thumb puts at so many times the whole time is not measured, nor what it puts at
# so small a share. The rule is that of two cores; more cores may hope for more.
HOPELESS, HARMLESS = 1.5, 0.01
# A measurement beyond so many times the rule of thumb is made again, and the faster one counts:
# other work on the machine can slow a short fit down many times over.
DOUBTED = 2.0
N_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Size:
    """What the time of a fit depends on: rows of every fold's training part, and columns."""

    rows: list[int]
    n_columns: int

    @classmethod
    def of(cls, n_rows: int, n_splits: int, n_columns: int) -> Size:
        """The folds of so many training rows."""
        return cls([n_rows * (n_splits - 1) // n_splits] * n_splits, n_columns)


def forecast(family: str, declared: Mapping[str, Any], n_trials: int, size: Size) -> float:
    """Seconds of a family's fits on two cores, by the rough figures that its schema states."""
    schema = models.parameters(family)
    fixed, per_row, per_cell = schema.fit_seconds
    fits = sum(fixed + (per_row + per_cell * size.n_columns) * rows for rows in size.rows)
    for name in PROPORTIONAL:
        value = declared.get(name)
        if isinstance(value, int):
            fits *= value / (schema.model_fields[name].default or Trainer().max_epochs)
    return n_trials * fits


@dataclass(frozen=True)
class Point:
    """Seconds that so much work took; work is rows, for a network rows times epochs."""

    work: float
    seconds: float


def extrapolate(points: list[Point], work: float, most: float = MAX_POWER) -> float:
    """Seconds of more work, from the last two measurements.

    Along their line, whose part that does not grow is paid once; along their power law where time
    grew faster than work, but no faster than the power `most`: what is more is noise.

    >>> extrapolate([Point(1, 2.0), Point(2, 3.0)], 10)
    11.0
    >>> extrapolate([Point(1, 1.0), Point(2, 4.0)], 20, most=1)
    40.0
    """
    last = points[-1]
    before = points[-2] if len(points) > 1 else last
    if last.seconds <= before.seconds:
        return last.seconds * max(work / last.work, 1)
    power = math.log(last.seconds / before.seconds) / math.log(last.work / before.work)
    if power > 1:
        return float(last.seconds * (work / last.work) ** min(power, most))
    slope = (last.seconds - before.seconds) / (last.work - before.work)
    return last.seconds + slope * (work - last.work)


class Measurement:
    """Measures families on rows from all over a table, each when it is asked for, once.

    Args:
        experiment: that would be run, with any families.
        budget: seconds that the whole run may take; measuring takes little of it.

    Raises:
        UserError: if some rows of the table cannot be split as the table is.
    """

    def __init__(self, experiment: Params, budget: float) -> None:
        # How the rows are parted does not matter for the time.
        self.experiment = experiment.model_copy(update={"split": Split(n_splits=N_FOLDS)})
        self.budget = budget
        self.folder = TemporaryFolder("plan")
        self.known: dict[str, list[Point]] = {}
        self.samples: dict[int, Dataset] = {}

    def __enter__(self) -> Measurement:
        self.out = Path(self.folder.__enter__())
        self.start = time.perf_counter()
        experiment = self.experiment
        self.cleaned = cleaning.clean(
            experiment.data, experiment.clean, experiment.task, self.out, limit=MAX_ROWS
        )
        self.table = pq.read_table(self.out / cleaning.TABLE)
        self._sample(N_FIRST_ROWS)
        return self

    def __exit__(self, *error: object) -> None:
        self.folder.__exit__(None, None, None)

    def seconds(self, family: str, declared: Mapping[str, Any], n_trials: int, size: Size) -> float:
        """Of so many configurations of a family on the whole table.

        Raises:
            UserError: if the family cannot be trained on this table; Diverged likewise.
        """
        rough = forecast(family, declared, n_trials, size)
        fixed = {name: value for name, value in declared.items() if not isinstance(value, dict)}
        has_epochs = fixed.pop("n_epochs", None) is not None
        n_folds = len(size.rows)
        work, power = sum(size.rows) / n_folds, MAX_POWER
        if isinstance(models.family(family), NetworkFamily):
            # On large tables a network's loss may improve until the last epoch that it may run.
            n_epochs = self.experiment.trainer.max_epochs
            work, power = work * declared.get("n_epochs", n_epochs), 1.0

        def seconds(points: list[Point]) -> float:
            return n_trials * n_folds / N_FOLDS * extrapolate(points, work, power)

        key = f"{family} {fixed}"
        if key not in self.known:
            spent = time.perf_counter() - self.start
            most = HOPELESS * self.budget * max(N_CORES / 2, 1)
            if not HARMLESS * self.budget < rough < most or spent > MAX_SHARE * self.budget:
                return rough
            points = self._measure(family, fixed, has_epochs)
            if seconds(points) > DOUBTED * rough:
                points = min(points, self._measure(family, fixed, has_epochs), key=seconds)
            self.known[key] = points
        return seconds(self.known[key])

    def _measure(self, family: str, fixed: dict[str, Any], has_epochs: bool) -> list[Point]:
        """The time of more and more work, until it is long enough to tell.

        `fixed` are values other than the defaults; `has_epochs` says whether n_epochs, or the
        trainer's patience, ends the training.
        """
        is_network = isinstance(models.family(family), NetworkFamily)
        n_rows = N_FIRST_ROWS
        work = n_rows * N_FIRST_EPOCHS
        # The first fit of all also imports what it needs.
        epochs = {"n_epochs": N_FIRST_EPOCHS} if has_epochs else {}
        self._fit(family, fixed | epochs, self._sample(n_rows), N_FIRST_EPOCHS)
        points: list[Point] = []
        while True:
            data = self._sample(n_rows)
            n_learnt = len(data.y) / N_FOLDS
            n_epochs = max(1, round(work / len(data.y))) if is_network else 1
            epochs = {"n_epochs": n_epochs} if has_epochs else {}
            taken = self._fit(family, fixed | epochs, data, n_epochs)
            points.append(Point(n_learnt * n_epochs, taken))
            is_whole = n_rows >= len(self.table) and not is_network
            if is_whole or (taken >= ENOUGH_SECONDS and len(points) > 1):
                return points
            n_rows, work = GROWTH * n_rows, GROWTH * work

    def _fit(self, family: str, values: Mapping[str, Any], data: Dataset, n_epochs: int) -> float:
        """Seconds that one configuration takes; a network trains `n_epochs` at most."""
        from tenfold.tuning.evaluation import Evaluator, Inputs

        experiment = self.experiment
        evaluate = Evaluator(
            models.family(family),
            Inputs(data, experiment.preprocessing, None, experiment.seed),
            FitSettings(
                experiment.task,
                self.schema.classes,
                experiment.trainer.model_dump() | {"max_epochs": n_epochs},
            ),
            experiment.metrics[:1],
            experiment.seed,
        )
        start = time.perf_counter()
        (found,) = evaluate([(0, models.parameters(family).model_validate(values))])
        if isinstance(found, Diverged):
            raise found
        return time.perf_counter() - start

    def _sample(self, n_rows: int) -> Dataset:
        """So many rows of the table, or all of them, split into folds."""
        n_rows = min(n_rows, len(self.table))
        if n_rows not in self.samples:
            path = self.out / cleaning.TABLE
            pq.write_table(_spread(self.table, n_rows), path)
            split = splitting.split(path, self.out, splitting.SplitSettings.of(self.experiment))
            reading = {key: self.cleaned[key] for key in ("missing_values", "reading")}
            self.schema = Schema.from_report(split | reading)
            self.samples[n_rows] = dataset.read(
                self.out / "train.parquet", self.schema, self.out / "folds.parquet"
            )
        return self.samples[n_rows]


def _spread(table: pa.Table, n_rows: int) -> pa.Table:
    """So many rows from all over a table, in their order."""
    return table.take(np.linspace(0, len(table) - 1, n_rows).astype(int))
