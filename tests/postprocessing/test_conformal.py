"""Quantiles, intervals and sets against plain loops of their definitions."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.postprocessing import conformal
from tenfold.postprocessing.conformal import (
    Conformal,
    CvPlus,
    Quantile,
    Scores,
    TooFewRows,
    class_scores,
    group_keys,
)

COVERAGES = st.sampled_from([0.5, 0.8, 0.9, 0.95])


def scores(values: list[float], folds: list[int] | None = None) -> Scores:
    numbers = np.zeros(len(values), int) if folds is None else np.array(folds)
    return Scores(np.array(values), np.ones(len(values)), numbers)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=60), COVERAGES)
def test_the_quantile_is_the_score_that_the_finite_sample_asks_for(
    values: list[float], coverage: float
) -> None:
    rank = math.ceil((len(values) + 1) * coverage - 1e-9)
    if rank > len(values):
        with pytest.raises(TooFewRows):
            Quantile.of(scores(values), coverage)
    else:
        assert Quantile.of(scores(values), coverage).quantile == sorted(values)[rank - 1]


def test_a_group_counts_as_one_row_does_each_of_its_rows_for_its_share() -> None:
    """Nine single rows, and one group of twenty that are all far off: a tenth of ten groups."""
    values = np.concatenate([np.arange(9.0), np.full(20, 100.0)])
    weights = np.concatenate([np.ones(9), np.full(20, 1 / 20)])
    own = Scores(values, weights, np.zeros(29, int))
    assert Quantile.of(own, 0.8).quantile == 8  # 8.8 of 10, and the ninth has 9.
    assert Quantile.of(own, 0.9).quantile == 100
    with pytest.raises(TooFewRows, match=r"^10$"):
        Quantile.of(own, 0.95)


@settings(max_examples=60)
@given(
    residuals=st.lists(st.tuples(st.floats(0, 5), st.integers(0, 2)), min_size=20, max_size=40),
    each=st.lists(st.floats(-100, 100), min_size=3, max_size=3),
    coverage=COVERAGES,
)
def test_cv_plus_is_that_of_the_paper(
    residuals: list[tuple[float, int]], each: list[float], coverage: float
) -> None:
    values, folds = [own for own, _ in residuals], [fold for _, fold in residuals]
    n = len(values)
    low_rank = math.floor((n + 1) * (1 - coverage) + 1e-9)
    high_rank = math.ceil((n + 1) * coverage - 1e-9)
    lows = sorted(each[fold] - own for own, fold in residuals)
    highs = sorted(each[fold] + own for own, fold in residuals)
    found = CvPlus.of(scores(values, folds), coverage, 3)
    lower, upper = found.bounds(np.array(each)[:, None])
    assert lower[0] == pytest.approx(lows[low_rank - 1], abs=1e-9)
    assert upper[0] == pytest.approx(highs[high_rank - 1], abs=1e-9)


def test_a_row_has_the_same_bounds_whatever_is_asked_for_beside_it() -> None:
    rng = np.random.default_rng(0)
    own = Scores(rng.exponential(size=90), np.ones(90), np.arange(90) % 3)
    found, each = CvPlus.of(own, 0.9, 3), rng.normal(size=(3, 20))
    together = np.stack(found.bounds(each))
    alone = [np.stack(found.bounds(each[:, [row]])) for row in range(20)]
    np.testing.assert_array_equal(together, np.concatenate(alone, axis=1))


def test_many_residuals_are_thinned_and_promise_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    own = Scores(rng.exponential(size=3000), np.ones(3000), rng.integers(0, 3, 3000))
    each = rng.normal(size=(3, 50))
    lower, upper = CvPlus.of(own, 0.9, 3).bounds(each)
    monkeypatch.setattr(conformal, "MAX_SCORES", 300)
    thinned = CvPlus.of(own, 0.9, 3)
    assert sum(map(len, thinned.residuals)) <= 303
    assert sum(map(np.sum, thinned.weights)) == pytest.approx(3000)
    less, more = thinned.bounds(each)
    assert (less <= lower).all()
    assert (more >= upper).all()
    np.testing.assert_allclose(more, upper, atol=0.2)


def test_a_class_scores_the_probability_of_all_that_are_more_probable() -> None:
    p = np.array([[0.5, 0.2, 0.3], [0.4, 0.4, 0.2]])
    np.testing.assert_allclose(class_scores(p), [[0, 0.8, 0.5], [0, 0.4, 0.8]])


@settings(max_examples=40)
@given(st.integers(2, 5), st.floats(0, 1), st.integers(0, 10_000))
def test_a_set_holds_the_most_probable_classes_and_one_at_least(
    n_classes: int, quantile: float, seed: int
) -> None:
    p = np.random.default_rng(seed).dirichlet(np.ones(n_classes), 20)
    held = Conformal("sets", 0.9, None, Quantile(quantile), {}).sets(p, None)
    assert held[np.arange(20), p.argmax(axis=1)].all()
    for own, probabilities in zip(held, p, strict=True):
        assert own.all() or probabilities[own].min() >= probabilities[~own].max()


def test_a_value_has_its_own_interval_and_another_that_of_all_rows() -> None:
    found = Conformal("residuals", 0.9, "z", Quantile(5.0), {"a": Quantile(1.0)})
    keys = group_keys(np.array(["a", "b", "a"], dtype=object))
    lower, upper = found.bounds(np.zeros(3), None, keys)
    assert upper.tolist() == [1, 5, 1]
    assert lower.tolist() == [-1, -5, -1]


def test_the_groups_of_numbers_are_these_as_texts() -> None:
    assert group_keys(np.array([3.0, 0.5, np.nan])).tolist() == ["3.0", "0.5", "nan"]


def test_intervals_that_are_read_again_are_the_same() -> None:
    rng = np.random.default_rng(0)
    own = Scores(rng.exponential(size=90), np.ones(90), np.arange(90) % 3)
    plus = CvPlus.of(own, 0.9, 3)
    found = Conformal("cv+", 0.9, "z", plus, {"a": CvPlus.of(own.take(own.folds < 2), 0.9, 3)})
    again = Conformal.from_json(json.loads(json.dumps(found.to_json())))
    each, keys = rng.normal(size=(3, 6)), group_keys(np.array(list("ababab"), dtype=object))
    first, second = (one.bounds(each.mean(axis=0), each, keys) for one in (found, again))
    np.testing.assert_array_equal(first, second)
    sets = Conformal("sets", 0.9, None, Quantile(0.25), {})
    assert Conformal.from_json(json.loads(json.dumps(sets.to_json()))) == sets
