"""Dates as text: ISO 8601 or a declared format; with an offset, the time in UTC or on the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

RULE = "an ISO 8601 date or time, such as 2024-05-31 or 2024-05-31T13:45:00,"
# Dates of other years are named, unless a column declares its own.
YEARS = (1800, 2200)
# Python and Arrow know no others.
MIN_YEAR, MAX_YEAR = 1, 9999

DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
OFFSET = "(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
ISO = re.compile(f"{DAY}(?:{TIME}{OFFSET}?)?")
# How strptime's directives are written. strptime itself also takes 24 for the year 24, ignores
# white space, and DuckDB's takes the words `epoch` and `infinity` for a date in any format.
DIGITS = {
    "Y": "[0-9]{4}", "G": "[0-9]{4}", "y": "[0-9]{2}", "j": "[0-9]{1,3}", "g": "[0-9]{1,3}",
    "f": "[0-9]{1,6}", "n": "[0-9]{1,9}", "u": "[0-9]", "w": "[0-9]",
}  # fmt: skip
WORDS = dict.fromkeys("aAbB", "[A-Za-z]+") | {"p": "[AaPp][Mm]", "z": OFFSET, "Z": "[A-Za-z/_]+"}
WHOLE = dict.fromkeys("cxX", ".*[0-9].*")
DIRECTIVE = re.compile("%-?([A-Za-z%])")


@dataclass(frozen=True)
class DateFormat:
    """How the dates of a column are written.

    Attributes:
        form: as strptime has it, if it is declared; a date in ISO 8601 is read besides.
        offset: whether a time with an offset is moved to UTC, or keeps the hours of its clock.
    """

    form: str | None = None
    offset: Literal["utc", "local"] = "utc"

    @property
    def rule(self) -> str:
        """What a date must be, for messages."""
        return RULE if self.form is None else f"a date written as {self.form}, or {RULE}"

    @property
    def pattern(self) -> str:
        """A regular expression of a date in the declared format."""
        return "".join(_pieces(self.form or ""))

    @property
    def offsets(self) -> list[str]:
        """Patterns of what may have an offset: what stands before it, it, and what behind it."""
        found = [f"({DAY}{TIME})({OFFSET})()"]
        if self.form is not None and re.search("%[zZ]", self.form):
            before, zone, behind = re.split("(%[zZ])", self.form, maxsplit=1)
            parts = ("".join(_pieces(part)) for part in (before, zone, behind))
            found.append("".join(f"({part})" for part in parts))
        return found

    @property
    def on_the_clock(self) -> DateFormat:
        """The format of what is left without an offset."""
        return DateFormat(self.form and re.sub("%[zZ]", "", self.form))


def _pieces(form: str) -> list[str]:
    """A pattern of each directive, and of the text between them."""
    found, end = [], 0
    for directive in DIRECTIVE.finditer(form):
        letter = directive[1]
        own = {**DIGITS, **WORDS, **WHOLE, "%": "%"}.get(letter, "[0-9]{1,2}")
        found += [re.escape(form[end : directive.start()]), own]
        end = directive.end()
    return [*found, re.escape(form[end:])]


def parse(values: pd.Series[Any]) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """Dates (n,) to the microsecond, NaT where there is none; and which values are no dates.

    Args:
        values: texts in ISO 8601, or timestamps already; without an offset or zone they are taken
            as they are.
    """
    import pandas as pd

    present = values.notna()
    if values.dtype.kind == "M":
        parsed = values if getattr(values.dtype, "tz", None) is None else values.dt.tz_convert(None)
    else:
        texts = values.where(present).map(_readable)
        parsed = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
        parsed = parsed.dt.tz_localize(None)
    # pandas also knows the year 0 and, in UTC, the year 10000.
    parsed = parsed.where(parsed.dt.year.between(MIN_YEAR, MAX_YEAR))
    return parsed.to_numpy(dtype="datetime64[us]"), (present & parsed.isna()).to_numpy()


def _readable(value: Any) -> Any:
    """What pandas is to read as a date: it would also take forms such as 20240531."""
    import pandas as pd

    if isinstance(value, datetime):
        return pd.Timestamp(value).as_unit("us")
    return value if isinstance(value, str) and ISO.fullmatch(value) else None
