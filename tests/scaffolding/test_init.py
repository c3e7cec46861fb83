"""`tenfold init` and `tenfold check`: what is guessed of a table, and that the project runs."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tenfold import models, params, scaffolding
from tenfold.runtime import UserError
from tenfold.scaffolding import check, experiment, guesses
from tests.project import ROOT, Project

WORDS = ["red", "green", "blue"]


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(n: int = 120) -> pd.DataFrame:
    draw = np.random.default_rng(3)
    size = draw.normal(size=n).round(3)
    return pd.DataFrame(
        {
            "customer_id": np.arange(1000, 1000 + n),
            "colour": draw.choice(WORDS, n),
            "size": size,
            "price": (3 * size + draw.normal(size=n)).round(4),
            "bought": (size + draw.normal(size=n) > 0).astype(int),
        }
    )


def known_to_dvc() -> Path:
    """The project's folder, where DVC is not started, which takes seconds."""
    Path("project/.dvc").mkdir(parents=True, exist_ok=True)
    return Path("project")


def guess(frame: pd.DataFrame | str, target: str, *columns: str) -> guesses.GuessedTable:
    """What is guessed of a table; project/params.yaml says it, and no other file is made."""
    if isinstance(frame, str):
        Path("t.csv").write_text(frame)
    else:
        frame.to_csv("t.csv", index=False)
    settings = {"columns": list(columns)} if columns else {}
    with runtime_in(Path("project")):
        found = guesses.guess("../t.csv", target, settings)
        text = experiment.render("t", "tenfold init", found, found.n_splits)
        Path("params.yaml").write_text(text)
    return found


def guessed(frame: pd.DataFrame | str, target: str, *columns: str) -> dict[str, Any]:
    """params.yaml of a table, as plain data."""
    guess(frame, target, *columns)
    document: dict[str, Any] = YAML(typ="safe").load(Path("project/params.yaml").read_text())
    return document


def said_of(frame: pd.DataFrame, target: str) -> str:
    """What init prints of a table."""
    return "\n".join(guess(frame, target).summary())


def checked() -> str:
    """What `tenfold check` says of the project."""
    with runtime_in(Path("project")):
        return "\n".join(check.check(params.load(models)))


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


def test_ids_free_text_and_columns_that_say_nothing_are_dropped() -> None:
    notes = [f"note number {n}" for n in range(100)] + ["nothing"] * 20
    found = guessed(table().assign(notes=notes, same=1, none=None), "bought")
    assert found["clean"]["drop_columns"] == ["customer_id", "notes", "same", "none"]


def test_an_id_is_one_though_some_rows_stand_there_twice() -> None:
    twice = pd.concat([table(), table().head(7)])
    found = guessed(twice, "bought")
    assert found["clean"]["drop_duplicates"] is True
    assert found["clean"]["drop_columns"] == ["customer_id"]


def test_a_file_without_a_header_is_recognised_by_its_first_line_and_can_be_named() -> None:
    content = table().to_csv(index=False, header=False)
    found = guessed(content, "column_5")
    assert found["data"]["header"] is False
    named = guessed(content, "bought", "id", "colour", "size", "price", "bought")
    assert named["data"]["columns"][-1] == "bought"


def test_words_among_numbers_are_markers_and_among_words_a_doubt() -> None:
    frame = table().astype(object)
    frame.loc[3, "size"] = "NA"
    frame.loc[4, "colour"] = "unknown"
    frame.loc[5, "colour"] = "?"
    found = guessed(frame, "bought")
    assert found["clean"]["missing_values"] == ["", "?", "NA"]
    assert "unknown in colour: taken for a category" in Path("project/params.yaml").read_text()


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


@pytest.mark.parametrize("tick", ["1", "x", "yes"])
def test_a_tick_beside_blanks_is_kept_whatever_it_is(tick: str) -> None:
    ticked = np.random.default_rng(0).random(120) < 0.3
    found = guessed(table().assign(smoker=np.where(ticked, tick, "")), "bought")
    assert found["clean"]["drop_columns"] == ["customer_id"]
    said = checked()
    assert "smoker has one value or none: it is taken for a flag" in said
    assert "missing" not in said


