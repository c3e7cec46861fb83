"""What init takes a target for, and which targets it refuses."""

from __future__ import annotations

import pytest

from tenfold.runtime import UserError
from tests.scaffolding.guessing import checked, guessed, said_of, table


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "task", "metric"),
    [
        ("bought", "binary", "auroc"),
        ("colour", "multiclass", "log_loss"),
        ("price", "regression", "mse"),
    ],
)
def test_the_task_follows_from_the_target(target: str, task: str, metric: str) -> None:
    found = guessed(table(), target)
    assert (found["task"], found["metrics"][0]) == (task, metric)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_values", "task"), [(3, "multiclass"), (12, "multiclass"), (13, "regression")]
)
def test_integers_that_come_ten_times_each_are_classes(n_values: int, task: str) -> None:
    """Whatever the number of rows: 120 of them hold twelve classes at most."""
    frame = table().assign(code=[number % n_values for number in range(120)])
    assert guessed(frame, "code")["task"] == task


@pytest.mark.slow
def test_few_texts_of_a_target_are_classes_even_if_they_write_numbers() -> None:
    terms = table().assign(term=["36 months", "60 months", "12 months"] * 40)
    assert guessed(terms, "term")["task"] == "multiclass"
    assert guessed(terms, "bought")["clean"]["types"] == {
        "term": {"type": "double", "strip": ["months"]}
    }


@pytest.mark.slow
def test_a_class_of_a_few_rows_is_named_and_left_out() -> None:
    frame = table(2000).assign(y=["a"] * 1200 + ["b"] * 797 + ["c"] * 3)
    frame.loc[1999] = frame.loc[1998]
    found = guessed(frame, "y")
    assert found["task"] == "binary"
    assert found["clean"]["require"] == ["y NOT IN ('c')"]
    assert found["split"]["n_splits"] == 10
    assert "check: y: class 'c' (3 rows) cannot be learnt" in said_of(frame, "y")
    assert "2000 rows read, 1997 kept" in checked()


def test_a_table_without_any_column_to_learn_from_is_refused_with_the_cause() -> None:
    with pytest.raises(UserError, match="all columns but the target 'bought' would be left out"):
        guessed(table()[["customer_id", "bought"]].assign(same=1), "bought")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("bougth", "did you mean 'bought'?"),
        ("same", "1 different values"),
        ("text", "no model predicts"),
    ],
)
def test_a_target_that_cannot_be_one_is_refused(target: str, message: str) -> None:
    frame = table().assign(same=1, text=[f"t{n}" for n in range(120)])
    with pytest.raises(UserError, match=message):
        guessed(frame, target)
