"""Hold-out and folds: sizes, strata, order, seeds, and what cannot be split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tenfold import splitting
from tenfold.dataset import FOLD, ROW
from tenfold.metrics import Task
from tenfold.params import Split
from tenfold.runtime import Refused


def table(y: list[Any]) -> Any:
    n = len(y)
    return pa.table(
        {
            ROW: pa.array(range(2, n + 2)),
            "colour": pa.array(["red", None] * (n // 2) + ["red"] * (n % 2)),
            "size": pa.array([float(value) for value in range(n)]),
            "target": pa.array(y),
        }
    )


def split(
    y: list[Any], task: Task = "binary", metrics: tuple[str, ...] = (), seed: int = 0, **rules: Any
) -> splitting.Parts:
    return splitting.split(table(y), "target", task, Split(**rules), metrics, seed)


def test_every_row_is_in_training_or_test_in_source_order() -> None:
    parts = split(["a", "b"] * 50)
    train, test = parts.train[ROW].to_pylist(), parts.test[ROW].to_pylist()
    assert sorted(train + test) == list(range(2, 102))
    assert train == sorted(train)
    assert test == sorted(test)
    assert (len(train), len(test)) == (80, 20)


def test_training_rows_have_a_fold_and_test_rows_have_none() -> None:
    parts = split(["a", "b"] * 50, n_splits=8)
    assert parts.test.column_names == table(["a"]).column_names
    assert parts.train.column_names == [*parts.test.column_names, FOLD]
    assert sorted(set(parts.train[FOLD].to_pylist())) == list(range(8))


def test_classes_keep_their_shares_in_test_and_folds() -> None:
    parts = split(["rare"] * 50 + ["often"] * 200, n_splits=5)
    assert parts.report["class_counts"] == {
        "train": {"often": 160, "rare": 40},
        "test": {"often": 40, "rare": 10},
    }
    y, fold = np.array(parts.train["target"].to_pylist()), np.array(parts.train[FOLD].to_pylist())
    assert [int(np.sum(y[fold == number] == "rare")) for number in range(5)] == [8] * 5


def test_the_report_describes_the_parts() -> None:
    report = split([float(value) for value in range(22)], "regression", n_splits=4).report
    assert report == {
        "rows": {"train": 18, "test": 4},
        "folds": [5, 5, 4, 4],
        "classes": [],
        "features": {"numeric": ["size"], "categorical": ["colour"], "dates": []},
        "target": "target",
        "task": "regression",
    }


def test_the_seed_alone_decides() -> None:
    y = ["a", "b"] * 50
    assert split(y, seed=1).train == split(y, seed=1).train
    assert split(y, seed=1).train != split(y, seed=2).train


def test_numbers_of_whole_value_are_integer_classes() -> None:
    parts = split([2.0, 1.0, 10.0] * 40, "multiclass")
    assert parts.report["classes"] == [1, 2, 10]
    assert parts.train["target"].type == parts.test["target"].type == pa.int64()


def test_at_least_one_row_is_held_out() -> None:
    y = np.arange(6.0)
    assert splitting.hold_out(y, "regression", 0.01, seed=0).sum() == 1


@pytest.mark.parametrize(
    ("y", "task", "rules", "message"),
    [
        (["a"] * 50, "binary", {}, "one class only, a"),
        ([1.5] * 50, "regression", {}, "one value only, 1.5"),
        (["a", "b", "c"] * 50, "binary", {}, "set task: multiclass"),
        (["a", "b"] * 50, "multiclass", {}, "set task: binary"),
        ([0.5, 1.0] * 50, "binary", {}, "such as 0.5, not classes: set task: regression"),
        (list(range(40)), "multiclass", {}, "40 different values in 40 rows"),
        (list(range(1001)) * 2, "multiclass", {}, "1001 different values"),
        (["a", "b"] * 5, "binary", {}, "10 folds need 10 training rows, but there are 8"),
        ([1.0, 2.0, 3.0], "regression", {"n_splits": 3}, "3 folds need 3 training rows"),
        (["a"] * 90 + ["b"] * 8, "binary", {}, "'b' has 6 training rows, fewer than 10 folds"),
        ([0] * 90 + [1] * 8, "binary", {}, "class 1 has 6 training rows"),
        (["a"] * 90 + ["b"], "binary", {}, "'b' has 1 row, too few"),
        (["a"] * 90 + ["b"] * 3, "binary", {"n_splits": 2, "test_size": 0.05}, "none in the test"),
        (["a", "b", "c"] * 4, "multiclass", {"test_size": 0.1}, "raise split.test_size"),
        (["a", "b", "c"] * 4, "multiclass", {"test_size": 0.9}, "lower split.test_size"),
        ([1.0, 2.0], "regression", {"test_size": 0.9}, "leaves none to train on"),
    ],
)
def test_what_cannot_be_split_is_refused(
    y: list[Any], task: Task, rules: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refused, match="(?s)" + message.replace("(", r"\(")):
        split(y, task, **rules)


@pytest.mark.parametrize(
    ("n", "rules", "message"),
    [
        (12, {"n_splits": 10}, "r2 needs folds of 2 rows, but the smallest has 1"),
        (6, {"n_splits": 2, "test_size": 0.1}, "r2 needs 2 test rows, but there are 1"),
    ],
)
def test_a_metric_that_is_not_defined_on_a_part_is_refused(
    n: int, rules: dict[str, Any], message: str
) -> None:
    y = [float(value) for value in range(n)]
    assert split(y, "regression", ("mse",), **rules).report["rows"]["train"]
    with pytest.raises(Refused, match=message):
        split(y, "regression", ("mse", "r2"), **rules)
