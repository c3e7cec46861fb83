"""Hold-out and folds as a column says: exactly so, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.dataset.folds import VAL
from tenfold.metrics import Task
from tenfold.runtime import UserError
from tenfold.splitting import split_report
from tests.tables import Parts, split_table, table

WORDS = ["test", "train", "2", "10", "last"]


def split(part: Any, y: Any = None, **rules: Any) -> Parts:
    target = np.arange(float(len(part))) if y is None else y
    columns = rules.pop("columns", {})
    rows = table(target, part=part, **columns)
    task: Task = "regression" if y is None else "binary"
    return split_table(rows, task, strategy="given", column="part", **rules)


@pytest.mark.slow
@given(st.lists(st.sampled_from(WORDS), min_size=8).filter(lambda part: set(part) == set(WORDS)))
@settings(max_examples=40)
def test_every_row_is_where_the_column_says(part: list[str]) -> None:
    parts = split(part)
    train, test = parts.values("part")
    assert set(test) == {"test"}
    assert len(test) == part.count("test")
    assert train.tolist() == [word for word in part if word != "test"]
    # Folds are in the order of their names, numbers first.
    for number, word in enumerate(["2", "10", "last"]):
        assert set(train[parts.folds.val(number)]) == {word}
        assert set(train[parts.folds.train(number)]) == set(train) - {word}
    assert parts.folds.n == 3
    assert parts.report["features"]["categorical"] == []


def test_train_validation_and_test_are_one_fold() -> None:
    parts = split(["train"] * 6 + ["validation"] * 3 + ["test"] * 2)
    assert parts.folds.membership.tolist() == [[1] * 6 + [2] * 3]


def test_where_the_column_knows_test_and_train_alone_the_folds_are_drawn() -> None:
    parts = split((["train"] * 4 + ["test"]) * 12, ["a", "b"] * 30, n_splits=4)
    assert set(parts.values("part")[1]) == {"test"}
    assert parts.report["folds"] == [12] * 4
    for _, judged in parts.sides("target")[:-1]:
        assert np.sum(judged == "a") == 6


@pytest.mark.parametrize("copies", ["auto", "together", "independent"])
def test_copies_are_where_the_column_says_and_are_counted(copies: str) -> None:
    part = ["test", "0", "1"] * 30
    size = [0, 1, 0, *range(3, 90)]
    parts = split(part, columns={"size": size}, copies=copies)
    assert parts.train["part"].to_pylist() == ["0", "1"] * 30
    assert (parts.report["copies"], parts.report["parted_copies"]) == (1, 1)
    told = split_report.summary(parts.report | {"dropped_columns": {}})
    assert "the given column puts some of them in another part" in told


def test_drawn_folds_keep_the_copies_of_training_rows_together() -> None:
    # Sets of copies begin in the test part, in the training part, or are on both sides.
    part = [*["test"] * 20, *["train"] * 80, *["test"] * 10]
    size = [*range(20), *range(10, 30), *range(20, 80), *range(40, 50)]
    parts = split(part, columns={"size": size}, n_splits=4, copies="together")
    assert parts.report["parted_copies"] == 20
    train = parts.train["size"].to_numpy()
    for number in range(4):
        assert not set(train[parts.folds.train(number)]) & set(train[parts.folds.val(number)])
    assert (parts.folds.membership == VAL).sum(axis=0).tolist() == [1] * 80


@pytest.mark.parametrize(
    ("part", "rules", "message"),
    [
        (["0", "1", "2"] * 9, {}, "no row of 'part' says 'test'"),
        (
            ["Test", "training", "training"] * 9,
            {},
            r'the column with clean.replace: {"part": {"Test": "test", "training": "train"}}, or',
        ),
        ([0, 1, 2] * 9, {}, "no row of 'part' says 'test'"),
        (["test"] * 9, {}, "every row of 'part' says 'test'"),
        (["test", "0", "1"] * 9, {"n_splits": 5}, "n_splits is 5, but 'part' says 2 folds"),
        (["test", "0", None] * 9, {}, "'part' decides .* is empty in 9 rows"),
    ],
)
def test_a_column_that_cannot_be_followed_is_refused(
    part: list[Any], rules: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        split(part, **rules)