def test_numbers_that_all_differ_are_ids_only_if_they_look_assigned() -> None:
    draw = np.random.default_rng(3)
    frame = table().assign(
        population=draw.choice(np.arange(50_000, 9_000_000), 120, replace=False),
        year=np.arange(1900, 2020),
        account=draw.choice(np.arange(10_000_000, 99_999_999), 120, replace=False),
    )
    found = guessed(frame, "bought")
    assert found["clean"]["drop_columns"] == ["customer_id", "account"]
    said = checked()
    assert "an id?" not in said
    assert "looks like an id" not in said


def test_a_number_far_below_all_others_means_no_value() -> None:
    frame = table().assign(age=np.arange(120) % 60)
    frame.loc[[3, 50], "age"] = -999
    assert guessed(frame, "bought")["clean"]["column_missing_values"] == {"age": ["", "-999"]}


@pytest.mark.parametrize(
    ("form", "cast"),
    [
        ("%Y-%m-%d", "date"),
        ("%d.%m.%Y", {"type": "date", "format": "%d.%m.%Y"}),
        ("%m/%d/%Y", {"type": "date", "format": "%m/%d/%Y"}),
    ],
)
def test_dates_are_recognised_by_the_format_that_fits_every_cell(form: str, cast: Any) -> None:
    days = pd.date_range("2023-01-05", periods=120).strftime(form)
    found = guessed(table().assign(day=days), "bought")
    assert found["clean"]["types"] == {"day": cast}
    assert "strategy: time, time: day" in Path("project/params.yaml").read_text()


@pytest.mark.parametrize(
    ("form", "cast"),
    [
        ("%d/%m/%y", {"type": "date", "format": "%d/%m/%y"}),
        ("%d-%b-%y", {"type": "date", "format": "%d-%b-%y"}),
        ("%m/%d/%Y %I:%M %p", {"type": "date", "format": "%m/%d/%Y %I:%M %p"}),
    ],
)
def test_years_of_two_digits_and_names_of_months_are_dates(form: str, cast: Any) -> None:
    days = pd.date_range("2019-01-05", periods=120, freq="17D").strftime(form)
    found = guessed(table().assign(day=days), "bought")
    assert found["clean"]["types"] == {"day": cast}


def test_day_or_month_first_is_asked_if_no_cell_tells() -> None:
    days = [f"{1 + n % 12:02}/{1 + n % 9:02}/2024" for n in range(120)]
    said = said_of(table().assign(day=days), "bought")
    assert "check: day: %m/%d/%Y fits, too: which is it?" in said
    frame = table().assign(day=[*days[:119], "25/03/2024"])
    assert "which is it" not in said_of(frame, "bought")


def test_a_few_cells_that_are_no_dates_or_numbers_are_named() -> None:
    days = pd.date_range("2023-01-05", periods=120).strftime("%d.%m.%Y").tolist()
    frame = table().astype({"size": object}).assign(day=[*days[:119], "soon"])
    frame.loc[7, "size"] = "1.2o"
    said = said_of(frame, "bought")
    assert "check: day: 1 cell does not fit ('soon'): the rows are rejected" in said
    assert "check: size: 1 cell does not fit ('1.2o'): the rows are rejected" in said
    assert "120 rows read, 118 kept, 2 rejected" in checked()


def test_a_word_that_stands_in_many_cells_among_numbers_means_no_value() -> None:
    frame = table().astype({"size": object})
    frame.loc[::5, "size"] = "Varies with device"
    found = guessed(frame, "bought")
    assert found["clean"]["types"] == {"size": "double"}
    assert found["clean"]["column_missing_values"] == {"size": ["", "Varies with device"]}
    assert "size: 'Varies with device' (24 cells) among numbers" in said_of(frame, "bought")


def test_a_category_that_is_called_by_numbers_and_letters_stays_one() -> None:
    grades = np.random.default_rng(0).choice(["1", "2", "3", "X"], 120)
    found = guessed(table().assign(grade=grades), "bought")
    assert "types" not in found["clean"]
    assert "grade" not in found["clean"]["drop_columns"]
    said = said_of(table().assign(grade=grades), "bought")
    assert "check: grade: 'X' among numbers: taken for categories; if it means no value" in said


