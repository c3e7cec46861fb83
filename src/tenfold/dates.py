"""Dates as text: ISO 8601, a day or a time of a day, without a time zone."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

RULE = "an ISO 8601 date without a time zone, such as 2024-05-31 or 2024-05-31T13:45:00,"
ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?")


def parse(
    values: pd.Series[Any], missing: Collection[str] = ()
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Dates (n,) to the microsecond, NaT where there is none; and which values are no dates.

    Args:
        values: texts, or timestamps already.
        missing: texts that mean no value.
    """
    if values.dtype.kind == "M" and getattr(values.dtype, "tz", None) is None:
        return values.to_numpy(dtype="datetime64[us]"), np.zeros(len(values), dtype=np.bool_)
    absent = values.isna().tolist()
    wrong = np.zeros(len(values), dtype=np.bool_)
    parsed = np.full(len(values), "NaT", dtype="datetime64[us]")
    for row, value in enumerate(values.tolist()):
        if absent[row] or (isinstance(value, str) and value in missing):
            continue
        date = _date(value)
        if date is None:
            wrong[row] = True
        else:
            parsed[row] = date
    return parsed, wrong


def _date(value: Any) -> datetime | None:
    if isinstance(value, str) and ISO.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:  # There is no such day or hour.
            return None
    return value if isinstance(value, datetime) and value.tzinfo is None else None
