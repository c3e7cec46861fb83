"""Dates as text: what is one, what means none, and what is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import dates


def parse(*values: Any) -> tuple[list[Any], list[bool]]:
    parsed, wrong = dates.parse(pd.Series(list(values), dtype=object), ("", "NA"))
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
    ],
)
def test_a_day_or_a_coarser_time_is_a_date_too(text: str, moment: datetime) -> None:
    assert parse(text) == ([moment], [False])


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NaT, "", "NA"])
def test_a_null_and_a_text_that_means_no_value_are_no_date_and_not_wrong(nothing: Any) -> None:
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
        "2024-05-31T13:45:00Z",
        "2024-05-31T13:45:00+02:00",
        "2024-05-31x13:45",
        "yesterday",
        " 2024-05-31",
        "٢٠٢٤-٠٥-٣١",
        20240531,
        1.5,
        True,
        ["2024-05-31"],
        pd.Timestamp("2024-05-31", tz="UTC"),
    ],
)
def test_what_is_no_such_date_is_wrong(value: Any) -> None:
    assert parse("2024-01-01", value)[1] == [False, True]


def test_timestamps_are_taken_as_they_are_unless_they_have_a_zone() -> None:
    moments = pd.Series(np.array(["2024-05-31T13:45", "NaT"], dtype="datetime64[ns]"))
    parsed, wrong = dates.parse(moments)
    assert parsed.tolist() == [datetime(2024, 5, 31, 13, 45), None]
    assert not wrong.any()
    assert dates.parse(moments.dt.tz_localize("UTC"))[1].tolist() == [True, False]
