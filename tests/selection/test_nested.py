"""Which folds of an experiment are the inner ones of another."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tenfold.dataset.folds import TRAIN, UNUSED, VAL, Folds
from tenfold.selection import nested


@given(st.lists(st.integers(0, 3), min_size=12, max_size=40), st.integers(1, 3))
def test_no_inner_fold_knows_a_row_of_its_outer_fold(numbers: list[int], n_repeats: int) -> None:
    """With repeats, folds of another repetition hold such rows and are no inner folds."""
    fold = np.array([0, 1, 2, 3, *numbers])
    draw = np.random.default_rng(0)
    folds = Folds(
        np.vstack([Folds.of(draw.permutation(fold)).membership for _ in range(n_repeats)])
    )
    for number, inner in nested.outer_folds(folds).items():
        learnt = folds.train(number)
        assert inner.membership.shape[1] == len(learnt)
        validated = np.concatenate([learnt[inner.val(own)] for own in range(inner.n)])
        assert not np.isin(validated, folds.val(number)).any()
        same = range(number // 4 * 4, number // 4 * 4 + 4)
        expected = {tuple(folds.val(other)) for other in same if other != number}
        assert expected <= {tuple(learnt[inner.val(own)]) for own in range(inner.n)}


def test_in_time_order_the_inner_folds_are_the_earlier_ones() -> None:
    membership = np.full((4, 10), UNUSED, np.int8)
    for number in range(4):
        membership[number, : 2 + 2 * number] = TRAIN
        membership[number, 2 + 2 * number : 4 + 2 * number] = VAL
    found = nested.outer_folds(Folds(membership))
    assert {number: inner.n for number, inner in found.items()} == {2: 2, 3: 3}
    assert found[2].val(0).tolist() == [2, 3]
    assert found[2].train(1).tolist() == [0, 1, 2, 3]


def test_two_folds_hold_no_two_others() -> None:
    assert nested.outer_folds(Folds.of(np.array([0, 1] * 5))) == {}
