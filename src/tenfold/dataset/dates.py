"""Dates as text: ISO 8601, a day or a time of a day; with an offset, the time in UTC."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

RULE = "an ISO 8601 date or time, such as 2024-05-31 or 2024-05-31T13:45:00,"
ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-5][0-9])?)?)?"
)


def parse(
    values: pd.Series[Any], missing: Collection[str] = ()
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Dates (n,) to the microsecond, NaT where there is none; and which values are no dates.

    Args:
        values: texts, or timestamps already; without an offset or zone they are taken as they are.
        missing: texts that mean no value.
    """
    import pandas as pd

    if values.dtype.kind == "M":
        own = values if getattr(values.dtype, "tz", None) is None else values.dt.tz_convert(None)
        return own.to_numpy(dtype="datetime64[us]"), np.zeros(len(values), dtype=np.bool_)
    marked = values.map(lambda value: isinstance(value, str) and value in missing)
    present = values.notna() & ~marked.astype(bool)
    dates = values.where(present).map(_readable)
    parsed = pd.to_datetime(dates, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    # pandas also knows the year 0 and, in UTC, the year 10000.
    parsed = parsed.where(parsed.dt.year.between(1, 9999))
    return parsed.to_numpy(dtype="datetime64[us]"), (present & parsed.isna()).to_numpy()


def _readable(value: Any) -> Any:
    """What pandas is to read as a date: it would also take forms such as 20240531."""
    import pandas as pd

    if isinstance(value, datetime):
        return pd.Timestamp(value).as_unit("us")
    return value if isinstance(value, str) and ISO.fullmatch(value) else None
