"""What init takes a column for: an id, text, categories, dates, numbers with units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.scaffolding.guessing import checked, guessed, said_of, table


def test_ids_free_text_and_columns_that_say_nothing_are_dropped() -> None:
    notes = [f"note number {n}" for n in range(100)] + ["nothing"] * 20
    found = guessed(table().assign(notes=notes, same=1, none=None), "bought")
    assert found["clean"]["drop_columns"] == ["customer_id", "notes", "same", "none"]


def test_an_id_is_one_though_some_rows_stand_there_twice() -> None:
    twice = pd.concat([table(), table().head(7)])
    found = guessed(twice, "bought")
    assert found["clean"]["drop_duplicates"] is True
    assert found["clean"]["drop_columns"] == ["customer_id"]


@pytest.mark.slow
@pytest.mark.parametrize("tick", ["1", "x", "yes"])
def test_a_tick_beside_blanks_is_kept_whatever_it_is(tick: str) -> None:
    ticked = np.random.default_rng(0).random(120) < 0.3
    found = guessed(table().assign(smoker=np.where(ticked, tick, "")), "bought")
    assert found["clean"]["drop_columns"] == ["customer_id"]
    said = checked()
    assert "smoker has one value or none: it is taken for a flag" in said
    assert "missing" not in said


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_day_or_month_first_is_asked_if_no_cell_tells() -> None:
    days = [f"{1 + n % 12:02}/{1 + n % 9:02}/2024" for n in range(120)]
    said = said_of(table().assign(day=days), "bought")
    assert "check: day: %m/%d/%Y fits, too: which is it?" in said
    frame = table().assign(day=[*days[:119], "25/03/2024"])
    assert "which is it" not in said_of(frame, "bought")


@pytest.mark.slow
def test_a_few_cells_that_are_no_dates_or_numbers_are_named() -> None:
    days = pd.date_range("2023-01-05", periods=120).strftime("%d.%m.%Y").tolist()
    frame = table().astype({"size": object}).assign(day=[*days[:119], "soon"])
    frame.loc[7, "size"] = "1.2o"
    said = said_of(frame, "bought")
    assert "check: day: 1 cell does not fit ('soon'): the rows are rejected" in said
    assert "check: size: 1 cell does not fit ('1.2o'): the rows are rejected" in said
    assert "120 rows read, 118 kept, 2 rejected" in checked()


@pytest.mark.slow
def test_a_category_that_is_called_by_numbers_and_letters_stays_one() -> None:
    grades = np.random.default_rng(0).choice(["1", "2", "3", "X"], 120)
    found = guessed(table().assign(grade=grades), "bought")
    assert "types" not in found["clean"]
    assert "grade" not in found["clean"]["drop_columns"]
    said = said_of(table().assign(grade=grades), "bought")
    assert "check: grade: 'X' among numbers: taken for categories; if it means no value" in said


def test_times_of_a_day_and_milliseconds_since_1970_are_offered_as_what_they_are() -> None:
    opened = [f"{n % 24}:{n % 60:02}" for n in range(120)]
    counted = 1_600_000_000_000 + 86_400_000 * (np.arange(120) // 3)
    said = said_of(table().assign(opened=opened, counted=counted), "bought")
    assert "check: opened: times of a day are taken for text: as hours: clean.derive: " in said
    assert "check: counted: is taken for a number: if it counts seconds since 1970" in said


def test_a_column_of_numbers_and_many_other_texts_is_not_dropped_in_silence() -> None:
    tickets = [f"A/5 {n}" if n % 4 == 0 else str(n * 7919 % 99991) for n in range(120)]
    said = said_of(table().assign(ticket=tickets), "bought")
    assert "check: ticket: 90 of 120 cells are numbers, and others such as 'A/5" in said


@pytest.mark.slow
def test_a_thousands_mark_is_asked_about_and_not_taken_for_a_decimal_comma() -> None:
    income = np.random.default_rng(0).integers(300, 2500, 120)
    frame = table().assign(income=[f"{n:,}" for n in income])
    found = guessed(frame, "price")
    assert "decimal" not in found["data"]
    assert found["clean"]["types"] == {"income": {"type": "double", "thousands": ","}}
    said = said_of(frame, "price")
    assert "(thousands: ','): or is it" in said
    assert "(thousands: ','): or is it" in Path("project/params.yaml").read_text()


@pytest.mark.slow
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


def test_cells_of_several_units_are_asked_about_with_a_declaration_that_is_ready() -> None:
    frame = table().assign(weight=[f"{n} kg" if n % 2 else f"{n}000 g" for n in range(1, 121)])
    said = said_of(frame, "bought")
    assert "check: weight: several units: kg (60 cells), g (60 cells); to read all alike: " in said
    assert "clean.types: {weight: {type: double, strip: [kg, g]}}" in said


@pytest.mark.slow
def test_a_table_written_with_1_0_is_guessed_like_one_written_with_1() -> None:
    frame = table(300).assign(grade=np.arange(300) % 3, n=np.arange(300) % 50)
    decimals = frame.astype({"customer_id": float, "grade": float, "n": float})
    plain, written = (guessed(one, "grade") for one in (frame, decimals))
    assert plain == written
    assert plain["task"] == "multiclass"
    assert plain["clean"]["drop_columns"] == ["customer_id"]


@pytest.mark.slow
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
