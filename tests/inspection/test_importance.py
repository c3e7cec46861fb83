"""Permutation importance."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import permutation_importance

from tenfold.inspection.held_out import HeldOut, HeldOutSet
from tenfold.inspection.importance import importances, score, shuffled_predictions
from tenfold.metrics import METRICS

WEIGHTS = {"a": 3.0, "b": 1.0, "unused": 0.0}


def answer(X: pd.DataFrame) -> Any:
    found = sum(weight * X[name] for name, weight in WEIGHTS.items())
    return np.asarray(found, dtype=np.float64)


def table(n: int, seed: int = 0) -> HeldOutSet:
    draw = np.random.default_rng(seed)
    X = pd.DataFrame({name: draw.normal(size=n) for name in WEIGHTS})
    return HeldOutSet(X, answer(X) + draw.normal(size=n), answer)


class Fitted(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """What scikit-learn takes for a fitted model."""

    def fit(self, X: Any, y: Any) -> Fitted:
        return self

    def predict(self, X: pd.DataFrame) -> Any:
        return answer(X)


def test_it_is_scikit_learns_for_a_single_model() -> None:
    own = table(200)
    found = importances(HeldOut([own], of_folds=False), "mse", None, 30, 0.0)
    expected = permutation_importance(
        Fitted(), own.X, own.y, scoring="neg_mean_squared_error", n_repeats=30, random_state=1
    )
    by_name = {one.column: one for one in found}
    for name, mean, sd in zip(
        WEIGHTS, expected.importances_mean, expected.importances_std, strict=True
    ):
        # Both are means of 30 orders.
        assert by_name[name].mean == pytest.approx(mean, abs=4 * sd * np.sqrt(2 / 30) + 1e-12)
    assert [one.column for one in found] == ["a", "b", "unused"]
    assert by_name["unused"].mean == 0
    assert not by_name["unused"].is_sure


def test_a_columns_expected_importance_is_twice_what_it_explains() -> None:
    """In a linear model shuffling costs 2 w^2 var(x) of the squared error (Gregorutti 2017)."""
    found = importances(
        HeldOut([table(2000, seed) for seed in range(4)], of_folds=True), "mse", None, 3, 0.25
    )
    for one in found:
        assert one.low <= 2 * WEIGHTS[one.column] ** 2 <= one.high or one.mean == 0


def test_every_set_is_asked_of_its_own_model() -> None:
    own = table(50)
    blind = HeldOutSet(own.X, own.y, lambda X: np.zeros(len(X)))
    found = importances(HeldOut([own, blind], of_folds=True), "mse", None, 2, 0.0)
    alone = importances(HeldOut([own, own], of_folds=True), "mse", None, 2, 0.0)
    for both, one in zip(found, alone, strict=True):
        assert both.mean == pytest.approx(one.mean / 2)


@settings(max_examples=15)
@given(st.integers(1, 5), st.integers(2, 20), st.integers(0, 5))
def test_one_column_at_a_time_stands_in_another_order(k: int, n: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    X = pd.DataFrame(draw.normal(size=(n, k)), columns=[f"x{place}" for place in range(k)])
    X["text"] = [f"t{row}" for row in range(n)]
    orders = [draw.permutation(n), draw.permutation(n)]
    seen: list[pd.DataFrame] = []

    def remember(asked: pd.DataFrame) -> Any:
        seen.append(asked)
        return np.zeros(len(asked))

    list(shuffled_predictions(HeldOutSet(X, np.zeros(n), remember), orders))
    [asked] = seen
    wanted = itertools.product(orders, X.columns)
    for place, (order, column) in enumerate(wanted):
        own = asked.iloc[place * n : (place + 1) * n].reset_index(drop=True)
        expected = X.assign(**{column: X[column].to_numpy()[order]})
        pd.testing.assert_frame_equal(own, expected)


@pytest.mark.parametrize("metric", METRICS)
def test_scores_are_the_metrics_own(metric: str) -> None:
    draw = np.random.default_rng(0)
    name = f"{metric}@0.5" if METRICS[metric].parameter else metric
    if "regression" in METRICS[metric].tasks:
        y: Any = draw.random(40) + 1
        prediction = y + draw.normal(size=40) / 4
    else:
        y = draw.integers(0, 2, 40)
        share = draw.random(40)
        prediction = np.column_stack([1 - share, share])
    from tenfold.metrics import named

    assert score(name, y, prediction, None) == pytest.approx(named(name).score(y, prediction))


def test_rows_without_what_the_metric_needs_have_no_score() -> None:
    assert np.isnan(score("auroc", np.zeros(5, dtype=np.int64), np.full((5, 2), 0.5), None))
    assert np.isnan(score("r2", np.ones(5), np.ones(5), None))
