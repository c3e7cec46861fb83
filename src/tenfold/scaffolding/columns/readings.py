"""How the cells of a column are read: what they write, what is declared, what is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tenfold.cleaning import ColumnPlan
from tenfold.dataset.profile import MAX_CATEGORIES
from tenfold.params import Cast
from tenfold.params.cleaning import Type
from tenfold.scaffolding.columns import date_formats, marks, number_formats
from tenfold.scaffolding.columns.date_formats import ISO
from tenfold.scaffolding.columns.first_rows import Cells
from tenfold.scaffolding.columns.number_formats import GuessedNumbers
from tenfold.scaffolding.columns.shares import few_odd
from tenfold.sources import Kind

# Texts that mean no value wherever they stand, and those that may also be categories.
ALWAYS_MISSING = (
    *("?", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "<NA>"),
    *("#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "Err:502", "(null)"),
)
MAYBE_MISSING = (
    *("NA", "na", "None", "none", "-", "--", "."),
    *("missing", "Missing", "unknown", "Unknown"),
)
TIME_OF_DAY = re.compile("([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
# Distinct texts of a column that are taken apart.
MAX_WORDS = 50_000
# So many texts of their own may mean no value in a column of numbers.
MAX_OWN_WORDS = 3
# An integer target with more values is a quantity.
MAX_CLASSES = 20
# Odd cells that are named.
MAX_NAMED = 3


@dataclass(frozen=True)
class Reading:
    """How the cells of a column are read.

    Attributes:
        kind: of the values.
        cast: what `clean.types` declares; empty where nothing needs to be.
        words: texts that mean no value in it.
        doubtful: texts that may mean no value, and are taken for categories.
        reasons: for the declaration, in words.
        questions: what a person must decide, in words.
        odd: texts that do not fit the declaration -> their cells.
        offer: a declaration that a person may make.
        digits: a cell, if most hold digits and yet no numbers or dates that are known.
        is_time_of_day: whether all cells are such as 9:05.
    """

    kind: Kind
    cast: Mapping[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    odd: Mapping[str, int] = field(default_factory=dict)
    offer: Mapping[str, Any] = field(default_factory=dict)
    digits: str = ""
    is_time_of_day: bool = False


def read(cells: Cells, decimal: str, known: str | None, *, is_target: bool) -> Reading:
    """What the cells of a column write, apart from words that may mean no value."""
    if cells.given != "text":
        return Reading(cells.kind(cells.plan(("",), decimal)))
    tokens = cells.found((*ALWAYS_MISSING, *MAYBE_MISSING))
    plan = cells.plan(("", *tokens), decimal)
    sample = {word: rows for word, rows in cells.sample.items() if word not in tokens}
    kind = cells.kind(plan)
    if kind == "text":
        found = (
            _dates(cells, plan, sample)
            or _numbers(cells, plan, sample, known, is_target=is_target)
            or _text(sample)
        )
    else:
        found = _plain_numbers(cells, plan, kind, sample, known)
    if sample and found.kind != "text":
        return replace(found, words=(*tokens, *found.words))
    always = tuple(token for token in tokens if token in ALWAYS_MISSING)
    return replace(found, words=always, doubtful=tuple(t for t in tokens if t not in always))


def _text(sample: Mapping[str, int]) -> Reading:
    """Texts, with what a person may want to make of them."""
    if sample and all(map(TIME_OF_DAY.fullmatch, sample)):
        return Reading("text", is_time_of_day=True)
    return Reading("text", digits=number_formats.example_of_digits(sample))


def _plain_numbers(
    cells: Cells, plan: ColumnPlan, kind: Kind, sample: Mapping[str, int], known: str | None
) -> Reading:
    """Numbers as most programs write them, unless their points may group digits."""
    if kind == "integer" and date_formats.are_compact(sample):
        fits = cells.fits(plan, [date_formats.COMPACT])[date_formats.COMPACT]
        if fits == cells.count(plan)[0]:
            cast = {"type": "date", "format": date_formats.COMPACT}
            return Reading(
                "date",
                cast,
                reasons=(f"{date_formats.COMPACT} fits every cell",),
                questions=(f"{next(iter(sample))} is read as a date: or is it a number?",),
            )
    if kind == "double" and marks.may_be_grouped(sample, plan.decimal):
        found = number_formats.detect(cells.words(plan, MAX_WORDS), plan.decimal, known)
        if found and found.questions:
            return Reading(
                "double", {} if found.is_plain else found.cast, questions=found.questions
            )
    return Reading(kind)


def _dates(cells: Cells, plan: ColumnPlan, sample: Mapping[str, int]) -> Reading | None:
    likely = date_formats.candidates(sample)
    if not likely:
        return None
    total = cells.count(plan)[0]
    fits = {form: rows for form, rows in cells.fits(plan, likely).items() if rows}
    found = date_formats.choose(fits, total)
    if found is None:
        if not date_formats.are_all_dates(sample):
            return None
        listed = ", ".join(f"{form} fits {rows}" for form, rows in fits.items())
        return Reading("text", questions=(f"dates in several formats ({listed} cells)",))
    form = {} if found.chosen == ISO else {"format": found.chosen}
    reading = Reading(
        "date",
        {"type": "date", **form},
        reasons=(f"{found.chosen} fits {'all other cells' if found.odd else 'every cell'}",),
        questions=tuple(f"{other} fits, too: which is it?" for other in found.others),
    )
    as_dates = planned(plan, reading)
    numbers = cells.numbers(as_dates)
    if "%y" in found.chosen and numbers and date_formats.is_long(numbers.least, numbers.greatest):
        said = "years of two digits: 69 to 99 are taken for 1969 to 1999, and 00 to 68 for 2000 on"
        reading = replace(reading, questions=(*reading.questions, said))
    return replace(reading, odd=cells.misfits(as_dates))


def _numbers(
    cells: Cells,
    plan: ColumnPlan,
    sample: Mapping[str, int],
    known: str | None,
    *,
    is_target: bool,
) -> Reading | None:
    """Numbers in disguise, or among a few words."""
    if number_formats.detect(sample, plan.decimal, known) is None:
        return None
    words = cells.words(plan, MAX_WORDS)
    found = number_formats.detect(words, plan.decimal, known)
    if found is None:
        return None
    if is_target and not found.is_plain and len(found.values) <= MAX_CLASSES:
        # Few texts of a target are classes, whatever else they write.
        return None
    if not found.is_sure:
        return Reading("text", questions=found.questions, offer=found.cast)
    are_codes = found.is_plain and len(found.values) <= MAX_CLASSES
    is_whole = are_codes and all(value.is_integer() for value in found.values)
    cast = {"type": "integer"} if is_whole else found.cast
    reading = Reading(
        "double",
        cast,
        reasons=(f"cells such as {next(iter(words))!r}", *found.notes),
        questions=found.questions,
    )
    return _with_own_words(cells, plan, reading, found)


def _with_own_words(
    cells: Cells, plan: ColumnPlan, reading: Reading, found: GuessedNumbers
) -> Reading | None:
    """The reading of a column of numbers, with what is said of the cells that are none."""
    odd, total = cells.misfits(planned(plan, reading)), cells.count(plan)[0]
    n_odd = sum(odd.values())
    own = [word for word in odd if not any(map(str.isdigit, word))]
    if few_odd(n_odd, total):
        own = [word for word in own if odd[word] > 1]
    elif len(found.values) <= MAX_CATEGORIES and all(map(float.is_integer, found.values)):
        # Few whole numbers beside words are categories.
        listed = ", ".join(map(repr, own[:MAX_NAMED]))
        said = f"{listed} among numbers: taken for categories; if it means no value, name it in "
        asked = (f"{said}clean.column_missing_values",) if 0 < len(own) <= MAX_OWN_WORDS else ()
        return Reading("text", questions=asked)
    elif len(own) > MAX_OWN_WORDS or len(own) < len(odd) or 2 * n_odd > total:
        listed = ", ".join(map(repr, list(odd)[:MAX_NAMED]))
        said = f"{total - n_odd} of {total} cells are numbers, and others such as {listed} are not"
        return Reading("text", questions=(f"{said}: taken for text",))
    if own:
        listed = ", ".join(f"{word!r} ({odd[word]} cells)" for word in own)
        reading = replace(
            reading,
            words=tuple(own),
            questions=(*reading.questions, f"{listed} among numbers: taken for no value"),
        )
    return replace(reading, odd={word: n for word, n in odd.items() if word not in own})


def planned(plan: ColumnPlan, reading: Reading) -> ColumnPlan:
    """How cells are read as a reading says; integers as doubles, which all numbers fit."""
    cast = Cast.model_validate(reading.cast) if reading.cast else None
    wanted: Type = cast.type if cast else "double" if reading.kind == "integer" else reading.kind
    decimal = (cast and cast.decimal) or plan.decimal
    return replace(plan, cast=cast, type=wanted, decimal=decimal)
