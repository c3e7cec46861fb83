"""Which families a new project trains, and with how many configurations: what its time can buy."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tenfold import models, runtime
from tenfold.models import Diverged
from tenfold.params import Params, SearchSpace
from tenfold.runtime import UserError
from tenfold.scaffolding.costs import Measurement, Size, forecast

# What a `dvc repro` may take by default.
SECONDS = 300.0
# Seconds of a whole `dvc repro` beside its fits, mostly imports: on two cores.
STAGES_SECONDS = 15.0
FAMILY_SECONDS = 6.0
# Costs are measured where the forecast takes more than this share of the time.
SURE_SHARE = 0.5
# Of more rows a sample says less than the forecast does: a fit of a million rows took twice what
# 25,000 let expect.
MAX_MEASURED_ROWS = 400_000


@dataclass(frozen=True)
class Step:
    """One family with its configurations; a later step of the same family replaces it."""

    family: str
    declared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_configurations(self) -> int:
        """How many are tried."""
        return int(SearchSpace(self.declared, models.parameters(self.family)).size)


def _choices(**leaves: list[Any]) -> dict[str, Any]:
    return {name: {"choices": values} for name, values in leaves.items()}


# What buys most for its time comes first: good configurations of different kinds, then more of
# each. Boosting that is not its default does better on tables of a few thousand rows, as
# docs/init.md shows; a network is worth less than boosting where it takes long.
STEPS = (
    Step("dummy"),
    Step("linear"),
    Step("lightgbm"),
    Step("catboost", {"depth": 6, "l2_leaf_reg": 3.0}),
    Step("lightgbm", _choices(extra_trees=[False, True])),
    Step("linear", _choices(alpha=[1.0, 0.1, 10.0, 100.0])),
    Step("random_forest"),
    Step("catboost", {"l2_leaf_reg": 3.0} | _choices(depth=[6, None])),
    Step("realmlp", {"n_epochs": 32}),
    Step("tabm", {"k": 8, "d_block": 128}),
    Step("realmlp", {"n_epochs": 64}),
    Step("tabm"),
    Step("realmlp", {"n_epochs": 128}),
    Step("realmlp", {"n_epochs": 256}),
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


# A reference, and a model that anybody can check.
N_ALWAYS = 2
# Steps that are worth fewer folds.
N_FIRST = 4

# Seconds of a family, what is declared of it, and its number of configurations.
Cost = Callable[[str, Mapping[str, Any], int], float]


def choose(budget: float, cost: Cost) -> Portfolio:
    """Take the steps that fit into `budget` seconds, in their order; the first two always."""
    chosen: dict[str, Mapping[str, Any]] = {}
    seconds: dict[str, float] = {}
    left_out: dict[str, float | str] = {}
    for step in STEPS:
        try:
            needed = FAMILY_SECONDS + cost(step.family, step.declared, step.n_configurations)
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
    return choose(budget, functools.partial(forecast, size=size))


def plan(
    experiment: Params, size: Callable[[int], Size], n_splits: Sequence[int], budget: float
) -> tuple[int, Portfolio]:
    """The number of folds and the portfolio for a table.

    Costs are measured on a sample if time may be short, and a sample tells of the whole. If the
    first steps do not all fit, fewer folds that let more of them in are better than more folds.

    Args:
        experiment: that would be run, with any families.
        size: of the whole table, with so many folds.
        n_splits: that may be, the best first.
        budget: seconds.
    """
    plans = {n: rough(size(n), budget) for n in n_splits}
    best = plans[n_splits[0]]
    if best.total <= SURE_SHARE * budget and not best.left_out:
        return n_splits[0], best
    if max(size(n_splits[0]).rows) <= MAX_MEASURED_ROWS:
        try:
            with Measurement(experiment, budget) as measured:
                for n in n_splits:
                    cost = functools.partial(measured.seconds, size=size(n))
                    plans[n] = replace(choose(budget, cost), measured=True)
        except UserError:  # Too few rows of something are among those of the sample.
            runtime.check_interrupted()
            return n_splits[0], best
    first = {step.family for step in STEPS[:N_FIRST]}
    n_best = max(n_splits, key=lambda n: len(first & {*plans[n].chosen}))
    return n_best, plans[n_best]
