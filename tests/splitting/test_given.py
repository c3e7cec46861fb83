"""Hold-out and folds as a column says: exactly so, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.metrics import Task
from tenfold.runtime import UserError
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
@settings(max_examples=40, deadline=None)
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


@pytest.mark.parametrize(
    ("part", "rules", "message"),
    [
        (["0", "1", "2"] * 9, {}, "no row of 'part' says 'test'"),
        ([0, 1, 2] * 9, {}, "no row of 'part' says 'test'"),
        (["test"] * 9, {}, "every row of 'part' says 'test'"),
        (["test", "0", "1"] * 9, {"n_splits": 5}, "n_splits is 5, but 'part' says 2 folds"),
        (["test", "0", None] * 9, {}, "'part' decides .* is empty in 9 rows"),
        (
            ["test", "0", "1"] * 3,
            {"columns": {"size": [0, 1, 0, 3, 4, 5, 6, 7, 8]}},
            "line 2 of the source is 'test' and its copy in line 4 '1': give both the same",
        ),
    ],
)
def test_a_column_that_cannot_be_followed_is_refused(
    part: list[Any], rules: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        split(part, **rules)
