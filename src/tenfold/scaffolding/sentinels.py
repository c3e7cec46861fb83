"""Sentinels: numbers and dates that stand for no value, such as -999 or 1900-01-01."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tenfold.scaffolding.first_rows import Extremes

# Fewer different numbers are codes, all of which may be meant.
MIN_DISTINCT = 5
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


def find(extremes: Extremes | None, distinct: int) -> Sentinel | None:
    """The least or the greatest number of a column, if it may stand for no value.

    Args:
        extremes: the ends of the column.
        distinct: different numbers.
    """
    if extremes is None or extremes.next_least is None or extremes.next_greatest is None:
        return None
    return next(_likely(extremes, extremes.next_least, extremes.next_greatest, distinct), None)


def _likely(
    ends: Extremes, next_least: float, next_greatest: float, distinct: int
) -> Iterator[Sentinel]:
    for value, n, gap, spread, where in (
        (ends.least, ends.n_least, next_least - ends.least, ends.greatest - next_least, "below"),
        (
            *(ends.greatest, ends.n_greatest, ends.greatest - next_greatest),
            *(next_greatest - ends.least, "above"),
        ),
    ):
        if n < 2:
            continue
        written = f"{value:.0f}" if value.is_integer() else ""
        is_far = gap > MIN_GAP * spread
        negative_nines = NEGATIVE_NINES.fullmatch(written) is not None
        if negative_nines and where == "below" and (next_least >= 0 or gap > spread):
            yield Sentinel(value, n, where, is_sure=True)
        if distinct < MIN_DISTINCT:
            continue
        nines = NINES.fullmatch(written) is not None and gap > MIN_GAP_OF_NINES * spread
        negative = value < 0 <= next_least and gap > MIN_GAP_OF_NEGATIVE * spread
        if is_far or nines or (negative and where == "below" and written):
            yield Sentinel(value, n, where, is_sure=False)
