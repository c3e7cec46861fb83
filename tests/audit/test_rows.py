"""Rows on both sides: counted against pandas, and judged by whether they look like copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tenfold import audit
from tenfold.audit import Finding
from tenfold.dataset import ROW
from tenfold.metrics import Task
from tenfold.params import Audit

N = 600


def look(frame: pd.DataFrame, in_test: Any, check: str, task: Task = "binary", **more: Any) -> Any:
    rules = Audit.model_validate(dict.fromkeys(Audit.model_fields, "off") | {check: "error"})
    table = pa.Table.from_pandas(frame.assign(**{ROW: range(len(frame))}), preserve_index=False)
    found: list[Finding] = audit.audit(table, "y", task, in_test, rules, seed=0, **more)
    assert len(found) <= 1
    return found[0] if found else None


def coarse(n: int = N) -> tuple[pd.DataFrame, Any]:
    draw = np.random.default_rng(3)
    shape = {"a": draw.integers(0, 6, n), "b": draw.integers(0, 6, n), "y": draw.integers(0, 2, n)}
    return pd.DataFrame(shape), draw.random(n) < 0.2


def fine(n: int = N) -> tuple[pd.DataFrame, Any]:
    frame, in_test = coarse(n)
    return frame.assign(size=np.random.default_rng(4).normal(size=n)), in_test


def test_identical_rows_are_counted_as_pandas_counts_them() -> None:
    frame, in_test = coarse()
    train = set(frame[~in_test].itertuples(index=False, name=None))
    expected = sum(row in train for row in frame[in_test].itertuples(index=False, name=None))
    assert look(frame, in_test, "identical_rows").figures["test_rows"] == expected


def test_copies_are_an_error_and_look_alikes_a_warning() -> None:
    frame, in_test = coarse()
    found = look(frame, in_test, "identical_rows")
    assert (found.level, found.figures["origin"]) == ("warn", "chance")
    frame, in_test = fine()
    assert look(frame, in_test, "identical_rows") is None
    twice = pd.concat([frame, frame[~in_test].head(20)], ignore_index=True)
    found = look(twice, np.concatenate([in_test, np.ones(20, bool)]), "identical_rows")
    assert (found.level, found.figures["origin"]) == ("error", "copied")
    assert found.figures["test_rows"] == 20


def test_one_twin_is_no_error() -> None:
    frame, in_test = fine()
    twice = pd.concat([frame, frame[~in_test].head(1)], ignore_index=True)
    found = look(twice, np.append(in_test, True), "identical_rows")
    assert (found.level, found.figures["origin"]) == ("warn", "unknown")


def test_twins_on_one_side_are_nobodys_business() -> None:
    frame, in_test = fine()
    twice = pd.concat([frame, frame[~in_test].head(20)], ignore_index=True)
    assert look(twice, np.concatenate([in_test, np.zeros(20, bool)]), "identical_rows") is None


def test_conflicts_are_counted_as_pandas_counts_them() -> None:
    frame, in_test = coarse()
    labels = frame.groupby(["a", "b"])["y"].transform("nunique")
    found = look(frame, in_test, "label_conflicts")
    assert found.figures["rows"] == int((labels > 1).sum())


def test_values_are_no_labels() -> None:
    frame, in_test = coarse()
    numbers = frame.assign(y=np.random.default_rng(0).normal(size=N))
    assert look(numbers, in_test, "label_conflicts", "regression") is None


@pytest.mark.parametrize("by_name", [True, False])
def test_groups_that_cross_are_counted(by_name: bool) -> None:
    frame, in_test = fine()
    groups = np.array([f"p{row // 4}" for row in range(N)])
    frame = frame.assign(patient=groups)
    crossing = set(groups[in_test]) & set(groups[~in_test])
    found = look(frame, in_test, "group_crossing", groups="patient" if by_name else groups)
    assert found.figures["groups"] == len(crossing)
    assert found.figures["test_rows"] == int(np.isin(groups[in_test], list(crossing)).sum())
    assert found.columns == (("patient",) if by_name else ())


def test_groups_on_one_side_each_are_fine() -> None:
    frame, _ = fine()
    groups = np.arange(N) // 4
    assert look(frame, groups % 5 == 0, "group_crossing", groups=groups) is None


def test_rows_without_a_group_belong_to_none() -> None:
    frame, in_test = fine()
    assert look(frame, in_test, "group_crossing", groups=[None] * N) is None


@pytest.mark.parametrize(
    "time",
    [
        np.arange(N),
        np.arange(N) / 7,
        [f"2020-01-{row:04d}" for row in range(N)],
        np.arange(N).astype("datetime64[h]"),
    ],
    ids=["integers", "doubles", "texts", "dates"],
)
def test_training_rows_later_than_a_test_row_are_counted(time: Any) -> None:
    frame, _ = fine()
    later = np.arange(N) >= 500
    assert look(frame, later, "time_crossing", time=time) is None
    later[450] = True
    found = look(frame, later, "time_crossing", time=time)
    assert found.figures["training_rows"] == 49


def test_the_same_moment_on_both_sides_is_not_the_future() -> None:
    frame, in_test = fine()
    assert look(frame, in_test, "time_crossing", time=[5] * N) is None
