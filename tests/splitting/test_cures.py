"""Refusals of parts name changes that were tried: after each, the table is split."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.metrics import Task
from tenfold.runtime import UserError
from tests.tables import split_table, table

METRICS: dict[Task, tuple[str, ...]] = {
    "regression": ("mse", "r2"),
    "binary": ("log_loss", "auroc"),
    "multiclass": ("auroc", "log_loss"),
}


def refusal(rows: Any, task: Task, metrics: tuple[str, ...], rules: dict[str, Any]) -> str:
    try:
        split_table(rows, task, metrics, **rules)
    except UserError as refused:
        return str(refused)
    return ""


def apply(
    cure: str, rows: Any, metrics: tuple[str, ...], rules: dict[str, Any]
) -> tuple[Any, tuple[str, ...], dict[str, Any]]:
    """What a person makes of a cure."""
    changed = dict(rules)
    if found := re.search(r"lower split.n_splits to (\d+)", cure):
        changed["n_splits"] = int(found[1])
    if found := re.search(r"raise split.test_size to ([\d.]+)", cure):
        changed["test_size"] = float(found[1])
    if found := re.search(r"remove the metric (\w+)", cure):
        metrics = tuple(name for name in metrics if name != found[1])
    if found := re.search(r"name metric (\w+) in place of", cure):
        metrics = (found[1],)
    if found := re.search(r"lower split.gap to (\d+)", cure):
        changed["gap"] = int(found[1])
    if cure.startswith("remove split.group"):
        del changed["group"]
    if cure == "set split.strategy: stratified":
        changed["strategy"] = "stratified"
    if found := re.search(r"clean.require: (\[.*\])", cure):
        [rule] = json.loads(found[1])
        limit = re.fullmatch(r'"when" >= (\d+)', rule)
        assert limit
        rows = rows.filter(np.asarray(rows["when"]) >= int(limit[1]))
    if "strategy: auto" in cure:
        changed["strategy"] = "auto"
        for key in re.findall(r"split\.(group|time|column|gap|time_is_feature)\b", cure):
            del changed[key]
    assert (changed, metrics, len(rows)) != (rules, metrics, 0), cure
    return rows, metrics, changed


@st.composite
def tables(draw: Any) -> tuple[Any, Task]:
    """A target that changes with time: classes or values that begin late or end early."""
    seed = draw(st.integers(0, 999))
    chance = np.random.default_rng(seed)
    n = draw(st.integers(150, 400))
    task: Task = draw(st.sampled_from(["regression", "binary", "multiclass"]))
    if task == "regression":
        y = chance.normal(size=n)
    else:
        y = chance.integers(0, 2 if task == "binary" else 3, n)
    edge = draw(st.integers(0, n))
    rows = slice(0, edge) if draw(st.booleans()) else slice(edge, n)
    y[rows] = 0
    part = np.where(np.arange(n) % 5 == 0, "test", np.arange(n) * 4 // n)
    group = np.arange(n) // draw(st.integers(1, 30))
    target = y if task == "regression" else [f"c{value}" for value in y]
    return table(target, when=np.arange(n), group=group, part=part), task


STRATEGIES = st.sampled_from(
    [
        {"strategy": "time", "time": "when", "gap": 1},
        {"strategy": "time", "time": "when", "gap": 40},
        {"strategy": "time", "time": "when", "group": "group"},
        {"strategy": "time", "time": "when", "group": "group", "gap": 10},
        {"strategy": "grouped", "group": "group"},
        {"strategy": "given", "column": "part"},
        {"strategy": "random"},
    ]
)


@pytest.mark.slow
@given(tables(), STRATEGIES, st.integers(2, 12))
@settings(max_examples=80)
def test_every_cure_that_is_named_works(
    rows_and_task: tuple[Any, Task], rules: dict[str, Any], k: int
) -> None:
    rows, task = rows_and_task
    if rules["strategy"] != "given":
        rules = rules | {"n_splits": k}
    message = refusal(rows, task, METRICS[task], rules)
    if not re.match(r"metric|split: (fold|all rows)|split.gap|split.group: every", message):
        return
    cures = re.split(r", or (?=lower|raise|remove|keep|set|name)", message)
    first = re.search(r"(?<=: )(lower|raise|remove|keep|set|name) .*", cures[0])
    assert first, message
    for cure in [first[0], *cures[1:]]:
        if not cure.startswith("name another target"):
            changed = apply(cure, rows, METRICS[task], rules)
            assert refusal(changed[0], task, changed[1], changed[2]) == "", (message, cure)


def late(begins: int, mixed: bool = True) -> Any:
    """A class that begins late, and then makes up half of the rows, or all."""
    later = np.where((np.arange(500 - begins) % 2 == 0) | (not mixed), "b", "a")
    return table([*["a"] * begins, *later], when=np.arange(500))


RULES: dict[str, Any] = {"strategy": "time", "time": "when", "n_splits": 4}


def test_a_class_that_begins_late_is_said_to_and_fewer_folds_are_a_cure_only_where_they_help() -> (
    None
):
    message = refusal(late(100), "binary", ("log_loss",), RULES)
    assert "fold 0 has no row of class 'b' to learn from, which begins at 100, after 20%" in message
    assert "lower split.n_splits to 2, or keep later rows" in message
    message = refusal(late(300), "binary", ("log_loss",), RULES)
    assert "lower" not in message
    assert 'keep later rows only with clean.require: ["\\"when\\" >= 300"], or set split' in message


def test_where_one_class_follows_the_other_no_split_in_time_order_is_offered() -> None:
    message = refusal(late(350, mixed=False), "binary", ("auroc", "log_loss"), RULES)
    assert message.endswith(
        "which begins at 350, after 70% of all rows: set split.strategy: auto and remove "
        "split.time (scores are of rows drawn by chance then)"
    )