def test_few_numbers_with_decimals_are_numbers_beside_a_word_for_no_value() -> None:
    rooms = np.random.default_rng(0).choice(["2", "2.5", "3", "3.5", "k.A."], 120)
    found = guessed(table().assign(rooms=rooms), "bought")
    assert found["clean"]["column_missing_values"] == {"rooms": ["", "k.A."]}


def test_times_of_a_day_and_milliseconds_since_1970_are_offered_as_what_they_are() -> None:
    opened = [f"{n % 24}:{n % 60:02}" for n in range(120)]
    counted = 1_600_000_000_000 + 86_400_000 * (np.arange(120) // 3)
    said = said_of(table().assign(opened=opened, counted=counted), "bought")
    assert "check: opened: times of a day are taken for text: as hours: clean.derive: " in said
    assert "check: counted: is taken for a number: if it counts seconds since 1970" in said


def test_an_encoding_that_could_be_another_is_asked_about() -> None:
    text = table().assign(town="Nîmes").to_csv(index=False)
    Path("t.csv").write_bytes(text.encode("cp1252"))
    said = "\n".join(scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=True))
    assert "check: data.encoding: with cp1252 cells are then 'Nîmes'; with cp1257: 'Nīmes'" in said


def test_a_column_of_numbers_and_many_other_texts_is_not_dropped_in_silence() -> None:
    tickets = [f"A/5 {n}" if n % 4 == 0 else str(n * 7919 % 99991) for n in range(120)]
    said = said_of(table().assign(ticket=tickets), "bought")
    assert "check: ticket: 90 of 120 cells are numbers, and others such as 'A/5" in said


def test_a_thousands_mark_is_asked_about_and_not_taken_for_a_decimal_comma() -> None:
    income = np.random.default_rng(0).integers(300, 2500, 120)
    frame = table().assign(income=[f"{n:,}" for n in income])
    found = guessed(frame, "price")
    assert "decimal" not in found["data"]
    assert found["clean"]["types"] == {"income": {"type": "double", "thousands": ","}}
    said = said_of(frame, "price")
    assert "(thousands: ','): or is it" in said
    assert "(thousands: ','): or is it" in Path("project/params.yaml").read_text()


def test_money_and_percents_are_numbers_in_features_and_in_the_target() -> None:
    draw = np.random.default_rng(0)
    frame = table().assign(
        income=[f"${value:,.2f}" for value in draw.lognormal(11, 0.6, 120)],
        rate=[f"{value:.1f}%" for value in draw.uniform(0, 30, 120)],
        cost=[f"${value:,}" for value in draw.integers(1, 60, 120) * 500],
    )
    found = guessed(frame, "cost")
    assert found["task"] == "regression"
    assert found["clean"]["types"] == {
        "income": {"type": "double", "strip": ["$"], "thousands": ","},
        "rate": {"type": "double", "percent": True},
        "cost": {"type": "double", "strip": ["$"], "thousands": ","},
    }
    assert found["clean"]["drop_columns"] == ["customer_id"]
    said = checked()
    assert "120 kept" in said
    assert "5 numeric features" in said


def test_few_texts_of_a_target_are_classes_even_if_they_write_numbers() -> None:
    terms = table().assign(term=["36 months", "60 months", "12 months"] * 40)
    assert guessed(terms, "term")["task"] == "multiclass"
    assert guessed(terms, "bought")["clean"]["types"] == {
        "term": {"type": "double", "strip": ["months"]}
    }


def test_cells_of_several_units_are_asked_about_with_a_declaration_that_is_ready() -> None:
    frame = table().assign(weight=[f"{n} kg" if n % 2 else f"{n}000 g" for n in range(1, 121)])
    said = said_of(frame, "bought")
    assert "check: weight: several units: kg (60 cells), g (60 cells); to read all alike: " in said
    assert "clean.types: {weight: {type: double, strip: [kg, g]}}" in said


