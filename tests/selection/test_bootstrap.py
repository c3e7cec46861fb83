"""Intervals of test scores, and when there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tenfold.dataset import Dataset, Schema
from tenfold.metrics import METRICS, Array, Metric
from tenfold.selection import bootstrap
from tenfold.selection.bootstrap import Interval, intervals


def table(y: Any, classes: tuple[str, ...] = (), groups: Any = None) -> Dataset:
    schema = Schema("binary" if classes else "regression", "y", ("x",), (), classes, ())
    y, rows = np.asarray(y), np.arange(len(y))
    return Dataset(schema, pd.DataFrame({"x": rows}), y, rows, None, groups)


def width(interval: Interval | str) -> float:
    assert isinstance(interval, Interval), interval
    return interval.high - interval.low


def reference(values: Array) -> tuple[float, float]:
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=9999, method="percentile", rng=np.random.default_rng(1)
    )
    low, high = found.confidence_interval
    return float(low), float(high)


@pytest.mark.parametrize("metric", ["mse", "mae", "mean_error"])
def test_the_interval_of_a_mean_is_that_of_scipy(
    metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a metric of one's own, which is computed anew for each of fewer resamples."""

    def mean_error(y: Any, prediction: Array) -> float:
        return float(np.mean(y - prediction))

    monkeypatch.setitem(METRICS, "mean_error", Metric(mean_error, "minimize", ("regression",)))
    rng = np.random.default_rng(0)
    y, prediction = rng.normal(size=300), rng.normal(size=300)
    error = y - prediction
    losses = {"mse": error**2, "mae": np.abs(error), "mean_error": error}
    low, high = reference(losses[metric])
    found = intervals([metric], table(y), prediction)[metric]
    assert isinstance(found, Interval)
    share = 0.2 if metric == "mean_error" else 0.08
    assert (found.low, found.high) == pytest.approx((low, high), abs=share * (high - low))


def test_whole_groups_are_drawn() -> None:
    """Rows of a group err alike: the mean over 40 groups, as scipy draws these."""
    rng = np.random.default_rng(0)
    errors = np.repeat(rng.normal(size=40), 5)
    shuffled = rng.permutation(200)
    groups = np.repeat(np.arange(40), 5)[shuffled]
    y, prediction = errors[shuffled], np.zeros(200)
    low, high = reference(errors[::5] ** 2)
    found = intervals(["mse"], table(y, groups=groups), prediction)["mse"]
    assert isinstance(found, Interval)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.08 * (high - low))
    assert width(found) > 1.7 * width(intervals(["mse"], table(y), prediction)["mse"])


def test_a_lower_level_gives_a_narrower_interval() -> None:
    rng = np.random.default_rng(0)
    y, prediction = rng.normal(size=100), rng.normal(size=100)
    wide, narrow = (
        intervals(["mse"], table(y), prediction, level=level)["mse"] for level in (0.95, 0.8)
    )
    assert width(narrow) == pytest.approx(width(wide) * 1.28 / 1.96, rel=0.1)


def probabilities(p: Any) -> Array:
    return np.stack([1 - np.asarray(p), p], axis=1)


RANDOM = probabilities(np.random.default_rng(0).random(60))


@pytest.mark.parametrize(
    ("y", "prediction", "groups", "metric", "why"),
    [
        ([0, 1] * 5, RANDOM[:10], None, "accuracy", "10 test rows are too few to tell"),
        ([0, 1] * 30, RANDOM, np.arange(60) // 6, "auroc", "10 test groups are too few to tell"),
        ([0] * 60, RANDOM, None, "auroc", "0 test rows of class 'yes' are too few to tell"),
        ([0] * 57 + [1] * 3, RANDOM, None, "auroc", "3 test rows of class 'yes' are too few"),
        (
            [0] * 40 + [1] * 20,
            RANDOM,
            np.append(np.arange(40), np.full(20, 40)),
            "auroc",
            "1 test groups of class 'yes' are too few",
        ),
        ([0, 1] * 30, probabilities([0.1, 0.9] * 30), None, "accuracy", "all resamples score"),
        ([0, 1] * 30, probabilities([0.1, 0.9] * 30), None, "auroc", "all resamples score"),
    ],
)
def test_no_interval_is_made_up(
    y: list[int], prediction: Array, groups: Any, metric: str, why: str
) -> None:
    found = intervals([metric, "log_loss"], table(y, ("no", "yes"), groups), prediction)
    assert str(found[metric]).startswith(why)


def test_a_score_without_a_class_may_have_an_interval_where_auroc_has_none() -> None:
    found = intervals(["auroc", "log_loss"], table([0] * 60, ("no", "yes")), RANDOM)
    assert isinstance(found["auroc"], str)
    assert width(found["log_loss"]) > 0


def test_a_metric_that_resamples_leave_undefined_has_no_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of_thirds(y: Any, prediction: Array) -> float:
        if y.sum() % 3:
            raise ValueError("the number of the second class must be a multiple of three")
        return float(y.mean())

    monkeypatch.setitem(METRICS, "of_thirds", Metric(of_thirds, "minimize", ("binary",)))
    found = intervals(["of_thirds"], table([0, 1] * 30, ("no", "yes")), RANDOM)
    assert found["of_thirds"] == "it is not defined on most resamples"


def test_the_same_rows_have_the_same_interval() -> None:
    y = table([0, 1] * 30, ("no", "yes"))
    first, second = (intervals(["auroc", "brier"], y, RANDOM) for _ in range(2))
    assert first == second


def test_a_row_that_comes_again_is_one_unit() -> None:
    units = bootstrap.Units.of(table(np.zeros(4)), np.array([2, 0, 2, 3]))
    assert units.of_row.tolist() == [1, 0, 1, 2]
    assert units.n == 3
