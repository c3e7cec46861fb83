"""Eighteen tables as people have them: each comes to the right value, or to a question about it."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from tenfold.runtime import UserError
from tests.cases import tables
from tests.cases.project import Case

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(0)


def test_thousands(draw: np.random.Generator) -> None:
    case = Case(tables.thousands(draw), "y")
    assert "check: income: '1," in case.said
    assert "(thousands: ','): or is it" in case.said
    income = case.read.clean["income"]
    assert income.between(300, 2500).all()
    assert case.score("r2") > 0.97


def test_years(draw: np.random.Generator) -> None:
    case = Case(tables.years(draw), "y", family="hist_gradient_boosting")
    assert case.params["clean"]["types"] == {"sold": {"type": "date", "format": "%d/%m/%y"}}
    assert set(case.read.clean["sold"].dt.year) == {2019, 2020, 2021, 2022, 2023, 2024}
    case.by_chance()
    [answer] = case.by_file(pd.DataFrame({"sold": ["05/03/20"], "x": [0]}))
    assert answer == pytest.approx(3, abs=2)
    assert case.by_json([{"sold": "2020-03-05", "x": 0}]) == [answer]
    assert "seconds since 1970" not in case.said
    case.change(clean={"types": {"sold": {"type": "date", "format": "%d/%m/%Y"}}})
    with pytest.raises(UserError, match="rows are rejected"):
        case.check()


@pytest.mark.parametrize("n", [600, 60], ids=["61 different values", "all values different"])
def test_dollars(draw: np.random.Generator, n: int) -> None:
    case = Case(tables.dollars(draw, n), "price")
    assert case.params["task"] == "regression"
    price = case.read.clean["price"]
    assert price.between(500, 30_600).all()
    assert case.score("r2") > 0.97


def test_a_target_in_percent(draw: np.random.Generator) -> None:
    case = Case(tables.percents(draw), "rate")
    assert case.params["task"] == "regression"
    assert 0.25 < case.read.clean["rate"].max() < 0.35
    assert case.score("r2") > 0.95


def test_money_and_percent(draw: np.random.Generator) -> None:
    case = Case(tables.money_and_percent(draw), "y")
    read = case.read
    assert read.schema.numeric == ("income", "rate", "kids")
    assert read.clean["income"].median() == pytest.approx(60_000, rel=0.1)
    assert 0 < read.clean["rate"].min() < read.clean["rate"].max() <= 0.3
    # The noise of the target lets nobody rank better than 0.94.
    assert case.score("auroc") > 0.92


def test_all_different(draw: np.random.Generator) -> None:
    case = Case(tables.all_different(draw), "gdp")
    assert case.params["clean"]["drop_columns"] == []
    assert case.score("r2") > 0.98


@pytest.mark.parametrize("tick", ["1", "x", "yes"])
def test_checkbox(draw: np.random.Generator, tick: str) -> None:
    case = Case(tables.checkbox(draw, tick), "y")
    assert "smoker" in case.read.schema.features
    assert case.score("auroc") == pytest.approx(0.81, abs=0.05)


def test_none_is_a_class(draw: np.random.Generator) -> None:
    case = Case(tables.none_is_a_class(draw), "defect")
    assert case.params["task"] == "multiclass"
    assert case.params["clean"]["column_missing_values"] == {"days": ["", "None"]}
    read = case.read
    assert (len(read.rejected), read.schema.classes) == (0, ("None", "dent", "scratch"))
    assert 10 < read.clean["days"].isna().sum() < 60


def test_sentinel(draw: np.random.Generator) -> None:
    case = Case(tables.sentinel(draw), "y")
    assert case.params["clean"]["column_missing_values"] == {"age": ["", "-999.0"]}
    assert case.score("r2") > 0.7
    # However it is written, and whether it is a number or a text.
    ages = ["-999", "-999.0", ""]
    asked = pd.DataFrame({"age": ages, "z": 0.1, "rooms": ["0", "3", ""]})
    json = [
        {"age": age, "z": 0.1, "rooms": rooms}
        for age, rooms in zip([-999, -999.0, None], [0, 3.0, None], strict=True)
    ]
    by_file = case.by_file(asked)
    assert by_file == case.by_csv(asked) == case.by_json(json)
    asked["rooms"] = "3"
    assert len(set(case.by_file(asked))) == 1


def test_a_number_that_is_replaced_in_another_spelling(draw: np.random.Generator) -> None:
    table = tables.sentinel(draw).astype({"rooms": float})
    case = Case(table, "y").change(clean={"replace": {"rooms": {"0": None}}})
    assert case.read.clean["rooms"].isna().sum() == (table["rooms"] == 0).sum()
    zero, none = ({"age": 5, "z": 0.1, "rooms": rooms} for rooms in (0, None))
    assert len({*case.by_json([zero, none]), *case.by_csv(pd.DataFrame([zero, none]))}) == 1


def test_na_is_a_value(draw: np.random.Generator) -> None:
    case = Case(tables.na_is_a_value(draw), "y").change(clean={"missing_values": [""]})
    words = ["NA", "None", ""]
    asked = pd.DataFrame({"basement": words, "x": 0})
    by_file = case.by_file(asked)
    assert by_file == pytest.approx([100, 120, 170], abs=5)
    json = [{"basement": word or None, "x": 0} for word in words]
    assert by_file == case.by_csv(asked) == case.by_json(json)


def test_codes(draw: np.random.Generator) -> None:
    case = Case(tables.codes(draw), "y")
    # As a program writes codes beside a missing one: 1.0 and 2.0; and as booleans of Parquet.
    asked = pd.DataFrame({"grade": [1, 2, None], "ok": [True, False, True], "z": 0.1})
    asked.to_parquet("in.parquet")
    by_file = case.by_file(Path("in.parquet"))
    assert by_file[:2] == pytest.approx([3, 10], abs=1.5)
    assert by_file == case.by_file(asked) == case.by_csv(asked)
    assert by_file[:2] == case.by_json(
        [{"grade": 1, "ok": True, "z": 0.1}, {"grade": "2", "ok": "False", "z": 0.1}]
    )
    new = asked.assign(grade=["1", "7", "8"])
    assert case.of_file(new).notes == [
        "'grade': 2 rows have a category that no training row had (66.7%), such as '7', '8'"
    ]


def test_workbook_dates(draw: np.random.Generator) -> None:
    case = Case(tables.workbook_dates(draw), "y", family="hist_gradient_boosting")
    case.by_chance()
    book = openpyxl.Workbook()
    for row in (["day", "rooms"], [datetime.datetime(2024, 2, 3), 2]):
        book.active.append(row)
    book.save("in.xlsx")
    [answer] = case.by_file(Path("in.xlsx"))
    assert answer == pytest.approx(4, abs=1.5)
    for day in ("2024-02-03", "03.02.2024"):
        assert case.by_file(pd.DataFrame({"day": [day], "rooms": [2]})) == [answer]
        assert case.by_json([{"day": day, "rooms": 2}]) == [answer]
    with pytest.raises(
        UserError, match=r"must be a date written as %d\.%m\.%Y, or an ISO 8601 date"
    ):
        case.by_file(pd.DataFrame({"day": ["02/03/2024"], "rooms": [2]}))


def test_repeated(draw: np.random.Generator) -> None:
    case = Case(tables.repeated(draw), "y")
    assert case.params["clean"]["drop_duplicates"] is False
    said = case.check()
    assert "8000 rows read, 8000 kept" in said
    assert "are drawn like any others, so scores are of rows such as were learnt from" in said
    assert case.score("auroc") == pytest.approx(0.62, abs=0.06)


def test_published_split(draw: np.random.Generator) -> None:
    case = Case(tables.published_split(draw), "y")
    assert case.params["split"]["strategy"] == "given"
    assert "split: by part, which holds test, train" in case.said
    assert "audit: warn: identical_rows: 6 of 120 test rows" in case.check()
    assert "identical_rows" not in case.change(audit={"identical_rows": "off"}).check()
    with pytest.raises(UserError, match="identical_rows: 6 of 120 test rows"):
        case.change(audit={"identical_rows": "error"}).check()


def test_late_class(draw: np.random.Generator) -> None:
    case = Case(tables.late_class(draw), "y")
    by_time = {"strategy": "time", "time": "day", "n_splits": 5}
    with pytest.raises(UserError, match=r"class 1 .*, which begins at 2023-12-03T") as refused:
        case.change(split=by_time).check()
    cure = (
        "set split.strategy: auto and remove split.time (scores are of rows drawn by chance then)"
    )
    assert str(refused.value).endswith(f": {cure}")
    case.change(split=None).change(split={"strategy": "auto"})
    assert "rows to train on" in case.check()


def test_panel(draw: np.random.Generator) -> None:
    case = Case(tables.panel(draw), "y")
    assert case.params["split"]["group"] == "machine"
    assert "check: rows are split by machine, as if the model is asked about new ones" in case.said
    assert "both at once: split: {strategy: time, group: machine, time: week}" in case.said
    case.change(split={"strategy": "time", "time": "week", "n_splits": 5})
    assert "time: scores are of later rows of new groups" in case.check()
    read = case.read
    assert set(read.train.X) == {"x"}
    clean = read.clean.set_index("tenfold_row")
    train, test = clean.loc[read.train.rows], clean.loc[read.test.rows]
    assert train["week"].max() < test["week"].min()
    assert not set(train["machine"]) & set(test["machine"])


def test_rare_class(draw: np.random.Generator) -> None:
    case = Case(tables.rare_class(draw), "y")
    assert "check: y: class 'c' (3 rows) cannot be learnt and scored from so few rows" in case.said
    assert "refuses" not in case.said
    assert "2000 rows read, 1997 kept" in case.check()
    assert case.read.schema.classes == ("a", "b")


def test_blank_keys(draw: np.random.Generator) -> None:
    table = tables.blank_keys(draw)
    case = Case(table, "y").change(
        clean={"drop_duplicates": {"by": ["a", "b"]}, "max_rejected": 1.0}
    )
    kept = table.drop_duplicates(["a", "b"])["y"].tolist()
    assert case.read.clean["y"].tolist() == kept
    assert len(kept) == 61


def test_a_discrete_space(draw: np.random.Generator) -> None:
    case = Case(tables.percents(draw), "rate")
    declared = {"alpha": {"choices": [0.1, 1.0, 10.0]}}
    case.change(models=None).change(
        models={"linear": declared}, tune={"n_trials": 15}, split={"n_splits": 3}
    )
    assert "linear: 9 fits (3 of 3 configurations)" in case.check()
    for n_trials in (3, 15):
        trials = case.search(n_trials)
        assert sorted(trial.values["alpha"] for trial in trials) == [0.1, 1.0, 10.0]