def test_a_second_header_of_units_is_one_row_that_is_rejected() -> None:
    frame = table().astype(object)
    units = {"customer_id": "", "colour": "", "size": "cm", "price": "EUR", "bought": ""}
    said = said_of(pd.concat([pd.DataFrame([units]), frame]), "price")
    assert "check: the first row holds words among numbers ('cm' in size, 'EUR' in price)" in said
    assert "does not fit" not in said
    assert "121 rows read, 120 kept, 1 rejected" in checked()


def test_words_of_a_spreadsheet_error_mean_no_value() -> None:
    frame = table().astype({"size": object})
    frame.loc[[3, 9], "size"] = ["#DIV/0!", "#REF!"]
    found = guessed(frame, "bought")
    assert found["clean"]["missing_values"] == ["", "#DIV/0!", "#REF!"]
    assert "size" not in found["clean"]["drop_columns"]


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


def test_nines_far_below_honest_negatives_mean_no_value_and_in_the_target_are_named() -> None:
    frame = table().assign(x=[-999, -999, *(np.arange(118) % 60 - 30)])
    assert guessed(frame, "bought")["clean"]["column_missing_values"] == {"x": ["", "-999"]}
    said = said_of(frame, "x")
    assert "check: x: -999 in 2 cells, far below all others" in said
    assert "column_missing_values" not in guessed(frame, "x")["clean"]


def test_a_sentinel_of_a_typed_source_means_no_value_too() -> None:
    Path("project").mkdir()
    frame = table().assign(x=[-999.0, -999.0, *(np.arange(118) % 60 + 0.5)])
    frame.to_parquet("t.parquet")
    with runtime_in(Path("project")):
        found = guesses.guess("../t.parquet", "bought", {})
        text = experiment.render("t", "tenfold init", found, found.n_splits)
        Path("params.yaml").write_text(text)
    assert found.column_missing_values["x"][0] == ["", "-999"]
    assert "120 kept" in checked()


def test_a_date_far_from_all_others_is_named() -> None:
    days = pd.date_range("2023-01-05", periods=120).strftime("%Y-%m-%d").tolist()
    frame = table().assign(day=["1900-01-01", "1900-01-01", *days[2:]])
    assert "check: day: 1900-01-01 in 2 cells, far below" in said_of(frame, "bought")


def test_a_table_written_with_1_0_is_guessed_like_one_written_with_1() -> None:
    frame = table(300).assign(grade=np.arange(300) % 3, n=np.arange(300) % 50)
    decimals = frame.astype({"customer_id": float, "grade": float, "n": float})
    plain, written = (guessed(one, "grade") for one in (frame, decimals))
    assert plain == written
    assert plain["task"] == "multiclass"
    assert plain["clean"]["drop_columns"] == ["customer_id"]


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


def test_a_column_that_says_yes_to_the_test_is_a_published_split() -> None:
    found = guessed(table().assign(is_test=[0, 0, 0, 1] * 30), "bought")
    assert found["split"]["column"] == "is_test"
    assert found["clean"]["replace"] == {"is_test": {"1": "test", "0": "train"}}
    assert "30 for the last test" in checked()


def test_words_that_are_no_parts_are_categories() -> None:
    found = guessed(table().assign(stage=["train", "race", "test"] * 40), "bought")
    assert "column" not in found["split"]


def test_a_class_of_a_few_rows_is_named_and_left_out() -> None:
    frame = table(2000).assign(y=["a"] * 1200 + ["b"] * 797 + ["c"] * 3)
    frame.loc[1999] = frame.loc[1998]
    found = guessed(frame, "y")
    assert found["task"] == "binary"
    assert found["clean"]["require"] == ["y NOT IN ('c')"]
    assert found["split"]["n_splits"] == 10
    assert "check: y: class 'c' (3 rows) cannot be learnt" in said_of(frame, "y")
    assert "2000 rows read, 1997 kept" in checked()


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


def test_what_check_refuses_for_another_cause_is_said_by_init() -> None:
    table().assign(twin=table()["bought"] * 10).to_csv("t.csv", index=False)
    said = "\n".join(scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=True))
    assert "check: tenfold check refuses this so far: target_copy" in said
    assert "'twin' is the target" in said


