"""Groups and times that the split does not use: named where they change what scores mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tenfold import audit
from tenfold.audit import Finding
from tenfold.dataset import ROW
from tenfold.params import Audit

N = 900


def look(frame: pd.DataFrame, **more: Any) -> list[Finding]:
    levels: dict[str, Any] = dict.fromkeys(Audit.model_fields, "off")
    rules = Audit(**levels | {"unused_group": "warn", "unused_time": "warn"})
    table = pa.Table.from_pandas(frame.assign(**{ROW: range(N)}), preserve_index=False)
    in_test = np.random.default_rng(1).random(N) < 0.2
    return audit.audit(table, "y", "regression", in_test, rules, seed=0, **more)


def visits(name: str = "patient_id", effect: float = 1.5) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    patient = draw.integers(0, 100, N)
    dose = draw.normal(size=N)
    y = dose + effect * draw.normal(size=100)[patient] + draw.normal(0, 0.5, N)
    return pd.DataFrame({name: [f"p{number}" for number in patient], "dose": dose, "y": y})


def series(day: Any = None) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    walk, x = np.cumsum(draw.normal(0, 0.3, N)), draw.normal(size=N)
    days = pd.date_range("2022-01-01", periods=N) if day is None else day
    return pd.DataFrame({"sold_on": days, "x": x, "y": x + walk})


def test_a_group_that_explains_the_target_is_named_with_both_scores() -> None:
    [found] = look(visits())
    assert (found.check, found.columns) == ("unused_group", ("patient_id",))
    assert found.figures["r2_by_chance"] > found.figures["r2_new_groups"] + 0.3
    assert "by chance," in found.sentence
    assert "and it is a feature" in found.sentence
    assert "set split: {strategy: grouped, group: patient_id}" in found.sentence
    assert "set audit: {unused_group: off}" in found.sentence


def test_a_group_that_explains_nothing_is_not() -> None:
    assert look(visits(effect=0)) == []


def test_a_declared_group_is_not_asked_for_again() -> None:
    assert look(visits(), groups="patient_id") == []


def test_a_text_with_another_name_must_change_more() -> None:
    [found] = look(visits("codename"))
    assert found.check == "unused_group"
    assert look(visits("codename", effect=0.3)) == []


def test_beside_a_time_both_are_asked_for() -> None:
    frame = visits().assign(week=np.arange(N) // 20)
    [found] = look(frame, time="week")
    assert "set split: {strategy: time, time: week, group: patient_id}" in found.sentence
    drifting = frame.assign(y=frame["y"] + frame["week"])
    [found] = look(drifting, groups="patient_id")
    assert "set split: {strategy: time, time: week, group: patient_id}" in found.sentence


@pytest.mark.slow
@pytest.mark.parametrize("form", ["date", "text", "number"])
def test_a_time_by_which_the_target_drifts_is_named_with_both_scores(form: str) -> None:
    frame = series()
    if form == "text":
        frame["sold_on"] = frame["sold_on"].dt.strftime("%Y-%m-%d")
    if form == "number":
        frame = frame.assign(day=np.arange(N)).drop(columns="sold_on")
    [found] = look(frame)
    name = "day" if form == "number" else "sold_on"
    assert (found.check, found.columns) == ("unused_time", (name,))
    assert found.figures["r2_by_chance"] > found.figures["r2_later_rows"] + 0.3
    assert f"set split: {{strategy: time, time: {name}}}" in found.sentence


def test_a_birthday_and_a_time_without_drift_are_not() -> None:
    draw = np.random.default_rng(0)
    days = pd.date_range("1950-01-01", periods=N)
    steady = pd.DataFrame({"sold_on": days, "x": draw.normal(size=N)})
    assert look(steady.assign(y=steady["x"] + draw.normal(0, 0.2, N))) == []
    assert look(series(days).rename(columns={"sold_on": "birth_date"})) == []


def test_a_season_that_comes_again_is_no_drift() -> None:
    draw = np.random.default_rng(0)
    days = pd.date_range("2020-01-01", periods=N)
    frame = pd.DataFrame({"sold_on": days, "x": draw.normal(size=N)})
    season = 2 * np.sin(2 * np.pi * days.month / 12)
    assert look(frame.assign(y=frame["x"] + season + draw.normal(0, 0.3, N))) == []


def test_a_column_that_models_do_not_see_is_asked_for_all_the_same() -> None:
    frame = visits()
    frame["height"] = frame["patient_id"].str[1:].astype(int) * 0.37
    [found] = look(frame, features=["dose", "height"])
    assert found.columns == ("patient_id",)
    assert "and it is no feature" in found.sentence
