"""Sentinels: numbers and dates that stand for no value, such as -999 or 1900-01-01."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tenfold.scaffolding.columns.first_rows import Numbers

# Fewer different numbers are codes, all of which may be meant.
MIN_DISTINCT = 10
# Any other number is named if its gap to the others is so many times their spread ...
MIN_GAP = 2
# ... nines if it is this share of it, and the one negative number, this.
MIN_GAP_OF_NINES = 0.1
MIN_GAP_OF_NEGATIVE = 0.05
NEGATIVE_NINES = re.compile("-9{2,}")
NINES = re.compile("-?9{3,}")


@dataclass(frozen=True)
class Sentinel:
    """A number far from all others of its column.

    Attributes:
        value: the number; of a date, seconds since 1970.
        rows: that have it.
        where: `below` or `above` all others.
        is_sure: whether it is taken for no value unasked.
    """

    value: float
    rows: int
    where: str
    is_sure: bool


def find(numbers: Numbers | None) -> Sentinel | None:
    """The least or the greatest number of a column, if it may stand for no value."""
    if numbers is None or numbers.next_least is None or numbers.next_greatest is None:
        return None
    return _below(numbers, numbers.next_least) or _above(numbers, numbers.next_greatest)


def _below(numbers: Numbers, others: float) -> Sentinel | None:
    value, gap, spread = numbers.least, others - numbers.least, numbers.greatest - others
    if numbers.n_least < 2:
        return None
    written = f"{value:.0f}" if value.is_integer() else ""
    if NEGATIVE_NINES.fullmatch(written) and (others >= 0 or gap > spread):
        return Sentinel(value, numbers.n_least, "below", is_sure=True)
    is_only_negative = written and value < 0 <= others and gap > MIN_GAP_OF_NEGATIVE * spread
    if numbers.distinct >= MIN_DISTINCT and (is_only_negative or _is_far(written, gap, spread)):
        return Sentinel(value, numbers.n_least, "below", is_sure=False)
    return None


def _above(numbers: Numbers, others: float) -> Sentinel | None:
    value, gap, spread = numbers.greatest, numbers.greatest - others, others - numbers.least
    written = f"{value:.0f}" if value.is_integer() else ""
    enough = numbers.n_greatest >= 2 and numbers.distinct >= MIN_DISTINCT
    if enough and _is_far(written, gap, spread):
        return Sentinel(value, numbers.n_greatest, "above", is_sure=False)
    return None


def _is_far(written: str, gap: float, spread: float) -> bool:
    nines = NINES.fullmatch(written) is not None
    return gap > (MIN_GAP_OF_NINES if nines else MIN_GAP) * spread