def test_a_table_without_any_column_to_learn_from_is_refused_with_the_cause() -> None:
    with pytest.raises(UserError, match="all columns but the target 'bought' would be left out"):
        guessed(table()[["customer_id", "bought"]].assign(same=1), "bought")


def test_categories_in_several_spellings_are_named_with_a_replacement_that_works() -> None:
    towns = ["London"] * 60 + ["Bristol"] * 50 + ["Londn", "bristol", "Bristol "] * 3 + ["Bath"]
    said = said_of(table().assign(town=towns), "bought")
    replacement = "{town: {Londn: London, bristol: Bristol}}"
    assert "check: town: 'Londn' and 'London', 'bristol' and 'Bristol' look alike" in said
    assert f"clean.replace: {replacement}" in said
    assert "town: 'Bristol' and 'bristol' look alike" in checked()
    document = Path("project/params.yaml").read_text()
    Path("project/params.yaml").write_text(
        document.replace("clean:", f"clean:\n  replace: {replacement}", 1)
    )
    assert "look alike" not in checked()


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


def test_rows_of_one_patient_are_not_parted_where_that_changes_the_score() -> None:
    found = guessed(visits(), "y")
    assert (found["split"]["strategy"], found["split"]["group"]) == ("grouped", "patient_id")
    said = said_of(visits(), "y")
    assert "check: rows are split by patient_id, as if the model is asked about new ones" in said
    assert "by chance," in said
    assert "for new values of patient_id" in said
    assert "unused_group" not in checked()


def test_a_group_that_says_nothing_stays_a_hint() -> None:
    frame = visits().assign(y=np.random.default_rng(1).normal(size=400).round(3))
    found = guessed(frame, "y")
    assert "strategy" not in found["split"]
    assert "strategy: grouped, group: patient_id" in Path("project/params.yaml").read_text()
    said = said_of(frame, "y")
    assert "check: patient_id has several rows a value, which are parted by chance" in said


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


def test_a_split_by_time_that_cannot_be_made_is_said_and_not_used() -> None:
    days = pd.date_range("2022-01-01", periods=1000).strftime("%Y-%m-%d")
    late = (np.arange(1000) > 700).astype(int)
    noise = np.random.default_rng(0).normal(size=1000).round(3)
    pd.DataFrame({"day": days, "x": noise, "y": late}).to_csv("t.csv", index=False)
    said = "\n".join(scaffolding.init("t.csv", "y", known_to_dvc(), {}, force=True))
    assert "check: rows are split by chance, though a quick model has auroc" in said
    assert "set split: {strategy: time, time: day}: that is refused so far" in said
    assert "rows to train on" in checked()


def test_a_decimal_comma_and_an_old_encoding_are_guessed() -> None:
    frame = table().assign(town="Köln")
    text = frame.to_csv(index=False, sep=";", decimal=",")
    Path("t.csv").write_bytes(text.encode("cp1252"))
    scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=True)
    found = YAML(typ="safe").load(Path("project/params.yaml").read_text())
    assert (found["data"]["decimal"], found["data"]["encoding"]) == (",", "cp1252")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_title_above_the_header_is_skipped(ending: str) -> None:
    path = f"t.{ending}"
    if ending == "csv":
        Path(path).write_text("Sales of May\n\n" + table().to_csv(index=False, sep=";"))
    else:
        with pd.ExcelWriter(path) as writer:
            table().to_excel(writer, index=False, startrow=2)
            writer.book.worksheets[0]["A1"] = "Sales of May"
    scaffolding.init(path, "bought", known_to_dvc(), {}, force=True)
    found = YAML(typ="safe").load(Path("project/params.yaml").read_text())
    assert found["data"]["skip_lines"] == 2
    assert found["task"] == "binary"


def test_a_cap_of_the_target_and_a_likely_group_are_suggested() -> None:
    frame = table(400)
    frame["price"] = frame["price"].clip(upper=2.5)
    frame["customer_id"] = 1000 + np.arange(400) // 4
    found = guessed(frame, "price")
    text = Path("project/params.yaml").read_text()
    assert "price < 2.5" in text
    assert "strategy: grouped, group: customer_id" in text
    assert found["clean"]["drop_columns"] == []


