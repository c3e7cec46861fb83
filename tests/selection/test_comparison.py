"""Whether two candidates differ, from their scores on the same folds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tenfold.selection.comparison import compare, possible

scores = st.lists(st.floats(-5, 5), min_size=10, max_size=10)


@given(scores, scores)
def test_without_shared_training_rows_it_is_the_paired_t_test(
    first: list[float], second: list[float]
) -> None:
    if np.std(np.subtract(first, second)) < 1e-3:
        return
    found = compare(first, second, val_share=0.0)
    reference = stats.ttest_rel(first, second)
    low, high = reference.confidence_interval(0.95)
    assert found is not None
    assert found.p == pytest.approx(reference.pvalue, abs=1e-9)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


@given(scores, scores, st.sampled_from([1 / 9, 1 / 4]))
def test_the_probability_is_that_of_the_bayesian_correlated_t_test(
    first: list[float], second: list[float], val_share: float
) -> None:
    """By its definition: rho is the share of all rows that a fold validates."""
    differences = np.subtract(first, second)
    if np.std(differences) < 1e-3:
        return
    rho, n = val_share / (1 + val_share), len(first)
    scale = np.sqrt((1 / n + rho / (1 - rho)) * np.var(differences, ddof=1))
    found = compare(first, second, val_share)
    assert found is not None
    expected = stats.t(n - 1, differences.mean(), scale).sf(0)
    assert found.probability == pytest.approx(expected, abs=1e-9)


def test_shared_training_rows_widen_the_interval() -> None:
    """Ten folds: the variance of the mean is (1/10 + 1/9) instead of 1/10 of that of a fold."""
    first, second = [0.9, 0.8, 0.85, 0.95, 0.7, 0.9, 0.8, 0.9, 0.85, 0.75], [0.7] * 10
    plain, corrected = compare(first, second, 0.0), compare(first, second, 1 / 9)
    assert plain is not None
    assert corrected is not None
    widened = (corrected.high - corrected.low) / (plain.high - plain.low)
    assert widened == pytest.approx(np.sqrt((1 / 10 + 1 / 9) / (1 / 10)))


def test_many_draws_of_the_same_rows_find_no_more_than_chance() -> None:
    """Two predictors of equal worth, scored on 30 random tenths of the same 60 rows.

    The plain paired t-test takes the tenths for independent, and finds a difference in most draws.
    """
    random = np.random.default_rng(0)
    n_draws, found = 300, {0.0: 0, 1 / 9: 0}
    for _ in range(n_draws):
        useful = random.normal(size=(2, 60))
        errors = (useful.sum(axis=0) - useful) ** 2
        parts = [random.permutation(60)[:6] for _ in range(30)]
        scores = [[float(np.mean(own[part])) for part in parts] for own in errors]
        for share in found:
            difference = compare(scores[0], scores[1], share)
            assert difference is not None
            found[share] += difference.p < 0.05
    assert found[1 / 9] <= 0.07 * n_draws
    assert found[0.0] > 0.3 * n_draws


def test_equal_scores_do_not_differ() -> None:
    found = compare([0.5, 0.6], [0.5, 0.6], 1.0)
    assert found is not None
    assert (found.mean, found.p, found.is_sure) == (0.0, 1.0, False)


def test_one_fold_tells_nothing() -> None:
    assert compare([0.5], [0.4], 1.0) is None


@pytest.mark.parametrize(
    ("metric", "bounds"),
    [("auroc", (-0.1, 1.0)), ("mse", (0.0, 1.2)), ("precision@0.3", (-0.1, 1.0)),
     ("median_ae", (-0.1, 1.2))],
)  # fmt: skip
def test_bounds_hold_no_score_that_a_metric_cannot_have(
    metric: str, bounds: tuple[float, float]
) -> None:
    assert possible(metric, -0.1, 1.2) == bounds
