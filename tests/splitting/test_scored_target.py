"""What metrics ask of the target, checked before anything is trained."""

from __future__ import annotations

from typing import Any

import pytest

from tenfold.metrics import Task
from tenfold.runtime import UserError
from tests.tables import Parts, split_table, table

NUMBERS = [float(number) for number in range(1, 41)]


def split(
    y: list[Any], task: Task, metrics: list[str], positive_class: bool | int | str | None = None
) -> Parts:
    return split_table(table(y), task, tuple(metrics), positive_class=positive_class)


@pytest.mark.parametrize(
    ("metrics", "y", "said"),
    [
        (["rmsle"], [-0.5, *NUMBERS], "less than 0, .* in 1 of 41 rows: name metric rmse in place"),
        (["rmse", "rmsle"], [-2.0, *NUMBERS], r"remove the metric rmsle, .*target.* >= 0"),
        (
            ["mape"],
            [0.0, 0.0, *NUMBERS],
            r"is 0, .* in 2 of 42 rows: name metric mae .*target.* <> 0",
        ),
    ],
)
def test_a_metric_is_refused_where_it_is_not_defined(
    metrics: list[str], y: list[float], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        split(y, "regression", metrics)


@pytest.mark.parametrize("metric", ["rmsle", "mape", "median_ae", "rmse", "pinball@0.1"])
def test_a_metric_that_is_defined_is_no_reason_to_refuse(metric: str) -> None:
    assert split(NUMBERS, "regression", [metric]).report["positive_class"] is None


@pytest.mark.parametrize(
    ("y", "declared", "found"),
    [
        (["no", "yes"], None, "yes"),
        (["no", "yes"], "no", "no"),
        ([1, 0], None, 1),
        ([1, 0], 0, 0),
        (["true", "false"], False, "false"),
    ],
)
def test_the_positive_class_is_the_declared_or_the_second(
    y: list[Any], declared: Any, found: Any
) -> None:
    parts = split(y * 40, "binary", ["f1"], positive_class=declared)
    assert parts.report["positive_class"] == found


@pytest.mark.parametrize("declared", ["yse", True, 1])
def test_a_positive_class_that_is_none_is_refused_with_the_known(declared: Any) -> None:
    with pytest.raises(UserError, match=r"is no class of 'target'; .*\(known: no, yes\)"):
        split(["no", "yes"] * 40, "binary", ["f1"], positive_class=declared)


def test_of_many_classes_none_is_positive() -> None:
    assert split(["a", "b", "c"] * 40, "multiclass", ["f1"]).report["positive_class"] is None
