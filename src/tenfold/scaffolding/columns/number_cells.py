"""Texts that may be numbers, taken apart: sign, digits, what stands before and behind them."""

from __future__ import annotations

import re
from typing import NamedTuple

# Words of an affix, at most so long: `USD`, `mg/dL`, `employees`.
MAX_AFFIX = 20
# Longer integers are not exact as doubles.
MAX_DIGITS = 15
SPACE = " \t\u00a0\u2007\u2009\u202f"
APOSTROPHES = "'\u2019"
MINUS = "\\-\u2212"
CELL = re.compile(
    rf"(?P<open>\()?\s*(?P<limit>[<>]=?|[≤≥])?\s*(?P<sign>[+{MINUS}])?\s*"
    rf"(?P<before>[^\d\s()<>=+{MINUS}][^\d()<>=+{MINUS}]{{0,7}}?)??\s*(?P<inner>[+{MINUS}])?\s*"
    rf"(?P<digits>\d(?:[\d.,{SPACE}{APOSTROPHES}]*\d)?[.,]?|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?"
    rf"(?P<gap>\s*)(?P<after>[^\d\s(){MINUS}][^()]{{0,{MAX_AFFIX}}}?)?\s*(?P<close>[){MINUS}])?"
)
# Spellings of one currency or unit, the first of which stands for all of them here.
# A price without cents: 5,-.
NO_CENTS = re.compile("[.,]-$")
ONES = str.maketrans("023456789", "111111111")
SPACES = str.maketrans({**dict.fromkeys(SPACE, " "), **dict.fromkeys(APOSTROPHES, "'")})


class Cell(NamedTuple):
    """A text that may be a number, taken apart."""

    word: str
    rows: int
    digits: str
    exponent: str
    negative: bool
    brackets: bool
    trailing: bool
    limit: str
    before: str
    after: str
    is_spaced: bool

    @property
    def shape(self) -> str:
        """The digits as ones, but for a leading zero."""
        return self.digits[0] + self.digits[1:].translate(ONES)


def take_apart(word: str, rows: int) -> Cell | None:
    """The parts of a text, or None if it is no number, whatever stands beside it."""
    found = CELL.fullmatch(word.strip())
    if not found or bool(found["open"]) != (found["close"] == ")"):
        return None
    if len(found["digits"]) > MAX_DIGITS and found["digits"].isdecimal():
        # No number holds it exactly: an id.
        return None
    signs = [found[part] for part in ("sign", "inner") if found[part]]
    # 5,- is a price without cents.
    no_cents = NO_CENTS.search(word)
    trailing = found["close"] not in (None, ")") and not no_cents
    if len(signs) + bool(found["open"]) + trailing > 1:
        return None
    return Cell(
        word=word,
        rows=rows,
        digits=found["digits"].translate(SPACES).rstrip(",." if no_cents else ""),
        exponent=found["exponent"] or "",
        negative=signs in (["-"], ["\u2212"]),
        brackets=bool(found["open"]),
        trailing=trailing,
        limit=(found["limit"] or "")[:1].translate(str.maketrans("≤≥", "<>")),
        before=(found["before"] or "").strip(),
        after=no_cents[0] if no_cents else (found["after"] or "").strip(),
        is_spaced=bool(found["gap"]),
    )