def test_odd_names_survive_the_file() -> None:
    names = {"size": "yes", "colour": 'a "b": c', "price": "# no", "customer_id": "null"}
    found = guessed(table().rename(columns=names), "bought")
    assert found["clean"]["drop_columns"] == ["null"]


def test_names_with_line_ends_stay_within_comments_and_values() -> None:
    odd = {"colour": "a\nseed: 8", "customer_id": "b\u2028c", "bought": "is\nit"}
    frame = table(400).rename(columns=odd)
    found = guessed(frame, "is\nit")
    assert (found["seed"], found["data"]["target"]) == (7, "is\nit")
    assert found["clean"]["drop_columns"] == ["b\u2028c"]


def test_a_query_of_a_database_is_taken_over_and_its_file_seen_from_the_project() -> None:
    with contextlib.closing(sqlite3.connect("shop.db")) as database:
        table().to_sql("orders", database, index=False)
    settings = {"query": "SELECT * FROM orders WHERE size < 9"}
    scaffolding.init("sqlite:shop.db", "bought", known_to_dvc(), settings, force=False)
    with runtime_in(Path("project")):
        experiment = params.load(models)
        assert experiment.data.path == "sqlite:../shop.db"
        assert "120 rows read" in "\n".join(check.check(experiment))
    with pytest.raises(UserError, match="query is missing"):
        scaffolding.init("sqlite:shop.db", "bought", Path("other"), {}, force=False)


@pytest.mark.parametrize(
    "row",
    [
        b"1,2\n",
        b"1,2,3,4,5,6,7\n",
        b'"red" x,1,2,3,4\n',
    ],
    ids=["short", "long", "behind a quote"],
)
def test_a_table_with_a_damaged_row_is_looked_at_all_the_same(row: bytes) -> None:
    lines = table().to_csv(index=False).encode().splitlines(keepends=True)
    Path("t.csv").write_bytes(b"".join([*lines[:20], row, *lines[20:]]))
    scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=True)
    said = checked()
    assert "121 rows read, 120 kept, 1 rejected" in said


def test_a_line_break_in_a_name_does_not_end_the_header() -> None:
    frame = table().rename(columns={"colour": "new\nline"})
    Path("t.csv").write_text(frame.to_csv(index=False, lineterminator="\r\n"), newline="")
    scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=True)
    assert "120 kept" in checked()


def test_a_first_line_that_names_the_target_is_a_header_whatever_else_it_holds() -> None:
    found = guessed(table().rename(columns={"size": "2019"}), "bought")
    assert "header" not in found["data"]
    with pytest.raises(
        UserError, match=r"its first line holds '1000', as rows do: name its columns"
    ):
        guessed(table().to_csv(index=False, header=False), "bought")


def test_many_copies_are_no_mistakes() -> None:
    few = pd.DataFrame({"size": [1, 2, 3] * 40, "bought": [0, 1, 1] * 40})
    assert guessed(few, "bought")["clean"]["drop_duplicates"] is False
    assert guessed(table(), "bought")["clean"]["drop_duplicates"] is True


@pytest.mark.slow
@pytest.mark.parametrize("name", ["br [x]", "st*r", "que?", "uni größe", "h#h", "year=2024"])
def test_a_project_may_have_any_name(name: str) -> None:
    table().to_csv("t.csv", index=False)
    scaffolding.init("t.csv", "bought", Path(name), {}, force=False)
    with runtime_in(Path(name)):
        assert "120 kept" in "\n".join(check.check(params.load(models)))
        site = subprocess.run(
            ["dvc", "config", "core.site_cache_dir"], capture_output=True, text=True, check=True
        )
        assert site.stdout.strip() == str(Path(".dvc/tmp/site").resolve())


