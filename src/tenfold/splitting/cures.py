"""Changes of params.yaml after which a table can be split: each was tried."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np

from tenfold.metrics import named
from tenfold.params import Split
from tenfold.sources import name as sql_name
from tenfold.splitting.strategy import SplitColumns

# Enough to choose from.
MAX_CURES = 3
# Fewer folds are tried one by one.
FEW_FOLDS = range(2, 10)
# Larger tests are tried for classes that are absent from it.
TEST_SIZES = (0.3, 0.4, 0.5)
# Shares of the rows, in time order, that are kept when early ones are dropped.
KEPT = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
# Keys that the strategy `auto` does not take.
NOT_AUTO = ("group", "time", "column", "gap", "time_is_feature")


@dataclass(frozen=True)
class Experiment:
    """What decides whether a table can be split."""

    columns: SplitColumns
    rules: Split
    metrics: Sequence[str]

    def setting(self, **rules: object) -> Experiment:
        """The experiment with other keys of `split:`."""
        return replace(self, rules=self.rules.model_copy(update=rules))


# In words, and as the experiment that it makes.
Change = tuple[str, Experiment]


def cures(experiment: Experiment, fits: Callable[[Experiment], bool]) -> str:
    """Changes that work, in words, the smallest first.

    Args:
        experiment: one that does not fit.
        fits: whether one can be split, and its metrics are defined on all parts.
    """
    working = (
        next((words for words, other in change if fits(other)), None)
        for change in _changes(experiment)
    )
    found = islice(filter(None, working), MAX_CURES)
    return ", or ".join(found) or "name another target, or add rows"


def _changes(experiment: Experiment) -> Iterator[Iterable[Change]]:
    """Changes of one kind after another, each with its alternatives."""
    rules, metrics = experiment.rules, experiment.metrics
    undefined = [
        name for name in metrics if named(name).every_class or named(name).different_values
    ]
    without = replace(experiment, metrics=[name for name in metrics if name not in undefined])
    removing = f"remove the metric {' and '.join(undefined)}"
    yield _fewer_folds(experiment, "lower split.n_splits to")
    yield _shorter_gap(experiment)
    yield _larger_test(experiment)
    if undefined and without.metrics:
        lower = _fewer_folds(without, f"{removing}, and lower split.n_splits to")
        yield chain([(removing, without)], lower)
    elif undefined:
        other = "log_loss" if experiment.columns.classes else "mse"
        words = f"name metric {other} in place of {' and '.join(undefined)}"
        yield [(words, replace(experiment, metrics=[other]))]
    if not experiment.columns.classes and rules.strategy in ("auto", "random"):
        yield [("set split.strategy: stratified", experiment.setting(strategy="stratified"))]
    yield _later_rows(experiment)
    if rules.strategy == "time" and rules.group is not None:
        words = "remove split.group (scores are of later rows then)"
        yield [(words, experiment.setting(group=None))]
    if rules.strategy not in ("auto", "stratified"):
        by_chance = Split(n_splits=rules.n_splits, test_size=rules.test_size)
        keys = [f"split.{key}" for key in NOT_AUTO if key in rules.model_fields_set]
        removing = f" and remove {' and '.join(keys)}" if keys else ""
        words = f"set split.strategy: auto{removing} (scores are of rows drawn by chance then)"
        yield [(words, replace(experiment, rules=by_chance))]


def _fewer_folds(experiment: Experiment, words: str) -> Iterator[Change]:
    rules = experiment.rules
    # Given folds are as many as the column names.
    if rules.strategy != "given" or rules.n_splits != Split.model_fields["n_splits"].default:
        tried = {rules.n_splits - 1, rules.n_splits // 2, *FEW_FOLDS}
        for n in sorted(tried, reverse=True):
            if 1 < n < rules.n_splits:
                yield f"{words} {n}", experiment.setting(n_splits=n)


def _shorter_gap(experiment: Experiment) -> Iterator[Change]:
    number, _, unit = str(experiment.rules.gap).partition(" ")
    length = int(number)
    while length:
        length //= 2
        gap = f"{length} {unit}" if unit else length
        yield f"lower split.gap to {gap}", experiment.setting(gap=gap)


def _larger_test(experiment: Experiment) -> Iterator[Change]:
    rules = experiment.rules
    for size in TEST_SIZES:
        if size > rules.test_size and rules.strategy != "given":
            yield f"raise split.test_size to {size}", experiment.setting(test_size=size)


def _later_rows(experiment: Experiment) -> Iterator[Change]:
    """Without the earliest rows a class may begin early enough."""
    columns, times = experiment.columns, experiment.columns.times
    if times is None or experiment.rules.time is None:
        return
    ordered = np.sort(times.values)
    for share in KEPT:
        start = ordered[round((1 - share) * len(ordered))]
        value = times.shown(start)
        literal = f"'{value.removesuffix('T00:00:00')}'" if times.dated else value
        rule = f"{sql_name(experiment.rules.time)} >= {literal}"
        later = columns.only(times.values >= start)
        if len(np.unique(later.y)) >= len(columns.classes):
            # A text in double quotes is JSON and YAML.
            words = f"keep later rows only with clean.require: {json.dumps([rule])}"
            yield words, replace(experiment, columns=later)
