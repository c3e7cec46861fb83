"""The metrics against closed forms, plain loops and scikit-learn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenfold import metrics
from tenfold.metrics import METRICS, Array, classification

RNG = np.random.default_rng(0)


def probabilities(n: int, n_classes: int) -> Array:
    raw = RNG.random((n, n_classes))
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def codes(n: int, n_classes: int) -> Any:
    return np.concatenate([np.arange(n_classes), RNG.integers(0, n_classes, n - n_classes)])


def rank_auroc(positive: Any, score: Any) -> float:
    """The share of (positive, negative) pairs in the right order; ties count half."""
    wins = [
        1.0 if p > q else 0.5 if p == q else 0.0 for p in score[positive] for q in score[~positive]
    ]
    return math.fsum(wins) / len(wins)


def test_regression_metrics_match_their_formulas() -> None:
    y, prediction = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 2.0])
    assert METRICS["mse"].function(y, prediction) == pytest.approx((0.25 + 0 + 4) / 3)
    assert METRICS["mae"].function(y, prediction) == pytest.approx((0.5 + 0 + 2) / 3)
    total = sum((value - 7 / 3) ** 2 for value in (1, 2, 4))
    assert METRICS["r2"].function(y, prediction) == pytest.approx(1 - 4.25 / total)


@pytest.mark.parametrize("y", [[3.0, 3.0, 3.0], [5.0], [0.3, 0.1 + 0.2], [1e16, 1e16 + 2]])
def test_r2_of_a_constant_target_is_no_number(y: list[float]) -> None:
    with pytest.raises(ValueError, match="not defined"):
        METRICS["r2"].function(np.array(y), np.zeros(len(y)))


def test_auroc_of_two_classes_is_the_share_of_ordered_pairs() -> None:
    y, score = codes(60, 2), probabilities(60, 2).round(1)
    assert classification.auroc(y, score) == pytest.approx(rank_auroc(y == 1, score[:, 1]))


def test_auroc_of_many_classes_is_the_plain_mean_of_one_against_the_rest() -> None:
    from sklearn.metrics import roc_auc_score

    y, score = np.concatenate([codes(50, 4), np.zeros(60, dtype=np.int64)]), probabilities(110, 4)
    one_vs_rest = [rank_auroc(y == code, score[:, code]) for code in range(4)]
    assert classification.auroc(y, score) == pytest.approx(np.mean(one_vs_rest))
    assert classification.auroc(y, score) == pytest.approx(
        roc_auc_score(y, score, multi_class="ovr", average="macro")
    )


@pytest.mark.parametrize("n_classes", [2, 5])
def test_log_loss_is_the_mean_negative_log_of_the_true_class(n_classes: int) -> None:
    y, score = codes(40, n_classes), probabilities(40, n_classes)
    expected = -np.mean([math.log(score[row, code]) for row, code in enumerate(y)])
    assert classification.log_loss(y, score) == pytest.approx(expected)


def test_log_loss_of_a_class_absent_from_the_fold_and_of_certainty_is_finite() -> None:
    score = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert classification.log_loss(np.array([0, 1]), score) == pytest.approx(0, abs=1e-12)
    assert 30 < classification.log_loss(np.array([2, 2]), score) < math.inf


@pytest.mark.parametrize("n_classes", [2, 5])
def test_accuracy_counts_the_rows_whose_most_probable_class_is_true(n_classes: int) -> None:
    y, score = codes(40, n_classes), probabilities(40, n_classes)
    hits = sum(int(max(range(n_classes), key=lambda c: score[i, c]) == y[i]) for i in range(40))
    assert classification.accuracy(y, score) == hits / 40


def test_brier_of_two_classes_is_the_squared_error_of_the_second() -> None:
    from sklearn.metrics import brier_score_loss

    y, score = codes(40, 2), probabilities(40, 2)
    assert classification.brier(y, score) == pytest.approx(np.mean((score[:, 1] - y) ** 2))
    assert classification.brier(y, score) == pytest.approx(brier_score_loss(y, score[:, 1]))


def test_brier_of_many_classes_sums_over_the_classes() -> None:
    y, score = codes(40, 4), probabilities(40, 4)
    total = sum(
        (score[row, code] - (y[row] == code)) ** 2 for row in range(40) for code in range(4)
    )
    assert classification.brier(y, score) == pytest.approx(total / 40)


def test_directions_and_tasks() -> None:
    minimised = {name for name, metric in METRICS.items() if metric.direction == "minimize"}
    assert minimised == {
        *("mse", "rmse", "rmsle", "mae", "median_ae", "mape", "pinball", "log_loss", "brier")
    }
    assert METRICS["auroc"].better(0.9, 0.8)
    assert not METRICS["auroc"].better(0.8, 0.8)
    assert METRICS["mse"].better(1.0, 2.0)
    assert not METRICS["mse"].better(2.0, 1.0)
    fitting = {name for name, metric in METRICS.items() if "regression" in metric.tasks}
    assert fitting == {"mse", "rmse", "rmsle", "mae", "median_ae", "mape", "r2", "pinball"}
    for name in set(METRICS) - fitting:
        assert METRICS[name].tasks == ("binary", "multiclass")


def test_a_perfect_prediction_is_better_than_any_other() -> None:
    y, score = codes(30, 3), probabilities(30, 3)
    for name in (name for name, metric in METRICS.items() if "multiclass" in metric.tasks):
        metric = METRICS[name]
        assert metric.better(metric.function(y, np.eye(3)[y]), metric.function(y, score))


def test_scores_are_named() -> None:
    assert metrics.scores(["mae", "mse"], np.array([1.0, 2.0]), np.array([1.0, 4.0])) == {
        "mae": 1.0,
        "mse": 2.0,
    }


def test_a_summary_holds_the_mean_the_sample_deviation_and_the_folds() -> None:
    values = [1.0, 2.0, 4.0, 5.0]
    summary = metrics.summarise([{"mse": value} for value in values])["mse"]
    assert summary["mean"] == 3.0
    assert summary["sd"] == pytest.approx(math.sqrt((4 + 1 + 1 + 4) / 3))
    assert summary["folds"] == values


SHARES = hnp.arrays(np.float64, st.integers(4, 30), elements=st.floats(0, 1))


def test_one_fold_has_no_standard_deviation() -> None:
    assert metrics.summarise([{"mse": 2.0}]) == {"mse": {"mean": 2.0, "sd": None, "folds": [2.0]}}


@pytest.mark.slow
@given(SHARES, st.randoms(use_true_random=False))
def test_auroc_does_not_change_under_a_monotone_transform(positive: Array, draw: Any) -> None:
    y = np.array([0, 1, *[draw.randint(0, 1) for _ in positive[2:]]])
    # On a grid, so that the transform cannot merge neighbours.
    share = np.round(positive, 3)
    warped = (np.exp(3 * share) - 1) / (math.e**3 - 1)
    score, transformed = (np.stack([1 - one, one], axis=1) for one in (share, warped))
    assert classification.auroc(y, transformed) == pytest.approx(
        classification.auroc(y, score), abs=1e-12
    )
    assert classification.auroc(y, 1 - score) == pytest.approx(
        1 - classification.auroc(y, score), abs=1e-12
    )


@given(st.integers(2, 6), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_accuracy_and_brier_stay_within_their_bounds(n_classes: int, n: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    score = draw.dirichlet(np.full(n_classes, 0.1), n)
    y = draw.integers(0, n_classes, n)
    assert 0 <= classification.accuracy(y, score) <= 1
    assert 0 <= classification.brier(y, score) <= (1 if n_classes == 2 else 2)