def test_a_name_that_mlflow_cannot_work_in_is_refused_and_nothing_is_left() -> None:
    table().to_csv("t.csv", index=False)
    for name in ("a'b\"c", "per%cent"):
        with pytest.raises(UserError, match="must hold neither % nor both"):
            scaffolding.init("t.csv", "bought", Path(name), {}, force=False)
    with pytest.raises(UserError, match="no column 'no'"):
        scaffolding.init("t.csv", "no", Path("new"), {}, force=False)
    assert [path.name for path in Path().iterdir() if path.is_dir()] == []


def test_what_a_folder_ignores_already_is_kept_and_completed() -> None:
    Path("project").mkdir()
    Path("project/.gitignore").write_text("*.tmp\n/outputs/")
    table().to_csv("t.csv", index=False)
    said = scaffolding.init("t.csv", "bought", Path("project"), {}, force=False)
    lines = Path("project/.gitignore").read_text().splitlines()
    assert lines[:2] == ["*.tmp", "/outputs/"]
    assert "/.tenfold/" in lines
    assert lines.count("/outputs/") == 1
    assert any(line.startswith("added to .gitignore: /mlruns/") for line in said)


def test_a_sheet_of_an_excel_file_is_taken_over() -> None:
    with pd.ExcelWriter("book.xlsx") as book:
        table().to_excel(book, sheet_name="first", index=False)
        table().head(9).to_excel(book, sheet_name="second", index=False)
    scaffolding.init("book.xlsx", "bought", known_to_dvc(), {"sheet": "first"}, force=False)
    assert "--sheet first" in Path("project/params.yaml").read_text()
    with runtime_in(Path("project")):
        assert params.load(models).data.sheet == "first"


def test_what_init_writes_is_valid_and_checked_in_seconds() -> None:
    guessed(table(), "bought")
    with runtime_in(Path("project")):
        said = "\n".join(check.check(params.load(models)))
    assert "120 rows read, 120 kept, 0 rejected" in said
    assert "10 folds of 9 to 10 rows, stratified" in said
    assert "490 fits, very roughly" in said
    assert "random_forest: 30 fits (3 of 3 configurations)" in said
    assert not Path("project/outputs").exists()


def test_check_refuses_what_a_stage_would_refuse() -> None:
    guessed(table().assign(twin=table()["bought"] * 10), "bought")
    with runtime_in(Path("project")), pytest.raises(UserError, match="'twin' is the target"):
        check.check(params.load(models))


def test_a_params_file_is_not_replaced_unless_forced_and_then_kept() -> None:
    table().to_csv("t.csv", index=False)
    scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=False)
    before = Path("project/params.yaml").read_text()
    with pytest.raises(UserError, match="--force keeps it"):
        scaffolding.init("t.csv", "price", Path("project"), {}, force=False)
    scaffolding.init("t.csv", "price", Path("project"), {}, force=True)
    assert Path("project/params.yaml.old").read_text() == before
    scaffolding.init("t.csv", "size", Path("project"), {}, force=True)
    assert Path("project/params.yaml.old").read_text() == before
    assert "target: price" in Path("project/params.yaml.old.2").read_text()


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


@pytest.mark.slow
def test_an_initialised_project_runs_and_an_upgrade_runs_all_of_it_again(tmp_path: Path) -> None:
    table().to_csv("t.csv", index=False)
    project = Project(tmp_path / "project")
    outside = Project(tmp_path)
    outside.run("tenfold", "init", "t.csv", "--target", "bought", "project")
    project.change(models={"dummy": {}, "linear": {}}, split={"n_splits": 3})
    everything = ["clean", "split", "cross_validate@dummy", "cross_validate@linear"]
    everything += ["train@dummy", "train@linear", "select_model"]
    assert project.repro() == everything
    assert project.json("outputs/metrics.json")["champion"] == "linear"
    assert project.repro() == ["clean", "select_model"]
    assert project.json("outputs/code.json")["libraries"]["scikit-learn"]
    upgraded = shutil.copytree(ROOT / "src", tmp_path / "upgraded")
    with (upgraded / "tenfold" / "metrics.py").open("a") as module:
        module.write("# Another version.\n")
    assert project.repro(env={"PYTHONPATH": str(upgraded)}) == everything


def runtime_in(folder: Path) -> Any:
    from tenfold.scaffolding import project

    return project.working_in(folder)
