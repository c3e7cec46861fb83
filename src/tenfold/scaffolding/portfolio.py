"""Which families a new project trains, and with how many configurations: what its time can buy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tenfold import cleaning, dataset, models, runtime, splitting
from tenfold.dataset import Schema
from tenfold.models import Diverged, FitSettings
from tenfold.models.shared.network_family import NetworkFamily
from tenfold.params import Params, SearchSpace, Split
from tenfold.runtime import UserError

# What a `dvc repro` may take by default.
SECONDS = 300.0
# Seconds of a whole `dvc repro` beside its fits, mostly imports: on two cores.
STAGES_SECONDS = 15.0
FAMILY_SECONDS = 6.0
# Costs are measured where the forecast takes more than this share of the time.
SURE_SHARE = 0.5
# Rows that are cleaned for a measurement, rows and epochs that it takes.
MAX_ROWS = 200_000
N_SAMPLE = 4000
N_EPOCHS = 3
# Of trainer.max_epochs, those that a network with patience runs: a guess.
STOPPED_SHARE = 0.6


@dataclass(frozen=True)
class Step:
    """One family with its configurations; a later step of the same family replaces it."""

    family: str
    declared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_configurations(self) -> int:
        """How many are tried."""
        return int(SearchSpace(self.declared, models.parameters(self.family)).size)

    @property
    def n_epochs(self) -> int | None:
        """Epochs that are run, for a family whose budget they are."""
        found: int | None = self.declared.get("n_epochs")
        return found


def _choices(**leaves: list[Any]) -> dict[str, Any]:
    return {name: {"choices": values} for name, values in leaves.items()}


# What buys most for its time comes first: good defaults of different kinds, then more of each.
STEPS = (
    Step("dummy"),
    Step("linear", _choices(alpha=[1.0, 0.1, 10.0, 100.0])),
    Step("lightgbm"),
    Step("catboost"),
    Step("realmlp", {"n_epochs": 32}),
    Step("extra_trees"),
    Step("realmlp", {"n_epochs": 64}),
    Step("tabm"),
    Step("realmlp", {"n_epochs": 128}),
    Step("lightgbm", _choices(extra_trees=[False, True])),
    Step("realmlp", {"n_epochs": 256}),
    Step("random_forest"),
    Step("knn"),
)


@dataclass(frozen=True)
class Portfolio:
    """What is trained, in about how many seconds, and what is left out for want of time.

    Attributes:
        chosen: family -> what is declared of it.
        seconds: family -> forecast of its stages.
        left_out: family -> seconds that it would take, or why it cannot be trained.
        measured: whether the forecast rests on measurements.
    """

    chosen: Mapping[str, Mapping[str, Any]]
    seconds: Mapping[str, float]
    left_out: Mapping[str, float | str]
    measured: bool = False

    @property
    def total(self) -> float:
        """Seconds of the whole `dvc repro`."""
        return STAGES_SECONDS + sum(self.seconds.values())

    def summary(self, budget: float) -> list[str]:
        """The forecast, and what is left out, a line each."""
        said = [f"{', '.join(self.chosen)}: about {duration(self.total)} of {duration(budget)}"]
        if self.total > budget:
            said = [f"{', '.join(self.chosen)} take about {duration(self.total)}, which is more "
                    f"than {duration(budget)}"]  # fmt: skip
        slow = [name for name, why in self.left_out.items() if isinstance(why, float)]
        refused = [f"{name} is left out: {why}" for name, why in self.left_out.items()
                   if isinstance(why, str)]  # fmt: skip
        more = f"left out for want of time: {', '.join(slow)}; --time gives more"
        return said + refused + ([more] if slow else [])


def duration(seconds: float) -> str:
    """Rounded, in words.

    >>> duration(200), duration(5400)
    ('200 s', '90 min')
    """
    if seconds <= 600:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds <= 5400 else f"{seconds / 3600:.1f} h"


@dataclass(frozen=True)
class Size:
    """What the time of a fit depends on: rows of every fold's training part, and columns."""

    rows: list[int]
    n_columns: int

    @classmethod
    def of(cls, n_rows: int, n_splits: int, n_columns: int) -> Size:
        """The folds of so many training rows."""
        return cls([n_rows * (n_splits - 1) // n_splits] * n_splits, n_columns)


# A reference, and a model that anybody can check.
N_ALWAYS = 2

Cost = Callable[[Step], float]


def forecast(family: str, declared: Mapping[str, Any], n_trials: int, size: Size) -> float:
    """Seconds of a family's fits on two cores, by the rough figures that its schema states."""
    schema = models.parameters(family)
    fixed, per_cell = schema.fit_seconds
    fits = sum(fixed + per_cell * rows * size.n_columns for rows in size.rows)
    n_epochs = declared.get("n_epochs")
    if isinstance(n_epochs, int):
        fits *= n_epochs / schema.model_fields["n_epochs"].default
    return n_trials * fits


def choose(budget: float, cost: Cost) -> Portfolio:
    """Take the steps that fit into `budget` seconds, in their order; the first two always."""
    chosen: dict[str, Mapping[str, Any]] = {}
    seconds: dict[str, float] = {}
    left_out: dict[str, float | str] = {}
    for step in STEPS:
        try:
            needed = FAMILY_SECONDS + cost(step)
        except (UserError, Diverged) as refusal:
            left_out[step.family] = str(refusal)
            continue
        others = sum(seconds.values()) - seconds.get(step.family, 0.0)
        fits = STAGES_SECONDS + others + needed <= budget
        if fits or step in STEPS[:N_ALWAYS]:
            chosen[step.family], seconds[step.family] = step.declared, needed
        elif step.family not in chosen:
            left_out.setdefault(step.family, needed)
    return Portfolio(chosen, seconds, {name: why for name, why in left_out.items()
                                       if name not in chosen})  # fmt: skip


def rough(size: Size, budget: float) -> Portfolio:
    """The portfolio by forecasts alone."""
    return choose(
        budget,
        lambda step: forecast(step.family, step.declared, step.n_configurations, size),
    )


def plan(experiment: Params, size: Size, budget: float) -> Portfolio:
    """The portfolio for a table; costs are measured on a sample if time may be short.

    Args:
        experiment: that would be run, with any families.
        size: of the whole table.
        budget: seconds.
    """
    found = rough(size, budget)
    if found.total <= SURE_SHARE * budget and not found.left_out:
        return found
    try:
        with Measurement(experiment, size) as measured:
            return replace(choose(budget, measured.cost), measured=True)
    except UserError:  # Too few rows of something are among those of the sample.
        runtime.check_interrupted()
        return found


class Measurement:
    """Measures families on some rows of a table, each when it is asked for, once."""

    def __init__(self, experiment: Params, size: Size) -> None:
        # How the rows are parted does not matter for the time.
        self.experiment = experiment.model_copy(update={"split": Split(n_splits=2)})
        self.size = size
        self.folder = runtime.TemporaryFolder("plan")
        self.known: dict[str, float] = {}

    def __enter__(self) -> Measurement:
        out = Path(self.folder.__enter__())
        experiment = self.experiment
        table = out / cleaning.TABLE
        cleaned = cleaning.clean(
            experiment.data, experiment.clean, experiment.task, out, limit=MAX_ROWS
        )
        _thin(table, N_SAMPLE)
        split = splitting.split(table, out, splitting.SplitSettings.of(experiment))
        reading = {key: cleaned[key] for key in ("missing_values", "reading")}
        self.schema = Schema.from_report(split | reading)
        self.train = dataset.read(out / "train.parquet", self.schema, out / "folds.parquet")
        self.rows: int = sum(split["learnt_from"])
        return self

    def __exit__(self, *error: object) -> None:
        self.folder.__exit__(None, None, None)

    def cost(self, step: Step) -> float:
        """Seconds of a step, as measured for so many rows, epochs and configurations."""
        if step.family not in self.known:
            self.known[step.family] = self._seconds_per_row(step)
        seconds = self.known[step.family] * sum(self.size.rows) * step.n_configurations
        if not isinstance(models.family(step.family), NetworkFamily):
            return seconds
        n_epochs = step.n_epochs or STOPPED_SHARE * self.experiment.trainer.max_epochs
        return seconds * n_epochs / N_EPOCHS

    def _seconds_per_row(self, step: Step) -> float:
        """Of one configuration; of a network's first `N_EPOCHS`."""
        from tenfold.tuning.evaluation import Evaluator, Inputs

        declared = {"n_epochs": N_EPOCHS} if step.n_epochs else {}
        parameters = models.parameters(step.family).model_validate(declared)
        family, experiment = models.family(step.family), self.experiment
        if isinstance(family, NetworkFamily):
            import tenfold.training.fitting  # noqa: F401  Importing it is no part of a fit.
        trainer = experiment.trainer.model_dump() | {"max_epochs": N_EPOCHS}
        evaluate = Evaluator(
            family,
            Inputs(self.train, experiment.preprocessing, None, experiment.seed),
            FitSettings(experiment.task, self.schema.classes, trainer),
            experiment.metrics,
            experiment.seed,
        )
        start = time.perf_counter()
        (found,) = evaluate([(0, parameters)])
        if isinstance(found, Diverged):
            raise found
        return (time.perf_counter() - start) / self.rows


def _thin(path: Path, n_rows: int) -> None:
    """Keep `n_rows` of a Parquet table, spread over all of it."""
    table = pq.read_table(path)
    if len(table) > n_rows:
        pq.write_table(table.take(np.linspace(0, len(table) - 1, n_rows).astype(int)), path)
