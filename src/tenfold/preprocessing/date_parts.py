"""Dates as numbers: their parts, the cyclic ones as sine and cosine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from tenfold.metrics import Array

EPOCH = pd.Timestamp("1970-01-01")

PARTS: dict[str, Callable[[Any], Any]] = {
    "year": lambda date: date.dt.year,
    "month": lambda date: date.dt.month,
    "day": lambda date: date.dt.day,
    "weekday": lambda date: date.dt.day_of_week,
    "hour": lambda date: date.dt.hour,
    "minute": lambda date: date.dt.minute,
    "elapsed_days": lambda date: (date - EPOCH) / pd.Timedelta(days=1),
}

# part: (first value, period). A day of the month has the same angle in every month, so short months
# leave a gap.
CYCLES = {
    "month": (1, 12),
    "day": (1, 31),
    "weekday": (0, 7),
    "hour": (0, 24),
    "minute": (0, 60),
}


class DateParts(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Columns of dates -> float64 (n, columns * width), missing parts NaN, column by column.

    Args:
        parts: names in PARTS.
        cyclic: those in CYCLES as sine and cosine of 2 pi (part - start) / period.
    """

    def __init__(self, parts: tuple[str, ...] = tuple(PARTS), cyclic: bool = True) -> None:
        self.parts = parts
        self.cyclic = cyclic

    def fit(self, X: pd.DataFrame, y: Any = None) -> DateParts:
        """Learn nothing."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> Array:
        """The parts of every date."""
        columns = [
            column for name in X for part in self.parts for column in self._columns(X[name], part)
        ]
        return np.stack(columns, axis=1)

    def _columns(self, dates: Any, part: str) -> Iterator[Array]:
        values = PARTS[part](dates).to_numpy(dtype=np.float64, na_value=np.nan)
        if not (self.cyclic and part in CYCLES):
            yield values
            return
        start, period = CYCLES[part]
        angle = 2 * np.pi * (values - start) / period
        yield from (np.sin(angle), np.cos(angle))


def width(parts: Sequence[str], cyclic: bool) -> int:
    """How many numbers a date becomes."""
    return len(parts) + sum(cyclic and part in CYCLES for part in parts)
