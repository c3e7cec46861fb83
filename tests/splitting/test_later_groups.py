"""Time and groups at once: what is judged is later than what was learnt, and of other groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tenfold import models
from tenfold.dataset import ROW
from tenfold.params import parse, read_yaml
from tenfold.runtime import UserError
from tenfold.splitting import split_report
from tenfold.splitting.split_and_audit import split_and_audit
from tests.project import ROOT
from tests.tables import Parts, bytes_of, split_table, table

RULES: dict[str, Any] = {"strategy": "time", "time": "week", "group": "machine"}


def split(machine: Any, week: Any, **rules: Any) -> Parts:
    y = np.arange(float(len(week)))
    rows = table(y, machine=[f"m{number}" for number in machine], week=week)
    return split_table(rows, "regression", **RULES, **rules)


def summary(parts: Parts) -> str:
    return split_report.summary(parts.report | {"dropped_columns": {}})


@pytest.mark.slow
@given(st.integers(0, 999), st.integers(4, 40), st.booleans(), st.integers(2, 4), st.integers(0, 2))
@settings(max_examples=60)
def test_neither_a_judged_group_nor_a_later_row_is_learnt_from(
    seed: int, n_groups: int, arrive: bool, k: int, gap: int
) -> None:
    draw = np.random.default_rng(seed)
    n = int(draw.integers(150, 400))
    machine = draw.integers(0, n_groups, n)
    # Either all machines are there from the start, or they arrive and leave in time.
    week = draw.integers(0, 40, n) + (arrive * 3 * machine)
    try:
        parts = split(machine, week, n_splits=k, gap=gap, seed=seed)
    except UserError as refused:
        assert str(refused).startswith(("split.group: every earlier row", "split.gap: "))
        reject()
    for learnt, judged in parts.sides("machine"):
        assert len(learnt) and len(judged)
        assert not set(learnt) & set(judged)
    for learnt, judged in parts.sides("week"):
        assert learnt.max() < judged.min()
    # All rows are in one place, and those in none are counted by the reason.
    rows = parts.report["rows"]
    assert sum(rows.values()) == n
    assert sum(parts.report["left_out"].values()) == rows["left_out"]
    # Every later row of a group that training does not hold is in the test.
    train, test = (set(part[ROW].to_pylist()) for part in (parts.train, parts.test))
    start = parts.test["week"].to_numpy().min()
    held = set(parts.train["machine"].to_pylist())
    for row, (name, when) in enumerate(zip(machine, week, strict=True), start=2):
        if when >= start and f"m{name}" not in held:
            assert row in test
        if row in train:
            assert when < start


def test_the_test_has_its_share_of_the_later_rows_of_a_panel() -> None:
    week, machine = (part.ravel() for part in np.mgrid[:40, :50])
    parts = split(machine, week, n_splits=5)
    # A fifth of the machines in a fifth of the weeks.
    assert parts.report["rows"] == {"train": 1280, "test": 80, "left_out": 640}
    assert parts.report["groups"] == {"train": 40, "test": 10}
    assert parts.report["left_out"] == {
        "later rows of groups to train on": 320,
        "earlier rows of test groups": 320,
        "rows in the gap": 0,
    }
    assert max(parts.report["folds"]) <= 1.3 * min(parts.report["folds"])
    # Every fold asks about other machines.
    judged = [set(names) for _, names in parts.sides("machine")[:-1]]
    assert len(set.union(*judged)) >= 30
    told = summary(parts)
    assert "5 folds of 40 to 48 rows, time: scores are of later rows of new groups" in told
    assert "640 left out: 320 later rows of groups to train on, 320 earlier rows of test" in told


def test_groups_that_arrive_later_are_the_test_and_cost_no_row_to_learn_from() -> None:
    week = np.repeat(np.arange(40), 10)
    machine = np.where(np.arange(400) % 2 == 0, week // 4, 100 + np.arange(400) % 10)
    parts = split(machine, week, n_splits=3)
    assert set(parts.test["machine"].to_pylist()) == {"m8", "m9"}
    assert parts.report["rows"] == {"train": 320, "test": 40, "left_out": 40}
    assert parts.report["left_out"]["earlier rows of test groups"] == 0


def test_the_group_and_the_time_are_no_features() -> None:
    week, machine = (part.ravel() for part in np.mgrid[:20, :20])
    assert split(machine, week, n_splits=3).report["features"]["numeric"] == ["size"]
    seen = split(machine, week, n_splits=3, time_is_feature=True).report["features"]
    assert seen == {"numeric": ["size", "week"], "categorical": [], "dates": []}


def test_the_seed_alone_decides() -> None:
    week, machine = (part.ravel() for part in np.mgrid[:20, :20])
    made = [split(machine, week, n_splits=3, seed=seed) for seed in (1, 1, 2)]
    assert made[0].test == made[1].test != made[2].test
    rows = table(np.arange(400.0), week=week, machine=machine)
    assert bytes_of(rows, "regression", **RULES) == bytes_of(rows, "regression", **RULES)


def test_one_group_leaves_nothing_to_learn_from_and_the_cure_works() -> None:
    with pytest.raises(UserError, match=r"every earlier row belongs to a group .* the test holds"):
        split([1] * 100, np.arange(100), n_splits=3)
    alone = {key: value for key, value in RULES.items() if key != "group"}
    rows = table(np.arange(100.0), week=np.arange(100), machine=["m"] * 100)
    assert split_table(rows, "regression", **alone, n_splits=3)


def test_a_row_without_a_group_is_refused() -> None:
    rows = table(np.arange(60.0), week=np.arange(60), machine=["a", "b", None] * 20)
    with pytest.raises(
        UserError, match="'machine' decides where a row belongs, but is empty in 20"
    ):
        split_table(rows, "regression", **RULES)


def test_the_audit_looks_at_the_rows_of_the_parts_alone(tmp_path: Path) -> None:
    week, machine = (part.ravel() for part in np.mgrid[:40, :20])
    draw = np.random.default_rng(0)
    names = [f"m{number}" for number in machine]
    rows = table(draw.normal(size=800), machine=names, week=week, size=draw.normal(size=800))
    pq.write_table(rows, tmp_path / "table.parquet")
    document = read_yaml(ROOT / "params.yaml") | {
        "task": "regression",
        "metrics": ["mse"],
        "data": {"path": "t.csv", "target": "target"},
        "clean": {},
        "split": {**RULES, "n_splits": 3},
        "models": {"dummy": {}},
    }
    experiment = parse(document, models)
    report, found = split_and_audit(tmp_path / "table.parquet", tmp_path, experiment)
    assert report["rows"]["left_out"] > 0
    # No group and no time crosses, though rows that are left out would.
    assert [finding.check for finding in found] == []
