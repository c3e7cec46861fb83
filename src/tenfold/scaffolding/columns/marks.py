"""The marks between the digits of numbers: thousands, decimals, and where either may be meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from tenfold.scaffolding.columns.number_cells import Cell
from tenfold.scaffolding.columns.shares import few_odd

# A number whose point groups no digits.
DECIMAL_POINT = re.compile(r"[+-]?(?:[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})|0\.[0-9]+)")


@dataclass(frozen=True)
class Marks:
    """The marks between the digits of numbers.

    Attributes:
        thousands: the mark between groups of digits, if any.
        decimal: the decimal mark.
    """

    thousands: str | None
    decimal: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Digits that are well-formed."""
        mark, point = re.escape(self.thousands or ""), re.escape(self.decimal)
        whole = "0|[1-9][0-9]*"
        if mark:
            indian = f"[1-9][0-9]?(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}"
            whole += f"|[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+|{indian}"
        return re.compile(f"(?:{whole})(?:{point}[0-9]*)?|{point}[0-9]+")

    def number(self, digits: str) -> float:
        """The number that well-formed digits write."""
        plain = digits.replace(self.thousands, "") if self.thousands else digits
        return float(plain.replace(self.decimal, "."))


def may_be_grouped(words: Iterable[str], decimal: str) -> bool:
    """Whether all texts are numbers of up to three digits, or of groups of three."""
    looks = re.compile(
        rf"[+-]?(?:[1-9][0-9]{{0,2}}(?:{re.escape(decimal)}[0-9]{{3}})+|[0-9]{{1,3}})"
    )
    return all(looks.fullmatch(word) for word in words)


def find_marks(cells: list[Cell], decimal: str, known: str | None) -> tuple[Marks | None, str]:
    """The marks that fit almost all cells, and a question if two readings do."""
    shapes: Counter[str] = Counter()
    for cell in cells:
        shapes[cell.shape] += cell.rows
    total = sum(shapes.values())
    seen = {mark for shape in shapes for mark in shape if mark != "1" and mark != "0"}
    fits = {}
    for thousands in (None, *sorted(seen)):
        points = {".": [","], ",": ["."]}.get(
            thousands or "", [decimal, *sorted(seen & {".", ","})]
        )
        for point in dict.fromkeys(points):
            marks = Marks(thousands, point)
            fits[marks] = sum(n for shape, n in shapes.items() if marks.pattern.fullmatch(shape))
    good = [marks for marks, rows in fits.items() if few_odd(total - rows, total)]
    if not good:
        return None, ""
    # A mark that no cell needs is none.
    needed = [m for m in good if not any(_is_simpler(other, m, fits) for other in good)]
    best = max(needed, key=lambda marks: fits[marks])
    for rival in needed:
        unsure = next((one for one in cells if _differ(one.digits, best, rival)), None)
        if unsure is None:
            continue
        grouped = next((marks for marks in (best, rival) if marks.thousands is not None), None)
        plain = next((marks for marks in (best, rival) if marks.thousands is None), None)
        if grouped and plain:
            return _decided(cells, unsure, grouped, plain, known)
    return best, ""


def _is_simpler(one: Marks, other: Marks, fits: Mapping[Marks, int]) -> bool:
    """Whether `one` does with fewer marks what `other` does."""
    if one == other or fits[one] < fits[other]:
        return False
    same_point = one.decimal == other.decimal
    return same_point and one.thousands is None and other.thousands is not None


def _differ(digits: str, one: Marks, other: Marks) -> bool:
    """Whether two readings make different numbers of the same digits."""
    both = one.pattern.fullmatch(digits) and other.pattern.fullmatch(digits)
    return bool(both) and one.number(digits) != other.number(digits)


def _decided(
    cells: list[Cell], one: Cell, grouped: Marks, plain: Marks, known: str | None
) -> tuple[Marks, str]:
    """Which of two readings of a mark before three digits is likelier: 1,200 or 1.2."""
    mark = plain.decimal
    marked = [cell for cell in cells if mark in cell.digits]
    bare = [cell for cell in cells if mark not in cell.digits]
    # Three digits without a mark go on where four with one begin.
    n_bare, n_marked = (sum(cell.rows for cell in part) for part in (bare, marked))
    continues = 2 * sum(cell.rows for cell in bare if len(cell.digits) >= 3) > n_bare
    round_ones = 2 * sum(cell.rows for cell in marked if cell.digits[-1] == "0") > n_marked
    grouping_shows = continues or round_ones
    if (mark == "." or known == mark) and not grouping_shows:
        return plain, ""
    beside = f" beside {bare[0].word!r}" if bare else ""
    ways = [f"{grouped.number(one.digits):g} (thousands: {mark!r})"]
    ways.insert(int(known != mark), f"{plain.number(one.digits):g} (decimal: {mark!r})")
    chosen = plain if known == mark else grouped
    return chosen, f"{one.word!r}{beside} is read as {ways[0]}: or is it {ways[1]}?"
