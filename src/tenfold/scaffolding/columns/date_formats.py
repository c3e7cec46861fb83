"""Formats of dates: which of them the cells of a column have."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tenfold.dataset import dates
from tenfold.scaffolding.columns.shares import few_odd

ISO = "ISO 8601"
DAYS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y"),
    *("%d. %m. %Y", "%d. %m. %y", "%d. %b %Y", "%d. %B %Y"),
    *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
    *("%d%b%Y", "%d%b%y", "%A, %B %d, %Y", "%a %b %d %Y", "%d-%B-%Y"),
    *("%b-%y", "%b-%Y", "%b %Y", "%B %Y", "%m/%Y", "%Y-%m"),
)
TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
FORMATS = (
    *DAYS,
    *(f"{day} {time}" for day in (*DAYS[:12], "%b %d, %Y", "%d %b %Y") for time in TIMES),
    *("%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %H:%M:%S UTC", "%d%b%Y:%H:%M:%S"),
    *("%a %b %d %H:%M:%S +0000 %Y", "%a, %d %b %Y %H:%M:%S GMT", "%d/%b/%Y:%H:%M:%S +0000"),
)
# A day as one number.
COMPACT = "%Y%m%d"
COMPACT_DAY = re.compile("(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
# A format that fits fewer of the cells is no candidate.
MIN_SHARE = 0.05
# Years of two digits that are further apart may be of two centuries: births, in seconds.
MAX_SPAN = 60 * 365.25 * 86_400
# What the parts of a format match; strptime itself takes `20` for the year 20 of `%Y`.
PARTS = {
    **{"%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "[0-9]{1,2}", "%d": "[0-9]{1,2}"},
    **{"%H": "[0-9]{1,2}", "%I": "[0-9]{1,2}", "%M": "[0-9]{2}", "%S": "[0-9]{2}"},
    **{"%b": "[A-Za-z]{3}", "%B": "[A-Za-z]{3,9}", "%p": "[AaPp][Mm]"},
    **{"%a": "[A-Za-z]{3}", "%A": "[A-Za-z]{6,9}"},
}


@dataclass(frozen=True)
class DateFormats:
    """The formats that fit a column.

    Attributes:
        chosen: the one that is declared.
        others: those that fit as well.
        odd: cells that `chosen` does not fit.
    """

    chosen: str
    others: tuple[str, ...] = ()
    odd: int = 0


def pattern(form: str) -> str:
    """A regular expression of the texts that a format may fit.

    >>> pattern("%d/%m/%y")
    '[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}'
    """
    parts = re.split("(%[A-Za-z])", form)
    return "".join(PARTS.get(part, re.escape(part)) for part in parts)


PATTERNS = {ISO: dates.ISO} | {form: re.compile(pattern(form)) for form in (*FORMATS, COMPACT)}


def candidates(words: Collection[str]) -> list[str]:
    """The formats that look right for some of the texts."""
    return [
        form
        for form in (ISO, *FORMATS)
        if sum(PATTERNS[form].fullmatch(word) is not None for word in words)
        > MIN_SHARE * len(words)
    ]


def are_all_dates(words: Collection[str]) -> bool:
    """Whether every text looks like a date, in one format or another."""
    return all(any(looks.fullmatch(word) for looks in PATTERNS.values()) for word in words)


def are_compact(words: Collection[str]) -> bool:
    """Whether all texts are days such as 20240531."""
    return bool(words) and all(COMPACT_DAY.fullmatch(word) for word in words)


def is_long(first: float, last: float) -> bool:
    """Whether years of two digits between these times may be of two centuries."""
    return last - first > MAX_SPAN


def choose(fits: Mapping[str, int], total: int) -> DateFormats | None:
    """The first format that fits the most cells, if it fits almost all.

    Args:
        fits: format -> the cells that it fits.
        total: cells with a value.
    """
    most = max(fits.values(), default=0)
    if not most or not few_odd(total - most, total):
        return None
    chosen, *others = [form for form, rows in fits.items() if rows == most]
    return DateFormats(chosen, tuple(others), total - most)
