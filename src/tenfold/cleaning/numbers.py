"""SQL that reads numbers written as a column declares: money, percent, units, groups of digits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from tenfold.cleaning.cells import matches
from tenfold.params import Cast
from tenfold.sources import text

# White space, also the no-break, figure, thin and narrow no-break space.
SPACE = r"[\s\x{00A0}\x{2007}\x{2009}\x{202F}]"
# A mark between digits -> all characters that are written for it.
MARKS = {" ": SPACE, "'": "['\u2019]", ".": r"\.", ",": ","}
MINUS = "\u2212-"
BELOW, ABOVE = "<\u2264", ">\u2265"
# What a well-formed cell is made of; each is an empty text where the cell has none.
PARTS = ("limit", "open", "digits", "multiple", "percent", "close")


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a declared column are written.

    Attributes:
        cast: the declaration.
        decimal: the decimal mark.
    """

    cast: Cast
    decimal: str

    @property
    def is_plain(self) -> bool:
        """Whether numbers are written as most programs write them, decimal mark aside."""
        cast = self.cast
        marks = (cast.thousands, cast.strip, cast.percent, cast.negative, cast.multiples)
        return not any(marks) and cast.detection_limit is None

    def digits(self, words: str) -> str:
        """SQL of the number's text with a decimal point and nothing else between its digits.

        NULL for a text that is not well-formed.
        """
        return self._of_parts(words, self._digits())

    def value(self, words: str) -> str:
        """SQL of the number; NULL for a text that is not well-formed or means no value."""
        factors = self._factors()
        shift = "CASE WHEN m.percent <> '' THEN 'e-2' "
        shift += "".join(f"WHEN m.multiple = {text(k)} THEN 'e{n}' " for k, n in self._shifts())
        number = f"TRY_CAST(({self._digits()}) || {shift}ELSE '' END AS DOUBLE)"
        if factors:
            cases = "".join(f"WHEN {text(unit)} THEN {by!r} " for unit, by in factors)
            number = f"{number} * CASE m.multiple {cases}ELSE 1 END"
        return self._of_parts(words, self._at_limit(number))

    def is_no_value(self, words: str) -> str:
        """SQL: whether a well-formed text means no value, as beyond a limit it may."""
        if self.cast.detection_limit != "missing":
            return "false"
        return self._of_parts(words, f"m.limit <> '' AND ({self._digits()}) IS NOT NULL")

    def _of_parts(self, words: str, sql: str) -> str:
        """SQL of an expression about `m`, a struct of `PARTS` of a text."""
        names = ", ".join(map(text, PARTS))
        parts = f"regexp_extract({words}, {text(self.pattern)}, [{names}])"
        return f"list_transform([{parts}], lambda m: {sql})[1]"

    def _digits(self) -> str:
        """SQL of the signed digits of the parts `m`."""
        plain = "m.digits"
        if self.cast.thousands:
            plain = f"regexp_replace({plain}, {text(MARKS[self.cast.thousands])}, '', 'g')"
        if self.decimal == ",":
            plain = f"replace({plain}, ',', '.')"
        signed = f"m.open IN ({', '.join(map(text, MINUS))})"
        # Brackets come in pairs, and a minus stands on one side.
        malformed = ["m.digits = ''", "(m.open = '(') <> (m.close = ')')"]
        malformed.append(f"m.open <> '' AND m.close IN ({', '.join(map(text, MINUS))})")
        if self.cast.percent:
            malformed.append(f"m.percent = '' AND {matches('m.digits', '[0.,]+')} IS NOT TRUE")
        wrong = " OR ".join(f"({one})" for one in malformed)
        return (
            f"CASE WHEN {wrong} THEN NULL WHEN {signed} OR m.close <> '' THEN '-' || {plain} "
            f"ELSE {plain} END"
        )

    def _at_limit(self, number: str) -> str:
        """SQL of what a number means beyond a limit of detection."""
        choice = self.cast.detection_limit
        if choice is None:
            return number
        below = {"half": f"({number}) / 2", "limit": number, "zero": "0.0", "missing": "NULL"}
        # Half of a negative limit, or zero, lies above it.
        fits = "true" if choice in ("limit", "missing") else f"({number}) >= 0"
        above = "NULL" if choice == "missing" else number
        return (
            f"CASE WHEN contains({text(BELOW)}, m.limit[1]) AND m.limit <> '' "
            f"THEN CASE WHEN {fits} THEN {below[choice]} END "
            f"WHEN m.limit <> '' THEN {above} ELSE {number} END"
        )

    def _shifts(self) -> list[tuple[str, int]]:
        """The multiples that are powers of ten, and which."""
        return [
            (unit, int(Decimal(repr(by)).log10()))
            for unit, by in self.cast.multiples.items()
            if Decimal(repr(by)).normalize().as_tuple().digits == (1,)
        ]

    def _factors(self) -> list[tuple[str, float]]:
        """All other multiples."""
        powers = dict(self._shifts())
        return [(unit, by) for unit, by in self.cast.multiples.items() if unit not in powers]

    @cached_property
    def pattern(self) -> str:
        """A regular expression of a whole cell, with the groups `PARTS`."""
        cast, space = self.cast, f"{SPACE}*"
        unit = f"(?:{_any_of(cast.units)})" if cast.units else ""
        before = f"(?:{unit}{space})?" if unit else ""
        behind = f"(?:{space}{unit})?" if unit else ""
        limit = f"([{BELOW}{ABOVE}]=?|){space}" if cast.detection_limit else "()"
        opening, close = {
            None: ("", "()"),
            "brackets": (r"|\(", r"(\)|)"),
            "trailing": ("", f"([{MINUS}]|)"),
        }[cast.negative]
        sign = f"([+{MINUS}]{opening}|){space}"
        multiple = f"({_any_of(cast.multiples)}|)" if cast.multiples else "()"
        percent = "(%|)" if cast.percent else "()"
        return (
            f"^{space}{before}{limit}{before}{sign}{before}({self._number}){space}{multiple}"
            f"{percent}{behind}{space}{close}{behind}{space}$"
        )

    @property
    def _number(self) -> str:
        """The pattern of digits and the marks between them."""
        point, whole = MARKS[self.decimal], "[0-9]+"
        if self.cast.thousands:
            mark = MARKS[self.cast.thousands]
            # By threes, or as in India by twos before the last three.
            whole = (
                f"(?:[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|"
                f"[0-9]{{1,2}}(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}|[0-9]+)"
            )
        number = f"(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)"
        scaled = self.cast.percent or self.cast.multiples
        return number if scaled else f"{number}(?:[eE][+-]?[0-9]+)?"


def _any_of(words: Iterable[str]) -> str:
    """A pattern of any of these texts, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
