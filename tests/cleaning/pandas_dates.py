"""Dates of a declared format as pandas reads them: what `moments` is held against."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from tenfold.dataset import dates
from tenfold.dataset.dates import DateFormat


def parse(words: list[str], written: DateFormat) -> list[Any]:
    """The date of each text, None where it is none."""
    values: pd.Series[Any] = pd.Series(words, dtype=object)
    if written.offset == "local":
        values = values.map(lambda value: _on_the_clock(value, written))
        written = written.on_the_clock
    found = pd.Series(dates.parse(values)[0])
    if written.form is not None:
        pattern = re.compile(written.pattern)
        own = values.map(lambda value: value if pattern.fullmatch(value) else None)
        # pandas has no directives without padding, and %f for milliseconds, too.
        form = re.sub("%-", "%", written.form).replace("%g", "%f")
        declared = pd.to_datetime(own, format=form, errors="coerce", utc=True).dt.tz_localize(None)
        known = declared.dt.year.between(dates.MIN_YEAR, dates.MAX_YEAR)
        found = declared.where(known).where(own.notna(), found)
    return list(found.to_numpy(dtype="datetime64[us]").astype(object))


def _on_the_clock(value: str, written: DateFormat) -> str:
    """A text without its offset."""
    for pattern in written.offsets:
        if found := re.fullmatch(pattern, value):
            return found[1] + found[3]
    return value
