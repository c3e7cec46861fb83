"""What the cells of a column have beside their digits: currencies, units, percents, multiples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tenfold.scaffolding.columns.number_cells import Cell
from tenfold.scaffolding.columns.shares import few_odd
from tenfold.scaffolding.columns.units import (
    DECORATIONS,
    LETTERS,
    MULTIPLES,
    PERCENT,
    PLUS,
    UNSURE_MULTIPLES,
    kind_of,
)

# A unit that is not known stands in most cells, behind a space: `12 rooms`.
MIN_UNIT_SHARE = 0.9


@dataclass
class Affixes:
    """What the cells of a column have before and behind their digits.

    Attributes:
        units: spelling -> the unit or currency it stands for.
        multiples: spelling -> factor.
        percent: whether cells are shares of a hundred.
        strip: all that is taken off, as it is spelt.
        is_sure: whether the cells agree.
        are_codes: whether letters behind the digits are no units.
    """

    units: dict[str, str] = field(default_factory=dict)
    multiples: dict[str, float] = field(default_factory=dict)
    percent: bool = False
    strip: list[str] = field(default_factory=list)
    is_sure: bool = True
    are_codes: bool = False
    questions: list[str] = field(default_factory=list)
    _known_parts: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Iterable[Cell], total: int) -> Affixes:
        """What most cells have, as far as it can be made sense of."""
        cells = list(cells)
        found = cls()
        behind: Counter[str] = Counter()
        around: Counter[str] = Counter()
        for cell in cells:
            behind[cell.after] += cell.rows
            around[cell.before] += cell.rows
        money = any(kind_of(word)[0] == "currency" for word in (*around, *behind))
        found._find_multiples(behind, money=money)
        found._find_units(cells, total)
        found._find_percent(cells, total)
        return found

    def accepts(self, cell: Cell) -> bool:
        """Whether what stands around a cell's digits is known."""
        multiple, unit = self._parts(cell.after)
        known = {*self.units, *DECORATIONS, *self.strip, ""}
        if cell.before not in known:
            return False
        return multiple in (*self.multiples, "") and (unit in known or unit in PERCENT)

    def scaled(self, cell: Cell, number: float) -> float:
        """The value of a cell whose digits are a number."""
        multiple, unit = self._parts(cell.after)
        value = float(f"{number!r}{cell.exponent}") if cell.exponent else number
        value *= self.multiples.get(multiple, 1.0)
        if self.percent and unit in PERCENT:
            value /= 100
        if cell.limit == "<":
            value /= 2
        return -value if cell.negative or cell.brackets or cell.trailing else value

    def _parts(self, after: str) -> tuple[str, str]:
        """The multiple and the unit that stand behind digits."""
        if after not in self._known_parts:
            self._known_parts[after] = self._split(after)
        return self._known_parts[after]

    def _split(self, after: str) -> tuple[str, str]:
        if after in self.multiples:
            return after, ""
        for multiple in sorted(self.multiples, key=len, reverse=True):
            rest = after.removeprefix(multiple).strip()
            if after.startswith(multiple) and kind_of(rest)[0] == "currency":
                return multiple, rest
        return "", after

    def _find_multiples(self, behind: Mapping[str, int], *, money: bool) -> None:
        candidates = {}
        for after in behind:
            for multiple in sorted(MULTIPLES, key=len, reverse=True):
                rest = after.removeprefix(multiple).strip()
                if after.startswith(multiple) and (not rest or kind_of(rest)[0] == "currency"):
                    candidates[multiple] = MULTIPLES[multiple]
                    break
        sure = set(candidates) - UNSURE_MULTIPLES
        several = len(candidates) > 1
        if candidates and (sure or several or money or "K" in candidates):
            self.multiples = candidates

    def _find_units(self, cells: list[Cell], total: int) -> None:
        """At most one currency and one unit; cells with another one are odd, if they are few."""
        seen: dict[str, Counter[str]] = {"currency": Counter(), "unit": Counter()}
        spelt: dict[str, Counter[str]] = {}
        common = self._common(cells, total)
        for cell in cells:
            for word in (cell.before, self._parts(cell.after)[1]):
                kind, unit = kind_of(word)
                if word == cell.before and kind == "unit":
                    continue
                if not kind and word and unit == common:
                    kind = "unit"
                if kind:
                    seen[kind][unit] += cell.rows
                    spelt.setdefault(unit, Counter())[word] += cell.rows
                elif word in DECORATIONS:
                    self.strip.append(word)
        for units in seen.values():
            if not units:
                continue
            (most, _), *others = units.most_common()
            few = few_odd(sum(rows for _, rows in others), total)
            for unit in [most] if few else list(units):
                self.units |= dict.fromkeys(spelt[unit], unit)
                self.strip += [word for word, _ in spelt[unit].most_common()]
            if not few:
                self.is_sure = False
                self.are_codes = self.are_codes or bool(LETTERS & set(units))
                listed = ", ".join(f"{unit} ({rows} cells)" for unit, rows in units.most_common())
                self.questions.append(f"several units: {listed}")
        plus = sum(cell.rows for cell in cells if cell.after == PLUS)
        if plus >= MIN_UNIT_SHARE * total:
            self.strip.append(PLUS)
        self.strip = list(dict.fromkeys(self.strip))

    def _common(self, cells: list[Cell], total: int) -> str | None:
        """A word that is not listed and stands behind most numbers, as a unit does."""
        words: Counter[str] = Counter()
        for cell in cells:
            word = self._parts(cell.after)[1]
            apart = cell.is_spaced or not word[:1].isalpha()
            digits = any(map(str.isdecimal, word))
            if word and apart and not digits and word not in DECORATIONS | PERCENT:
                words[kind_of(word)[1]] += cell.rows
        for word, rows in words.most_common(1):
            if rows >= MIN_UNIT_SHARE * total:
                return word
        return None

    def _find_percent(self, cells: list[Cell], total: int) -> None:
        shares = [cell for cell in cells if self._parts(cell.after)[1] in PERCENT]
        bare = [cell for cell in cells if not cell.after and not cell.before]
        n_shares, n_bare = (sum(cell.rows for cell in part) for part in (shares, bare))
        if not n_shares:
            return
        if few_odd(n_bare, total):
            self.percent = True
            return
        # A bare share is at most one: 5% beside 0.05 cannot be told from 5% beside 0.05%.
        self.is_sure = not all(re.fullmatch(r"[01]?([.,]\d*)?", cell.digits) for cell in bare)
        self.strip += dict.fromkeys(self._parts(cell.after)[1] for cell in shares)
        self.questions.append(
            f"{n_shares} cells have a percent sign ({shares[0].word!r}) and {n_bare} have none "
            f"({bare[0].word!r})"
        )
