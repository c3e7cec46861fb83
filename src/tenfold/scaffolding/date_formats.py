"""Formats of dates: which of them the cells of a column have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tenfold.dataset import dates
from tenfold.scaffolding.number_formats import few_odd

ISO = "ISO 8601"
DAYS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y"),
    *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
    *("%b-%y", "%b-%Y", "%b %Y", "%B %Y", "%m/%Y", "%Y-%m"),
)
TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
FORMATS = (*DAYS, *(f"{day} {time}" for day in DAYS[:12] for time in TIMES))
# What the parts of a format match; strptime itself takes `20` for the year 20 of `%Y`.
PARTS = {
    **{"%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "[0-9]{1,2}", "%d": "[0-9]{1,2}"},
    **{"%H": "[0-9]{1,2}", "%I": "[0-9]{1,2}", "%M": "[0-9]{2}", "%S": "[0-9]{2}"},
    **{"%b": "[A-Za-z]{3}", "%B": "[A-Za-z]{3,9}", "%p": "[AaPp][Mm]"},
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


PATTERNS = {ISO: dates.ISO} | {form: re.compile(pattern(form)) for form in FORMATS}


def candidates(words: Iterable[str]) -> list[str]:
    """The formats that look right for most of some texts."""
    words = list(words)
    return [
        form
        for form, looks in PATTERNS.items()
        if 2 * sum(looks.fullmatch(word) is not None for word in words) > len(words)
    ]


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
