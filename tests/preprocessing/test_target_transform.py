"""A regression target is transformed for the fit and undone for the answer."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tenfold.preprocessing.target_transform import MAX_QUANTILES, Kind, TargetTransform

KINDS: tuple[Kind, ...] = ("log", "quantile")
TARGETS = arrays.arrays(
    np.float64, st.integers(1, 30), elements=st.floats(-1e9, 1e9, allow_subnormal=False)
)


@given(TARGETS, st.sampled_from(KINDS))
def test_what_is_undone_is_what_it_was(y: np.ndarray, kind: Kind) -> None:
    own = TargetTransform.fit(kind, y)
    learnt = own.forward(y)
    assert np.isfinite(learnt).all()
    np.testing.assert_allclose(own.inverse(learnt), y, rtol=1e-9, atol=1e-9 * np.abs(y).max())


@given(TARGETS, st.sampled_from(KINDS), st.floats(-1e6, 1e6))
def test_any_prediction_is_undone_to_a_number_not_far_beyond_the_targets(
    y: np.ndarray, kind: Kind, prediction: float
) -> None:
    own = TargetTransform.fit(kind, y)
    undone = own.inverse(np.array([prediction]))
    assert np.isfinite(undone).all()
    if kind == "quantile":
        assert y.min() <= undone[0] <= y.max()


@given(TARGETS, st.sampled_from(KINDS))
def test_a_transform_that_was_written_and_read_is_the_same(y: np.ndarray, kind: Kind) -> None:
    own = TargetTransform.fit(kind, y)
    assert TargetTransform.from_json(json.loads(json.dumps(own.to_json()))) == own


def test_log_is_log1p_and_its_mirror_below_zero() -> None:
    y = np.array([0.0, 1.0, 99.0, -99.0])
    expected = [0, np.log1p(1), np.log1p(99), -np.log1p(99)]
    np.testing.assert_allclose(TargetTransform.fit("log", y).forward(y), expected)


def test_log_goes_on_beyond_the_targets_by_their_range_at_most() -> None:
    own = TargetTransform.fit("log", np.array([9.0, 99.0]))
    assert own.inverse(np.array([np.log(1000)]))[0] == pytest.approx(999)
    assert own.inverse(np.array([50.0]))[0] == pytest.approx(999)


@pytest.mark.parametrize("n", [20, 5 * MAX_QUANTILES])
def test_quantile_makes_a_normal_distribution_of_any(n: int) -> None:
    y = np.random.default_rng(0).lognormal(sigma=2, size=n)
    learnt = TargetTransform.fit("quantile", y).forward(y)
    assert abs(learnt.mean()) < 0.01
    assert learnt.std() == pytest.approx(1, abs=0.06)
    assert np.array_equal(np.argsort(learnt, kind="stable"), np.argsort(y, kind="stable")) == (
        n <= MAX_QUANTILES
    )


def test_equal_targets_get_the_middle_of_their_ranks() -> None:
    y = np.array([1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0])
    learnt = TargetTransform.fit("quantile", y).forward(y)
    np.testing.assert_allclose(learnt, -learnt[::-1], atol=1e-12)
    assert len(set(learnt.round(12))) == 3
