"""Dates as text: ISO 8601, a day or a time of a day; with an offset, the time in UTC."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

RULE = "an ISO 8601 date or time, such as 2024-05-31 or 2024-05-31T13:45:00,"
ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)


def parse(
    values: pd.Series[Any], missing: Collection[str] = ()
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Dates (n,) to the microsecond, NaT where there is none; and which values are no dates.

    Args:
        values: texts, or timestamps already; without an offset or zone they are taken as they are.
        missing: texts that mean no value.
    """
    if values.dtype.kind == "M":
        own = values if getattr(values.dtype, "tz", None) is None else values.dt.tz_convert(None)
        return own.to_numpy(dtype="datetime64[us]"), np.zeros(len(values), dtype=np.bool_)
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
    try:
        if isinstance(value, str) and ISO.fullmatch(value):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):  # There is no such day or hour.
        pass
    return None
