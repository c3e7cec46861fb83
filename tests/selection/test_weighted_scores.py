"""Metrics of weighted rows: a weight is as many copies of a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.metrics import METRICS, named
from tenfold.selection.weighted_scores import is_weighted, scorer

# All but those that are computed anew.
NAMES = [name for name in METRICS if name not in ("pinball", "median_ae")]
CASES = [
    (metric, n_classes, positive)
    for metric in (*NAMES, "pinball@0.9", "precision@0.3", "f1@0.7")
    for n_classes in (0, 2, 3)
    for positive in ((0, 1) if n_classes == 2 and named(metric).positive_class else (None,))
    if {0: "regression", 2: "binary", 3: "multiclass"}[n_classes] in named(metric).tasks
]


def rows(rng: np.random.Generator, n: int, n_classes: int, decimals: int) -> tuple[Any, Any]:
    """Targets, and predictions of which some are equal; every class has a row."""
    if not n_classes:
        return 0.1 + rng.random(size=n), np.round(rng.normal(size=n), decimals)
    raw = np.round(rng.random((n, n_classes)), decimals) + 0.1
    return rng.permutation(np.arange(n) % n_classes), raw / raw.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("metric", "n_classes", "positive"), CASES)
@given(seed=st.integers(0, 2**32), n=st.integers(6, 40), decimals=st.integers(1, 6))
@settings(max_examples=5)
def test_a_weight_is_as_many_copies_of_the_row(
    metric: str, n_classes: int, positive: int | None, seed: int, n: int, decimals: int
) -> None:
    rng = np.random.default_rng(seed)
    y, prediction = rows(rng, n, n_classes, decimals)
    # Rows of weight one or more hold every class.
    weights = rng.integers(0, 4, size=(3, n))
    weights[:, : 2 * max(2, n_classes)] += 1
    own = named(metric)
    keeps = [np.repeat(np.arange(n), weight) for weight in weights]
    if own.every_class and any(len(set(y[keep])) < n_classes for keep in keeps):
        return
    expected = [own.score(y[keep], prediction[keep], positive) for keep in keeps]
    found = scorer(metric, y, prediction, positive)
    assert found is not None
    np.testing.assert_allclose(found(weights.astype(float)), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("decimals", [1, 9])
def test_auroc_is_the_weighted_share_of_pairs_in_order(decimals: int) -> None:
    rng = np.random.default_rng(0)
    y, prediction = rows(rng, 30, 2, decimals)
    weights = rng.random((4, 30))
    score = prediction[:, 1]
    expected = []
    for weight in weights:
        won = total = 0.0
        for i in np.flatnonzero(y == 1):
            for j in np.flatnonzero(y == 0):
                pair = weight[i] * weight[j]
                total += pair
                won += pair * (1.0 if score[i] > score[j] else 0.5 * (score[i] == score[j]))
        expected.append(won / total)
    found = scorer("auroc", y, prediction)
    assert found is not None
    np.testing.assert_allclose(found(weights), expected, rtol=1e-12)


def test_a_score_is_nan_where_it_is_not_defined() -> None:
    y, prediction = rows(np.random.default_rng(0), 30, 2, 3)
    auroc, accuracy = scorer("auroc", y, prediction), scorer("accuracy", y, prediction)
    assert auroc is not None
    assert accuracy is not None
    weights = np.array([y == 1, np.zeros(30)], dtype=float)
    assert np.isnan(auroc(weights)).all()
    assert np.isnan(accuracy(weights)).tolist() == [False, True]


def test_a_metric_of_another_form_has_no_scorer() -> None:
    for name in ("my_metric", "median_ae"):
        assert scorer(name, np.zeros(3), np.zeros(3)) is None
        assert not is_weighted(name)
