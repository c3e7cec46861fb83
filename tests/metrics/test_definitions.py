"""Metrics against formulas written out by hand, and names with a number."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.metrics import METRICS, Array, named, scores

Row = tuple[float, float]
FEW = settings(max_examples=30)

# metric: its formula for pairs of a true value and a prediction.
OF_NUMBERS: dict[str, Callable[[Sequence[Row]], float]] = {
    "rmse": lambda rows: math.sqrt(math.fsum((p - y) ** 2 for y, p in rows) / len(rows)),
    "rmsle": lambda rows: math.sqrt(
        math.fsum((math.log(1 + max(p, 0)) - math.log(1 + y)) ** 2 for y, p in rows) / len(rows)
    ),
    "median_ae": lambda rows: statistics.median(abs(p - y) for y, p in rows),
    "mape": lambda rows: math.fsum(abs(p - y) / abs(y) for y, p in rows) / len(rows),
    "pinball@0.9": lambda rows: (
        math.fsum(0.9 * (y - p) if y > p else 0.1 * (p - y) for y, p in rows) / len(rows)
    ),
}
ROWS = st.lists(st.tuples(st.floats(0.01, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=20)


@pytest.mark.parametrize("name", OF_NUMBERS)
@FEW
@given(rows=ROWS)
def test_a_metric_of_numbers_is_its_formula(name: str, rows: list[Row]) -> None:
    y, prediction = np.array(rows).T
    found = scores([name], y, prediction)[name]
    assert found == pytest.approx(OF_NUMBERS[name](rows), rel=1e-9, abs=1e-12)


def counts(true: Sequence[bool], predicted: Sequence[bool]) -> tuple[int, int, int]:
    """True positives, false positives, false negatives."""
    pairs = list(zip(true, predicted, strict=True))
    return pairs.count((True, True)), pairs.count((False, True)), pairs.count((True, False))


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


OF_COUNTS: dict[str, Callable[[int, int, int], float]] = {
    "precision": lambda tp, fp, fn: share(tp, tp + fp),
    "recall": lambda tp, fp, fn: share(tp, tp + fn),
    "f1": lambda tp, fp, fn: share(2 * tp, 2 * tp + fp + fn),
}


def case(n_classes: int, draws: Sequence[int]) -> tuple[Any, Array]:
    """Codes with every class, and probabilities of tenths, so that some are equal."""
    rng = np.random.default_rng(draws)
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, rng.integers(0, 20))])
    return y, rng.multinomial(10, np.ones(n_classes) / n_classes, len(y)) / 10


SEEDS = st.lists(st.integers(0, 2**16), min_size=1, max_size=1)


@pytest.mark.parametrize("positive", [0, 1, None])
@pytest.mark.parametrize("threshold", ["", "@0.3", "@0.5"])
@pytest.mark.parametrize("name", OF_COUNTS)
@FEW
@given(draws=SEEDS)
def test_a_metric_of_the_positive_class_is_its_formula(
    name: str, threshold: str, positive: int | None, draws: list[int]
) -> None:
    y, score = case(2, draws)
    code = 1 if positive is None else positive
    predicted = [
        (row[code] >= float(threshold[1:])) if threshold else (row.argmax() == code)
        for row in score
    ]
    expected = OF_COUNTS[name](*counts((y == code).tolist(), list(map(bool, predicted))))
    found = scores([name + threshold], y, score, positive)
    assert found == {name + threshold: pytest.approx(expected)}


@pytest.mark.parametrize("name", OF_COUNTS)
@FEW
@given(draws=SEEDS)
def test_of_many_classes_it_is_the_plain_mean(name: str, draws: list[int]) -> None:
    y, score = case(4, draws)
    predicted = score.argmax(axis=1)
    each = [
        OF_COUNTS[name](*counts((y == code).tolist(), (predicted == code).tolist()))
        for code in range(4)
    ]
    assert METRICS[name].score(y, score) == pytest.approx(sum(each) / 4)


@pytest.mark.parametrize("n_classes", [2, 3])
@FEW
@given(draws=SEEDS)
def test_balanced_accuracy_is_the_mean_of_the_recalls(n_classes: int, draws: list[int]) -> None:
    y, score = case(n_classes, draws)
    right = score.argmax(axis=1) == y
    expected = sum(right[y == code].mean() for code in range(n_classes)) / n_classes
    assert METRICS["balanced_accuracy"].score(y, score) == pytest.approx(expected)


@pytest.mark.parametrize("n_classes", [2, 3])
@FEW
@given(draws=SEEDS)
def test_mcc_is_the_correlation_of_indicators(n_classes: int, draws: list[int]) -> None:
    """Gorodkin's form: covariances of the indicators of true and predicted class, summed."""
    y, score = case(n_classes, draws)
    true, predicted = np.eye(n_classes)[y], np.eye(n_classes)[score.argmax(axis=1)]

    def covariance(one: Array, two: Array) -> float:
        return float(((one - one.mean(axis=0)) * (two - two.mean(axis=0))).sum())

    spread = covariance(true, true) * covariance(predicted, predicted)
    expected = covariance(true, predicted) / math.sqrt(spread) if spread > 1e-12 else 0.0
    assert METRICS["mcc"].score(y, score) == pytest.approx(expected, abs=1e-9)


def average_precision(true: Any, score: Any) -> float:
    """Every threshold's precision, weighed by the recall that it adds."""
    total, before = 0.0, 0.0
    for threshold in sorted(set(score.tolist()), reverse=True):
        predicted = score >= threshold
        recall = (true & predicted).sum() / true.sum()
        total += (recall - before) * (true & predicted).sum() / predicted.sum()
        before = recall
    return total


@pytest.mark.parametrize(("n_classes", "positive"), [(2, 0), (2, 1), (3, None)])
@FEW
@given(draws=SEEDS)
def test_average_precision_weighs_precision_by_the_recall_it_adds(
    n_classes: int, positive: int | None, draws: list[int]
) -> None:
    y, score = case(n_classes, draws)
    codes = range(n_classes) if positive is None else [positive]
    expected = np.mean([average_precision(y == code, score[:, code]) for code in codes])
    assert METRICS["average_precision"].score(y, score, positive) == pytest.approx(expected)


def test_what_is_never_predicted_has_precision_zero() -> None:
    never = np.array([[0.9, 0.1], [0.8, 0.2]])
    assert scores(["precision", "f1", "mcc"], np.array([0, 1]), never) == {
        "precision": 0,
        "f1": 0,
        "mcc": 0,
    }


def test_a_metric_without_a_positive_class_does_not_ask_for_it() -> None:
    y, score = case(2, [1])
    for name in ("auroc", "log_loss", "brier", "accuracy", "balanced_accuracy", "mcc"):
        assert METRICS[name].score(y, score, 0) == METRICS[name].score(y, score, 1)


def test_a_number_after_the_name_sets_the_parameter() -> None:
    assert named("precision@0.3").tasks == ("binary",)
    assert named("precision").tasks == ("binary", "multiclass")
    y, prediction = np.array([1.0, 3.0]), np.array([2.0, 2.0])
    assert scores(["pinball@0.9", "pinball@0.1"], y, prediction) == {
        "pinball@0.9": pytest.approx(0.5),
        "pinball@0.1": pytest.approx(0.5),
    }
    assert scores(["pinball@0.9"], y, np.array([0.0, 0.0]))["pinball@0.9"] == pytest.approx(1.8)
