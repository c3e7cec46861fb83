"""How the cells of a column write numbers: money, percents, units, brackets, detection limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tenfold.scaffolding.columns.affixes import Affixes
from tenfold.scaffolding.columns.marks import Marks, find_marks
from tenfold.scaffolding.columns.number_cells import Cell, take_apart
from tenfold.scaffolding.columns.units import kind_of

# Texts are numbers in a way that is not known if most hold digits, and these are most signs.
MIN_WITH_DIGITS, MIN_DIGITS = 0.9, 0.4


@dataclass(frozen=True)
class GuessedNumbers:
    """How the cells of a column write numbers.

    Attributes:
        cast: what `clean.types` declares; empty where the cells do not agree.
        values: number -> its cells.
        odd: texts that are no such numbers -> their cells.
        questions: what a person must decide, in words.
        notes: what the declaration does, in words.
        is_sure: whether the declaration may be made unasked.
    """

    cast: Mapping[str, Any]
    values: Mapping[float, int]
    odd: Mapping[str, int]
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_sure: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether the numbers are written as most programs write them."""
        return set(self.cast) <= {"type"}


def detect(
    words: Mapping[str, int], decimal: str = ".", known: str | None = None
) -> GuessedNumbers | None:
    """How a column writes numbers, if it does.

    Args:
        words: the distinct texts of the column -> their cells.
        decimal: `data.decimal`.
        known: the decimal mark that other columns certainly have.

    Returns:
        None if most cells are no numbers.

    >>> detect({"$1,200.50": 1, "$950": 1}).cast
    {'type': 'double', 'strip': ['$'], 'thousands': ','}
    """
    total = sum(words.values())
    cells = [cell for cell in (take_apart(word, rows) for word, rows in words.items()) if cell]
    if 2 * sum(cell.rows for cell in cells) < total or not total:
        return None
    if 2 * sum(cell.rows for cell in cells if cell.limit) > total:
        return None
    affixes = Affixes.of(cells, total)
    if affixes.are_codes:
        return None
    good = [cell for cell in cells if affixes.accepts(cell)]
    if 2 * sum(cell.rows for cell in good) < total:
        return None
    marks, question = find_marks(good, decimal, known)
    if marks is None:
        return None
    pattern = marks.pattern
    read = [cell for cell in good if pattern.fullmatch(cell.digits)]
    values: Counter[float] = Counter()
    for cell in read:
        values[affixes.scaled(cell, marks.number(cell.digits))] += cell.rows
    cast, notes = _cast(read, affixes, marks, decimal)
    fine = {cell.word for cell in read}
    odd = {word: rows for word, rows in words.items() if word not in fine}
    questions = (*affixes.questions, *([question] if question else []))
    return GuessedNumbers(cast, values, odd, questions, tuple(notes), affixes.is_sure)


def _cast(
    cells: list[Cell], affixes: Affixes, marks: Marks, decimal: str
) -> tuple[dict[str, Any], list[str]]:
    """The declaration of `clean.types` and, in words, what in it is a choice."""
    cast: dict[str, Any] = {"type": "double"}
    notes = []
    if affixes.strip:
        cast["strip"] = affixes.strip
    thousands = marks.thousands or _thousands_of_money(cells, affixes, marks)
    if thousands is not None:
        cast["thousands"] = thousands
    if marks.decimal != decimal and (
        thousands == decimal or any(marks.decimal in cell.digits for cell in cells)
    ):
        cast["decimal"] = marks.decimal
    if affixes.percent:
        cast["percent"] = True
    if affixes.multiples:
        cast["multiples"] = {word: int(by) for word, by in affixes.multiples.items()}
    if any(cell.brackets for cell in cells):
        cast["negative"] = "brackets"
    elif any(cell.trailing for cell in cells):
        cast["negative"] = "trailing"
    limits = sum(cell.rows for cell in cells if cell.limit)
    if limits:
        cast["detection_limit"] = "half"
        one = next(cell.word for cell in cells if cell.limit)
        notes.append(f"{limits} cells such as {one}: half of it; or limit, zero, missing")
    return cast, notes


def _thousands_of_money(cells: list[Cell], affixes: Affixes, marks: Marks) -> str | None:
    """The mark that larger amounts would have, where all decimals are cents: `$5.90`."""
    is_money = any(kind_of(unit)[0] == "currency" for unit in affixes.units)
    parts = [cell.digits.partition(marks.decimal) for cell in cells]
    decimals = {len(part[2]) for part in parts if part[1]}
    return {".": ",", ",": "."}[marks.decimal] if is_money and decimals == {2} else None


def example_of_digits(words: Collection[str]) -> str:
    """A text of those most of which hold digits beside other signs; empty if most do not.

    Texts that begin with a letter, or are all of one length, are codes and ids.
    """
    if len(set(map(len, words))) < 2:
        return ""
    mixed = [
        word
        for word in words
        if _digits(word) and not word[0].isalpha() and not (word.isascii() and word.isdigit())
    ]
    n_digits, n_signs = sum(map(_digits, mixed)), sum(map(len, mixed))
    if len(mixed) < MIN_WITH_DIGITS * len(words) or n_digits < MIN_DIGITS * n_signs:
        return ""
    return next(iter(mixed), "")


def _digits(word: str) -> int:
    return sum(map(str.isdigit, word))
