"""The curve by which a fold is stopped is made of the other folds' curves alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tenfold.training.leave_one_out import leave_one_out_curves, overlapping

APART = np.eye(4, dtype=bool)
LOSS = st.one_of(st.floats(0, 100), st.sampled_from([np.nan, np.inf, -np.inf]))


@given(arrays.arrays(np.float64, (4, 6), elements=LOSS), st.integers(0, 3), LOSS)
def test_a_folds_own_curve_changes_nothing_for_it(
    curves: np.ndarray, fold: int, other: float
) -> None:
    changed = curves.copy()
    changed[fold] = other
    for overlaps in (APART, np.zeros_like(APART)):
        before, after = (leave_one_out_curves(each, overlaps)[fold] for each in (curves, changed))
        np.testing.assert_array_equal(before, after)


@given(arrays.arrays(np.float64, (5, 3), elements=st.floats(0, 100)), st.data())
def test_it_is_the_mean_of_the_folds_that_share_no_row(
    curves: np.ndarray, drawn: st.DataObject
) -> None:
    rows = [
        np.array(drawn.draw(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True)))
        for _ in curves
    ]
    found = leave_one_out_curves(curves, overlapping(rows))
    for own, curve in zip(rows, found, strict=True):
        apart = [
            other for other, theirs in zip(curves, rows, strict=True) if not {*own} & {*theirs}
        ]
        if apart:
            np.testing.assert_allclose(curve, np.mean(apart, axis=0), rtol=1e-12)
        else:
            assert np.isnan(curve).all()


def test_folds_of_another_repetition_that_share_rows_are_left_out() -> None:
    # Twice two folds: each fold shares rows with both of the other repetition.
    rows = [np.array(own) for own in ([0, 1], [2, 3], [0, 2], [1, 3])]
    curves = np.array([[1.0], [2.0], [3.0], [4.0]])
    assert leave_one_out_curves(curves, overlapping(rows)).tolist() == [[2], [1], [4], [3]]


def test_an_epoch_in_which_another_fold_has_no_finite_loss_is_never_the_best() -> None:
    curves = np.array(
        [[3.0, 2.0, 1.0], [3.0, 2.0, np.nan], [3.0, np.inf, 1.0], [3.0, 2.0, -np.inf]]
    )
    found = leave_one_out_curves(curves, APART)
    assert found[0].tolist() == [3, np.inf, np.inf]
    assert found[2].tolist() == [3, 2, np.inf]


def test_a_fold_that_shares_rows_with_every_other_has_no_curve() -> None:
    rows = [np.array(own) for own in ([0, 1, 2], [0, 3], [2, 4])]
    found = leave_one_out_curves(np.ones((3, 2)), overlapping(rows))
    assert np.isnan(found[0]).all()
    assert found[1:].tolist() == [[1, 1], [1, 1]]
    assert np.isnan(leave_one_out_curves(np.ones((1, 2)), overlapping(rows[:1]))).all()


def test_a_curve_is_the_same_to_the_last_bit_beside_folds_that_do_not_count() -> None:
    rng = np.random.default_rng(0)
    curves = rng.random((30, 1))
    alone = leave_one_out_curves(curves[10:20], np.eye(10, dtype=bool))
    others = ~np.kron(np.eye(3, dtype=bool), ~np.eye(10, dtype=bool))
    np.testing.assert_array_equal(leave_one_out_curves(curves, others)[10:20], alone)


def test_the_rule_needs_no_torch() -> None:
    code = "import sys, tenfold.training.leave_one_out; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
