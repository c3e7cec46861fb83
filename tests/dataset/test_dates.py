"""Dates as text: what is one, and what is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.dataset import dates


def parse(*values: Any) -> tuple[list[Any], list[bool]]:
    parsed, wrong = dates.parse(pd.Series(list(values), dtype=object))
    assert parsed.dtype == "datetime64[us]"
    return parsed.tolist(), wrong.tolist()


@given(st.datetimes(min_value=datetime(1, 1, 1)), st.sampled_from(["T", " "]))
def test_a_time_in_iso_8601_is_read_to_the_microsecond(moment: datetime, separator: str) -> None:
    assert parse(moment.isoformat(separator)) == ([moment], [False])


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29", datetime(2024, 2, 29)),
        ("1899-12-31", datetime(1899, 12, 31)),
        ("2024-05-31T13:45", datetime(2024, 5, 31, 13, 45)),
        ("2024-05-31 13:45:07.5", datetime(2024, 5, 31, 13, 45, 7, 500_000)),
        ("2024-05-31T13:45:00Z", datetime(2024, 5, 31, 13, 45)),
        ("2024-05-31T01:45:00+02:00", datetime(2024, 5, 30, 23, 45)),
        ("2024-05-31T13:45-0530", datetime(2024, 5, 31, 19, 15)),
    ],
)
def test_a_day_a_coarser_time_and_a_time_with_an_offset_are_dates_too(
    text: str, moment: datetime
) -> None:
    assert parse(text) == ([moment], [False])


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NaT])
def test_a_null_is_no_date_and_not_wrong(nothing: Any) -> None:
    assert parse(nothing, "2024-01-01") == ([None, datetime(2024, 1, 1)], [False, False])


@pytest.mark.parametrize(
    "value",
    [
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-05-31T25:00",
        "31.05.2024",
        "05/31/2024",
        "20240531",
        "2024-W22-5",
        "2024-05",
        "2024-05-31T13:45:00+25:00",
        "2024-05-31+02:00",
        "2024-05-31T13:45+02:60",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:00-01:00",
        "0000-01-01",
        "2024-05-31x13:45",
        "yesterday",
        " 2024-05-31",
        "٢٠٢٤-٠٥-٣١",
        20240531,
        1.5,
        True,
        ["2024-05-31"],
    ],
)
def test_what_is_no_such_date_is_wrong(value: Any) -> None:
    assert parse("2024-01-01", value)[1] == [False, True]


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), st.integers(-1439, 1439))
def test_a_time_with_an_offset_is_the_same_moment_in_utc(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse(aware.isoformat()) == ([moment - timedelta(minutes=minutes)], [False])


def test_datetimes_among_texts_are_dates_whatever_their_precision_and_offset() -> None:
    local = timezone(timedelta(minutes=53, seconds=28))
    odd = [datetime(1890, 1, 1, tzinfo=local), pd.Timestamp("2024-05-31 13:45:00.000000009")]
    assert parse(*odd, "9999-12-31") == (
        [datetime(1889, 12, 31, 23, 6, 32), datetime(2024, 5, 31, 13, 45), datetime(9999, 12, 31)],
        [False, False, False],
    )


def test_timestamps_are_taken_as_they_are_or_in_utc_if_they_have_a_zone() -> None:
    moments = pd.Series(np.array(["2024-05-31T13:45", "NaT"], dtype="datetime64[ns]"))
    parsed, wrong = dates.parse(moments)
    assert parsed.tolist() == [datetime(2024, 5, 31, 13, 45), None]
    assert not wrong.any()
    zoned, wrong = dates.parse(moments.dt.tz_localize("Etc/GMT-2"))
    assert zoned.tolist() == [datetime(2024, 5, 31, 11, 45), None]
    assert not wrong.any()
