"""What a row is to a fold: k-fold, repeats, forward chains, and the file that tells all stages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.dataset import folds
from tenfold.dataset.folds import Folds
from tenfold.runtime import UserError

CHAINED = Folds(np.array([[1, 2, 0], [1, 1, 2]], dtype=np.int8))


@given(st.lists(st.integers(0, 4), min_size=5).filter(lambda fold: set(fold) == set(range(5))))
def test_in_k_fold_a_row_is_validated_once_and_trained_on_in_all_other_folds(
    fold: list[int],
) -> None:
    made = Folds.of(np.array(fold))
    assert made.n == 5
    assert made.even
    for number in range(5):
        assert made.val(number).tolist() == [i for i, own in enumerate(fold) if own == number]
        assert made.train(number).tolist() == [i for i, own in enumerate(fold) if own != number]
    rows, numbers = made.validations
    assert (rows.tolist(), numbers.tolist()) == (list(range(len(fold))), fold)
    assert made.validated.tolist() == list(range(len(fold)))


def test_in_a_forward_chain_some_rows_are_unused_and_some_never_validated() -> None:
    assert CHAINED.train(0).tolist() == [0]
    assert CHAINED.val(0).tolist() == [1]
    rows, numbers = CHAINED.validations
    assert (rows.tolist(), numbers.tolist()) == ([1, 2], [0, 1])
    assert CHAINED.validated.tolist() == [1, 2]
    assert not CHAINED.even


def test_a_row_that_several_folds_validate_stands_there_for_each_of_them() -> None:
    twice = Folds(np.array([[2, 1], [1, 2], [1, 2], [2, 1]], dtype=np.int8))
    rows, numbers = twice.validations
    assert (rows.tolist(), numbers.tolist()) == ([0, 0, 1, 1], [0, 3, 1, 2])
    parted = twice.by_fold(np.array([10, 13, 21, 22]))
    assert [own.tolist() for own in parted] == [[10], [21], [22], [13]]


def test_folds_survive_their_file(tmp_path: Path) -> None:
    folds.write(tmp_path / "folds.parquet", CHAINED, np.array([2, 5, 9]))
    again = folds.read(tmp_path / "folds.parquet", np.array([2, 5, 9]))
    assert again.membership.dtype == np.int8
    np.testing.assert_array_equal(again.membership, CHAINED.membership)


def test_a_file_of_folds_of_another_table_is_refused(tmp_path: Path) -> None:
    folds.write(tmp_path / "folds.parquet", CHAINED, np.array([2, 5, 9]))
    with pytest.raises(
        UserError, match="other rows than the training table: run `dvc repro split`"
    ):
        folds.read(tmp_path / "folds.parquet", np.array([2, 5, 8]))
