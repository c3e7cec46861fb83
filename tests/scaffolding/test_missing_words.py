"""Words and numbers that init takes for no value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold.scaffolding import guesses
from tenfold.scaffolding.project import working_in
from tests.scaffolding.guessing import checked, guessed, rendered, said_of, table


def test_words_among_numbers_are_markers_and_among_words_a_doubt() -> None:
    frame = table().astype(object)
    frame.loc[3, "size"] = "NA"
    frame.loc[4, "colour"] = "unknown"
    frame.loc[5, "colour"] = "?"
    found = guessed(frame, "bought")
    assert found["clean"]["missing_values"] == ["", "?", "NA"]
    assert "unknown in colour: taken for a category" in Path("project/params.yaml").read_text()


@pytest.mark.slow
def test_a_word_means_no_value_only_in_the_columns_in_which_it_does() -> None:
    frame = (
        table().astype(object).assign(days=np.arange(120) % 9, defect=["None", "dent", "rust"] * 40)
    )
    frame["days"] = frame["days"].astype(object)
    frame.loc[[3, 4], "days"] = "None"
    frame.loc[5, "size"] = "-"
    frame.loc[[6, 7], "day"] = ["2024-05-31", "-"]
    frame["day"] = frame["day"].fillna("2024-06-01")
    found = guessed(frame, "defect")
    assert found["task"] == "multiclass"
    assert found["clean"]["missing_values"] == ["", "-"]
    assert found["clean"]["column_missing_values"] == {"days": ["", "-", "None"]}
    text = Path("project/params.yaml").read_text()
    assert "# None in defect: taken for a category" in text
    assert "# - in" not in text
    assert "120 kept" in checked()


def test_a_number_far_below_all_others_means_no_value() -> None:
    frame = table().assign(age=np.arange(120) % 60)
    frame.loc[[3, 50], "age"] = -999
    assert guessed(frame, "bought")["clean"]["column_missing_values"] == {"age": ["", "-999"]}


@pytest.mark.slow
def test_a_word_that_stands_in_many_cells_among_numbers_means_no_value() -> None:
    frame = table().astype({"size": object})
    frame.loc[::5, "size"] = "Varies with device"
    found = guessed(frame, "bought")
    assert found["clean"]["types"] == {"size": "double"}
    assert found["clean"]["column_missing_values"] == {"size": ["", "Varies with device"]}
    assert "size: 'Varies with device' (24 cells) among numbers" in said_of(frame, "bought")


def test_few_numbers_with_decimals_are_numbers_beside_a_word_for_no_value() -> None:
    rooms = np.random.default_rng(0).choice(["2", "2.5", "3", "3.5", "k.A."], 120)
    found = guessed(table().assign(rooms=rooms), "bought")
    assert found["clean"]["column_missing_values"] == {"rooms": ["", "k.A."]}


@pytest.mark.slow
def test_words_of_a_spreadsheet_error_mean_no_value() -> None:
    frame = table().astype({"size": object})
    frame.loc[[3, 9], "size"] = ["#DIV/0!", "#REF!"]
    found = guessed(frame, "bought")
    assert found["clean"]["missing_values"] == ["", "#DIV/0!", "#REF!"]
    assert "size" not in found["clean"]["drop_columns"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("numbers", "sentinel"),
    [
        (np.arange(120) % 60, "9999"),
        (np.arange(120) % 60 - 30, "-200"),
        (1000.5 + np.arange(120) % 17, "-1"),
        (np.arange(120) % 60 - 30.25, "99999.0"),
    ],
)
def test_one_number_far_from_all_others_is_named(numbers: Any, sentinel: str) -> None:
    frame = table().assign(x=[sentinel, sentinel, *numbers[2:]])
    assert f"check: x: {sentinel} in 2 cells, far" in said_of(frame, "bought")
    assert f"check: x: {sentinel} in 2 cells, far" in said_of(frame, "x")


@pytest.mark.slow
def test_nines_far_below_honest_negatives_mean_no_value_and_in_the_target_are_named() -> None:
    frame = table().assign(x=[-999, -999, *(np.arange(118) % 60 - 30)])
    assert guessed(frame, "bought")["clean"]["column_missing_values"] == {"x": ["", "-999"]}
    said = said_of(frame, "x")
    assert "check: x: -999 in 2 cells, far below all others" in said
    assert "column_missing_values" not in guessed(frame, "x")["clean"]


@pytest.mark.slow
def test_a_sentinel_of_a_typed_source_means_no_value_too() -> None:
    Path("project").mkdir()
    frame = table().assign(x=[-999.0, -999.0, *(np.arange(118) % 60 + 0.5)])
    frame.to_parquet("t.parquet")
    with working_in(Path("project")):
        found = guesses.guess("../t.parquet", "bought", {})
        Path("params.yaml").write_text(rendered(found))
    assert found.column_missing_values["x"][0] == ["", "-999"]
    assert "120 kept" in checked()


@pytest.mark.slow
def test_a_date_far_from_all_others_is_named() -> None:
    days = pd.date_range("2023-01-05", periods=120).strftime("%Y-%m-%d").tolist()
    frame = table().assign(day=["1900-01-01", "1900-01-01", *days[2:]])
    assert "check: day: 1900-01-01 in 2 cells, far below" in said_of(frame, "bought")
