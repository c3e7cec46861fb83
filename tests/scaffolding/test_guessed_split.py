"""How init splits a table: as published, by group, by time, or by chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tenfold import scaffolding
from tests.scaffolding.guessing import checked, guess, guessed, known_to_dvc, said_of, table


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "split", "replaced"),
    [
        (["train"] * 4 + ["test"], {"strategy": "given", "column": "part", "n_splits": 10}, {}),
        (
            ["Train"] * 4 + ["Holdout"],
            {"strategy": "given", "column": "part", "n_splits": 10},
            {"Train": "train", "Holdout": "test"},
        ),
        (["train"] * 3 + ["val", "test"], {"strategy": "given", "column": "part"}, {}),
        (["train"] * 2 + ["1", "2", "test"], {"strategy": "given", "column": "part"}, {}),
        (
            ["train"] * 4 + ["valid"],
            {"strategy": "given", "column": "part", "n_splits": 10},
            {"valid": "test"},
        ),
    ],
)
def test_a_published_split_is_followed(
    words: list[str], split: dict[str, Any], replaced: dict[str, str]
) -> None:
    frame = table().assign(part=words * 24)
    found = guessed(frame, "bought")
    # What the parts are called else is no matter of the split.
    assert found["split"] == split
    if "val" not in words:
        assert found["clean"].get("replace", {}) == ({"part": replaced} if replaced else {})
    assert "split: by part, which holds" in said_of(frame, "bought")
    assert "24 for the last test" in checked()


@pytest.mark.slow
def test_a_column_that_says_yes_to_the_test_is_a_published_split() -> None:
    found = guessed(table().assign(is_test=[0, 0, 0, 1] * 30), "bought")
    assert found["split"]["column"] == "is_test"
    assert found["clean"]["replace"] == {"is_test": {"1": "test", "0": "train"}}
    assert "30 for the last test" in checked()


def test_words_that_are_no_parts_are_categories() -> None:
    found = guessed(table().assign(stage=["train", "race", "test"] * 40), "bought")
    assert "column" not in found["split"]


@pytest.mark.slow
def test_what_init_writes_passes_check_with_fewer_folds_where_rows_of_a_class_are_equal() -> None:
    frame = table(60).assign(kind=["a"] * 48 + ["b"] * 12)
    # Eleven rows of class b have the same features, which stay together.
    for column, value in (("colour", "red"), ("size", 1.0), ("price", 2.0)):
        frame.loc[48:58, column] = value
    frame = frame.drop(columns=["customer_id"]).assign(bought=frame.index % 7)
    frame.to_csv("t.csv", index=False)
    found = guess(frame, "kind")
    said = "\n".join(scaffolding.init("t.csv", "kind", known_to_dvc(), {}, force=True))
    written = YAML(typ="safe").load(Path("project/params.yaml").read_text())
    assert "refuses" not in said
    assert written["split"]["n_splits"] < found.n_splits
    assert "rows to train on" in checked()


def visits(n: int = 400, n_patients: int = 50) -> pd.DataFrame:
    """Visits of patients who differ in what the other columns do not say."""
    draw = np.random.default_rng(0)
    patient = draw.integers(0, n_patients, n)
    own, age = draw.normal(0, 3, n_patients), draw.integers(20, 80, n_patients)
    return pd.DataFrame(
        {
            "patient_id": patient + 1000,
            "age": age[patient],
            "dose": draw.normal(size=n).round(3),
            "y": (own[patient] + draw.normal(size=n)).round(3),
        }
    )


@pytest.mark.slow
def test_rows_of_one_patient_are_not_parted_where_that_changes_the_score() -> None:
    found = guessed(visits(), "y")
    assert (found["split"]["strategy"], found["split"]["group"]) == ("grouped", "patient_id")
    said = said_of(visits(), "y")
    assert "check: rows are split by patient_id, as if the model is asked about new ones" in said
    assert "by chance," in said
    assert "for new values of patient_id" in said
    assert "unused_group" not in checked()


@pytest.mark.slow
def test_a_group_that_says_nothing_stays_a_hint() -> None:
    frame = visits().assign(y=np.random.default_rng(1).normal(size=400).round(3))
    found = guessed(frame, "y")
    assert "strategy" not in found["split"]
    assert "strategy: grouped, group: patient_id" in Path("project/params.yaml").read_text()
    said = said_of(frame, "y")
    assert "check: patient_id has several rows a value, which are parted by chance" in said


@pytest.mark.slow
@pytest.mark.parametrize("day", ["date", "counter"])
def test_a_series_is_split_by_time_where_later_rows_are_harder(day: str) -> None:
    draw = np.random.default_rng(0)
    days = pd.date_range("2022-01-01", periods=400).strftime("%Y-%m-%d")
    frame = pd.DataFrame(
        {
            "day": days if day == "date" else np.arange(400),
            "temperature": draw.normal(size=400).round(2),
            "y": np.cumsum(draw.normal(0.1, 1, 400)).round(2),
        }
    )
    found = guessed(frame, "y")
    assert (found["split"]["strategy"], found["split"]["time"]) == ("time", "day")
    # A column that orders the rows is not left out as an id.
    assert found["clean"]["drop_columns"] == []
    assert "check: rows are split by day, as if the model is asked about what comes later" in (
        said_of(frame, "y")
    )
    assert "80 for the last test" in checked()


@pytest.mark.slow
def test_a_split_by_time_that_cannot_be_made_is_said_and_not_used() -> None:
    days = pd.date_range("2022-01-01", periods=1000).strftime("%Y-%m-%d")
    late = (np.arange(1000) > 700).astype(int)
    noise = np.random.default_rng(0).normal(size=1000).round(3)
    pd.DataFrame({"day": days, "x": noise, "y": late}).to_csv("t.csv", index=False)
    # So much time that no family's is measured.
    said = "\n".join(scaffolding.init("t.csv", "y", known_to_dvc(), {}, seconds=1e5, force=True))
    assert "check: rows are split by chance, though a quick model has auroc" in said
    assert "set split: {strategy: time, time: day}: that is refused so far" in said
    assert "rows to train on" in checked()


@pytest.mark.slow
def test_a_cap_of_the_target_and_a_likely_group_are_suggested() -> None:
    frame = table(400)
    frame["price"] = frame["price"].clip(upper=2.5)
    frame["customer_id"] = 1000 + np.arange(400) // 4
    found = guessed(frame, "price")
    text = Path("project/params.yaml").read_text()
    assert "price < 2.5" in text
    assert "strategy: grouped, group: customer_id" in text
    assert found["clean"]["drop_columns"] == []


@pytest.mark.slow
def test_many_copies_are_no_mistakes() -> None:
    few = pd.DataFrame({"size": [1, 2, 3] * 40, "bought": [0, 1, 1] * 40})
    assert guessed(few, "bought")["clean"]["drop_duplicates"] is False
    assert guessed(table(), "bought")["clean"]["drop_duplicates"] is True
