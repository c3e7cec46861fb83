"""Dates as numbers: the calendar's own parts, and pairs that turn with it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import preprocessing
from tenfold.dataset import Schema
from tenfold.metrics import Array
from tenfold.params import Dates, Preprocessing
from tenfold.preprocessing.date_parts import CYCLES, PARTS, DateParts, width

MOMENTS = st.datetimes(min_value=datetime(1, 1, 1))


def parts(moments: list[datetime | None], names: tuple[str, ...], cyclic: bool) -> Array:
    column = pd.Series(np.array(moments, dtype="datetime64[us]"))
    return DateParts(names, cyclic).fit_transform(pd.DataFrame({"when": column}))  # type: ignore[no-any-return]


@given(MOMENTS)
def test_parts_are_those_of_the_calendar(moment: datetime) -> None:
    elapsed = (moment - datetime(1970, 1, 1)) / timedelta(days=1)
    expected = [moment.year, moment.month, moment.day, moment.weekday(), moment.hour]
    [found] = parts([moment], tuple(PARTS), cyclic=False)
    np.testing.assert_allclose(found, [*expected, moment.minute, elapsed], rtol=1e-12)


@given(MOMENTS)
def test_a_cyclic_part_is_the_sine_and_cosine_of_its_share_of_a_turn(moment: datetime) -> None:
    shares = {
        "month": (moment.month - 1) / 12,
        "day": (moment.day - 1) / 31,
        "weekday": moment.weekday() / 7,
        "hour": moment.hour / 24,
        "minute": moment.minute / 60,
    }
    [found] = parts([moment], tuple(shares), cyclic=True)
    turns = [2 * math.pi * share for share in shares.values()]
    expected = [value for turn in turns for value in (math.sin(turn), math.cos(turn))]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("part", "step"),
    [
        ("month", [datetime(2023, month, 1) for month in range(1, 13)]),
        ("weekday", [datetime(2024, 1, day) for day in range(1, 8)]),
        ("hour", [datetime(2024, 1, 1, hour) for hour in range(24)]),
        ("minute", [datetime(2024, 1, 1, 0, minute) for minute in range(60)]),
        ("day", [datetime(2024, 1, day) for day in range(1, 32)]),
    ],
)
def test_the_last_of_a_cycle_is_as_near_to_the_first_as_any_two_neighbours(
    part: str, step: list[datetime]
) -> None:
    circle = parts([*step, step[0]], (part,), cyclic=True)
    distances = np.linalg.norm(np.diff(circle, axis=0), axis=1)
    np.testing.assert_allclose(distances, distances[0])
    np.testing.assert_allclose(np.linalg.norm(circle, axis=1), 1)


def test_years_and_elapsed_days_never_turn() -> None:
    assert set(PARTS) - set(CYCLES) == {"year", "elapsed_days"}
    years = parts([datetime(2023, 1, 1), datetime(2024, 7, 1, 12)], ("year", "elapsed_days"), True)
    assert years.tolist() == [[2023.0, 19358.0], [2024.0, 19905.5]]


def test_a_missing_date_has_no_part() -> None:
    assert np.isnan(parts([None], tuple(PARTS), cyclic=True)).all()


@given(st.lists(st.sampled_from(sorted(PARTS)), min_size=1, unique=True), st.booleans())
def test_a_date_is_as_wide_as_is_said_before(names: list[str], cyclic: bool) -> None:
    found = parts([datetime(2024, 1, 1), None], tuple(names), cyclic)
    assert found.shape == (2, width(names, cyclic))


# --- inside a fold ---

SCHEMA = Schema("regression", "y", (), (), (), ("NA",), ("when",))
DAYS = ["2024-01-01", "2024-03-05", None, "2024-06-09", "2025-06-09"]


def fitted(values: list[Any], **declared: Any) -> Any:
    chosen = Preprocessing(dates=Dates(**{"scale": "none", **declared}))
    frame = SCHEMA.frame(pd.DataFrame({"when": values}))
    return preprocessing.fit(SCHEMA, chosen, frame, np.arange(float(len(values))))[0]


def transformed(transformer: Any, *values: Any) -> Any:
    return transformer.transform(SCHEMA.frame(pd.DataFrame({"when": list(values)}))).tolist()


@pytest.mark.parametrize(
    ("impute", "expected"),
    [("median", [2024.0, 4.5]), ("mean", [2024.25, 4.0]), ("most_frequent", [2024.0, 6.0])],
)
def test_every_part_of_a_missing_date_is_imputed_by_itself(
    impute: str, expected: list[float]
) -> None:
    transformer = fitted(DAYS, parts=["year", "month"], cyclic=False, impute=impute)
    assert transformed(transformer, None, pd.NaT) == [expected, expected]


def test_an_indicator_says_where_a_date_was_missing() -> None:
    transformer = fitted(DAYS, parts=["year"], indicator=True)
    assert transformed(transformer, "2030-01-01", None) == [[2030.0, 0.0], [2024.0, 1.0]]


def test_parts_that_never_differ_are_dropped() -> None:
    transformer = fitted(DAYS, parts=["year", "hour", "minute"])
    assert transformed(transformer, "2021-01-01T15:30") == [[2021.0]]


def test_dates_are_scaled_as_numbers_are_unless_they_say_otherwise() -> None:
    frame = SCHEMA.frame(pd.DataFrame({"when": DAYS}))
    for declared, largest in (
        ({"numeric": {"scale": "min_max"}}, 1.0),
        ({"numeric": {"scale": "min_max"}, "dates": {"scale": "none"}}, 2025.0),
        ({"columns": {"when": {"scale": "none"}}}, 2025.0),
    ):
        chosen = Preprocessing.model_validate(declared)
        _, X = preprocessing.fit(SCHEMA, chosen, frame, np.arange(5.0))
        assert X[:, 0].max() == largest


@pytest.mark.parametrize("drop_constant", [True, False])
@pytest.mark.parametrize("impute", ["median", "mean", "most_frequent"])
def test_a_date_that_no_training_row_has_is_no_obstacle(impute: str, drop_constant: bool) -> None:
    chosen = Preprocessing(
        dates=Dates(impute=impute, indicator=True),  # type: ignore[arg-type]
        drop_constant=drop_constant,
    )
    frame = SCHEMA.frame(pd.DataFrame({"when": [None, None]}))
    transformer, X = preprocessing.fit(SCHEMA, chosen, frame, np.arange(2.0))
    later = np.array(transformed(transformer, "2024-05-31", None))
    assert np.isfinite(X).all()
    assert np.isfinite(later).all()
    assert X.shape == later.shape
