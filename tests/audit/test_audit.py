"""The door of the audit: levels, order, refusals, and tables of any kind and size."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold import audit, models, params
from tenfold.audit import CHECKS, Finding, table_summary
from tenfold.dataset import ROW
from tenfold.metrics import Task
from tenfold.params import Audit
from tenfold.runtime import UserError
from tenfold.splitting.split_and_audit import split_and_audit


def table(n: int = 200, /, **columns: Any) -> Any:
    draw = np.random.default_rng(n)
    honest = {ROW: np.arange(n), "size": draw.normal(size=n), "y": draw.integers(0, 2, n)}
    return pa.table(honest | columns)


def look(table: Any, task: Task = "binary", rules: Audit | None = None, **more: Any) -> Any:
    in_test = np.random.default_rng(1).random(table.num_rows) < 0.25
    return audit.audit(table, "y", task, in_test, rules or Audit(), seed=0, **more)


def checks(found: list[Finding]) -> list[str]:
    return [finding.check for finding in found]


# Chapter: levels


def test_every_check_is_a_key_of_audit_with_its_level_and_description() -> None:
    assert set(CHECKS) == set(Audit.model_fields)
    for name, check in CHECKS.items():
        assert check.level == getattr(Audit(), name)
        assert check.description.endswith(".")


def test_what_is_a_leak_beyond_doubt_is_an_error_and_the_rest_a_warning() -> None:
    errors = {name for name, check in CHECKS.items() if check.level == "error"}
    assert errors == {"identical_rows", "group_crossing", "time_crossing", "target_copy"}
    assert {check.level for check in CHECKS.values()} == {"error", "warn"}


@pytest.mark.parametrize("level", ["error", "warn", "off"])
def test_a_check_has_the_level_it_is_given(level: Any) -> None:
    found = look(table(flat=np.zeros(200)), rules=Audit(constant=level))
    assert [finding.level for finding in found] == ([] if level == "off" else [level])


def test_errors_are_refused_in_one_message_that_says_how_to_accept_them() -> None:
    copy = table(100)
    copy = copy.append_column("again", copy["y"])
    found = look(copy, groups=["a"] * 100)
    with pytest.raises(UserError) as refused:
        audit.refuse(found)
    crossing, disguise = str(refused.value).split("\n       ")
    assert crossing.startswith("group_crossing: 1 group has rows in training and in test")
    assert crossing.endswith("to go on all the same, set audit: {group_crossing: warn}")
    assert disguise.startswith("target_copy: 'again' is the target 'y' in disguise")
    assert disguise.endswith("to go on all the same, set audit: {target_copy: warn}")


def test_warnings_refuse_nothing() -> None:
    found = look(table(flat=np.zeros(200)))
    assert checks(found) == ["constant"]
    audit.refuse(found)


def test_the_only_feature_may_be_the_target_itself() -> None:
    x = np.arange(100.0)
    line = pa.table({ROW: np.arange(100), "x": x, "y": 2 * x - 1})
    found = look(line, "regression")
    assert [(finding.check, finding.level) for finding in found] == [("target_copy", "warn")]
    audit.refuse(found)


def test_six_points_prove_nothing() -> None:
    line = pa.table({ROW: np.arange(6), "x": np.arange(6.0), "y": 2 * np.arange(6.0) - 1})
    in_test = np.array([False] * 5 + [True])
    assert audit.audit(line, "y", "regression", in_test, Audit(), seed=0) == []


# Chapter: what a finding is


def test_findings_are_plain_json_in_the_order_of_the_checks() -> None:
    poor = table(flat=np.zeros(200), b=[f"id {n}" for n in range(200)])
    found = look(poor.append_column("copy", poor["size"]), groups=["one"] * 200)
    names = checks(found)
    assert names == [name for name in CHECKS if name in names]
    assert names == ["group_crossing", "id_like", "copied_columns", "constant"]
    for finding in found:
        plain = finding.to_json()
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
        assert set(plain) == {"check", "level", "columns", "figures", "sentence"}


def test_a_finding_is_one_line_whatever_its_columns_are_called() -> None:
    evil = 'a "b"\n/c\u2028\x00'
    found = look(table(200, **{evil: np.zeros(200)}))
    assert [finding.columns for finding in found] == [(evil,)]
    assert len(str(found[0]).splitlines()) == 1
    assert str(found[0]).startswith("audit: warn: constant: ")


def test_the_same_seed_gives_the_same_findings() -> None:
    rows = table(500).append_column("hint", pa.array(np.arange(500) // 5))
    assert look(rows) == look(rows)


def test_a_file_and_a_table_in_pieces_are_one_table(tmp_path: Path) -> None:
    whole = table(300, word=["red", None, "blue"] * 100, flat=[1] * 300)
    pq.write_table(whole, tmp_path / "t.parquet", row_group_size=70)
    pieces = pa.concat_tables([whole.slice(0, 100), whole.slice(100)])
    assert look(whole) == look(pieces)
    in_test = np.arange(300) % 4 == 0
    one, other = (
        audit.audit(source, "y", "binary", in_test, Audit(), seed=0)
        for source in (whole, str(tmp_path / "t.parquet"))
    )
    assert one == other
    assert checks(one) == ["constant"]


def test_a_large_table_is_judged_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_summary, "MAX_SAMPLE_ROWS", 400)
    n = 5000
    draw = np.random.default_rng(0)
    y = draw.integers(0, 2, n)
    large = table(n, y=y, told=[f"kind {code}" for code in y])
    twice = pa.concat_tables([large, large.slice(0, 50)])
    in_test = np.concatenate([np.zeros(4500, bool), np.ones(550, bool)])
    found = audit.audit(twice, "y", "binary", in_test, Audit(shift="off"), seed=0)
    assert {"target_copy": ("told",), "identical_rows": ()}.items() <= {
        finding.check: finding.columns for finding in found
    }.items()
    rows = next(finding for finding in found if finding.check == "identical_rows")
    assert rows.figures["test_rows"] == 50


# Chapter: odd columns


ODD: dict[str, Any] = {
    "all missing": pa.array([None] * 240, pa.float64()),
    "all missing texts": pa.array([None] * 240, pa.string()),
    "one value and missing": pa.array([1.5, None] * 120),
    "one present": pa.array([None] * 239 + [7], pa.int64()),
    "huge": pa.array(np.linspace(-1e100, 1e100, 240)),
    "tiny": pa.array(np.arange(240) * 1e-300),
    "long ids": pa.array(2**62 + np.arange(240)),
    "dates": pa.array([datetime(2020, 1, 1) + timedelta(days=n) for n in range(240)]),
    "dates at times": pa.array([None, datetime(1900, 1, 1)] * 120, pa.timestamp("us")),
    "true or false": pa.array([True, None, False] * 80),
    "empty texts": pa.array(["", " ", "\n"] * 80),
    "newlines 'and' \"quotes\"/": pa.array([f"'{n}'\n\"/" for n in range(240)]),
}


@pytest.mark.slow
@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_no_odd_column_stops_the_audit(task: Task) -> None:
    y = {"regression": np.arange(240.0), "binary": np.arange(240) % 2, "multiclass": None}[task]
    labels = pa.array(["a", "b", "c'\n"] * 80) if y is None else pa.array(y)
    for found in (
        look(table(240, **ODD, y=labels), task),
        *(look(table(240, **{name: column}, y=labels), task) for name, column in ODD.items()),
    ):
        assert json.dumps([finding.to_json() for finding in found], allow_nan=False)


def test_many_categories_and_classes_are_no_obstacle() -> None:
    n = 18_000
    words = [f"c{number}" for number in np.random.default_rng(0).permutation(n)]
    found = look(table(n, words=words, y=np.arange(n) % 900), "multiclass")
    assert checks(found) == ["id_like"]


def test_columns_that_no_model_sees_are_not_judged() -> None:
    draw = np.random.default_rng(3)
    in_test = draw.random(300) < 0.25
    unseen = {"part": np.where(in_test, "test", "train"), "number": np.arange(300)}
    columns = table(300, **unseen, flat=np.zeros(300))
    given: dict[str, Any] = {"target": "y", "task": "binary", "rules": Audit(), "seed": 0}
    assert checks(audit.audit(columns, in_test=in_test, **given)) == [
        "id_like",
        "constant",
        "shift",
    ]
    assert checks(audit.audit(columns, in_test=in_test, features=["size", "flat"], **given)) == [
        "constant"
    ]


def test_rows_are_told_apart_by_columns_that_no_model_sees() -> None:
    coarse = table(size=np.zeros(200), kind=np.arange(200) // 2 % 2)
    assert "label_conflicts" in checks(look(coarse))
    told = coarse.append_column("name", pa.array(np.arange(200).astype(str)))
    assert checks(look(told, features=["size", "kind"])) == ["constant"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("split", "preprocessing"),
    [
        ({"strategy": "given", "column": "part"}, {}),
        ({"strategy": "grouped", "group": "number"}, {}),
        ({"strategy": "time", "time": "number"}, {}),
        ({}, {"text": "drop"}),
    ],
)
def test_what_decides_the_split_or_is_dropped_as_free_text_is_not_judged(
    tmp_path: Path, split: dict[str, Any], preprocessing: dict[str, Any]
) -> None:
    columns: dict[str, Any] = {"part": ["test", "0", "1"] * 100} if "column" in split else {}
    columns |= {"text": [f"said {i}" for i in range(300)]} if preprocessing else {}
    columns |= {"number": list(range(300))} if len(split) == 2 and not columns else {}
    pq.write_table(table(300, **columns), tmp_path / "table.parquet")
    declared = params.load(models).model_dump(mode="json")
    changed = {"split": split, "preprocessing": preprocessing, "audit": {}}
    declared["data"]["target"] = "y"
    declared["metrics"] = ["log_loss"]
    experiment = params.parse(declared | changed, models)
    report, found = split_and_audit(tmp_path / "table.parquet", tmp_path, experiment)
    assert found == []
    assert report["features"]["numeric"] == ["size"]


def test_one_row_of_a_class_is_no_obstacle() -> None:
    y = np.array([0] * 100 + [1] * 99 + [2])
    assert checks(look(table(200, y=y), "multiclass")) == ["imbalance"]
    assert checks(look(table(200, y=np.array([0] * 199 + [1])))) == ["imbalance"]


def test_a_part_of_one_row_is_no_obstacle() -> None:
    for in_test in (np.arange(200) == 7, np.arange(200) != 7):
        assert isinstance(
            audit.audit(table(), "y", "binary", in_test, Audit(), groups=[1] * 200, seed=0), list
        )


cells = st.one_of(
    st.lists(st.none() | st.floats(-1e100, 1e100), min_size=30, max_size=30),
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=30, max_size=30),
    st.lists(st.none() | st.text(max_size=3), min_size=30, max_size=30),
    st.lists(st.none() | st.sampled_from(["a", "b"]), min_size=30, max_size=30),
)


@pytest.mark.slow
@settings(max_examples=40)
@given(
    columns=st.lists(cells, min_size=1, max_size=3),
    y=st.lists(st.integers(0, 2), min_size=30, max_size=30),
    in_test=st.lists(st.booleans(), min_size=30, max_size=30).filter(lambda m: 0 < sum(m) < 30),
    task=st.sampled_from(["regression", "multiclass"]),
)
def test_any_table_is_audited(
    columns: list[list[Any]], y: list[int], in_test: list[bool], task: Task
) -> None:
    made = {f"c{place}": pa.array(column) for place, column in enumerate(columns)}
    drawn = pa.table({ROW: range(30), **made, "y": pa.array(y)})
    for group in (None, "c0"):
        found = audit.audit(
            drawn, "y", task, np.array(in_test), Audit(), groups=group, time=group, seed=0
        )
        assert all(finding.check in CHECKS for finding in found)
