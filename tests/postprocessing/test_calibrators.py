"""Calibrators against scikit-learn, scipy, and what each of them promises."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from tenfold.metrics import Array
from tenfold.postprocessing.calibrators import CALIBRATORS, Beta, Isotonic, Temperature, from_json

N = 400


def two(p: Any) -> Array:
    return np.stack([1 - np.asarray(p), p], axis=1)


def overconfident(seed: int = 0, n: int = N) -> tuple[Array, Any]:
    """Probabilities of two classes whose log odds are twice what they should be, and truths."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(size=n)
    return two(special.expit(2 * odds)), (rng.random(n) < special.expit(odds)).astype(np.int64)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_temperature_is_scikit_learns(n_classes: int) -> None:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N, 3)), rng.integers(0, n_classes, N)
    X[:, 0] += y
    fitted = LogisticRegression().fit(X[:20], y[:20])
    theirs = CalibratedClassifierCV(FrozenEstimator(fitted), method="temperature")
    theirs.fit(X[20:200], y[20:200])
    ours = Temperature.fit(fitted.predict_proba(X[20:200]), y[20:200])
    assert abs(ours.temperature - 1) > 0.1
    new = X[200:]
    np.testing.assert_allclose(
        ours(fitted.predict_proba(new)), theirs.predict_proba(new), atol=1e-6
    )


def test_the_rising_function_is_scikit_learns_but_says_never_and_always_of_no_row() -> None:
    from sklearn.isotonic import IsotonicRegression

    p, y = overconfident()
    new = two(np.linspace(0, 1, 50))
    theirs = IsotonicRegression(out_of_bounds="clip").fit(p[:, 1], y).predict(new[:, 1])
    assert theirs.min() == 0
    least = 1 / (N + 2)
    ours = Isotonic.fit(p, y)(new)
    np.testing.assert_allclose(ours[:, 1], np.clip(theirs, least, 1 - least), rtol=1e-12)


@pytest.mark.parametrize("flat", [False, True])
def test_beta_has_the_least_log_loss_of_all_rising_curves_of_its_kind(flat: bool) -> None:
    p, y = overconfident()
    if flat:  # Small probabilities are no guide, so that a would fall below 0.
        rng = np.random.default_rng(1)
        y = (rng.random(N) < np.where(p[:, 1] < 0.5, 0.3 - 0.4 * p[:, 1], p[:, 1])).astype(int)
    logs = np.stack([np.log(p[:, 1]), -np.log1p(-p[:, 1]), np.ones(N)], axis=1)

    def log_loss(abc: Array) -> float:
        return float(np.logaddexp(0, np.where(y == 1, -1, 1) * (logs @ abc)).sum())

    bounds = [(0, None), (0, None), (None, None)]
    expected = optimize.minimize(log_loss, [1.0, 1.0, 0.0], bounds=bounds).x
    found = Beta.fit(p, y)
    assert (found.a == 0) == flat
    np.testing.assert_allclose([found.a, found.b, found.c], expected, atol=5e-3)
    np.testing.assert_allclose(found(p)[:, 1], special.expit(logs @ expected), atol=2e-3)


@pytest.mark.parametrize("method", CALIBRATORS)
def test_twice_too_large_odds_are_halved(method: Any) -> None:
    p, y = overconfident(n=4000)
    odds = np.array([-1.5, -0.5, 0.5, 1.5])
    found = CALIBRATORS[method].fit(p, y)(two(special.expit(2 * odds)))[:, 1]
    np.testing.assert_allclose(found, special.expit(odds), atol=0.05)


@pytest.mark.parametrize("method", CALIBRATORS)
@settings(max_examples=25)
@given(
    p=st.lists(st.floats(0, 1), min_size=4, max_size=12),
    new=st.lists(st.floats(0, 1), min_size=1, max_size=6),
)
def test_what_comes_out_are_probabilities_in_the_same_order_also_when_read_again(
    method: Any, p: list[float], new: list[float]
) -> None:
    fitted = CALIBRATORS[method].fit(two(p), np.arange(len(p)) % 2)
    rows = two(sorted(new))
    found = fitted(rows)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    assert (np.diff(found[:, 1]) >= -1e-12).all()
    again = from_json(json.loads(json.dumps(fitted.to_json())))
    np.testing.assert_array_equal(again(rows), found)


def test_a_temperature_leaves_the_order_of_many_classes() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), 100)
    found = Temperature(2.5)(p)
    np.testing.assert_array_equal(np.argsort(found, axis=1), np.argsort(p, axis=1))
    assert found.max() < p.max()
