"""Guess what the columns of a table hold: markers, types, numbers in disguise, dates, sentinels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tenfold.cleaning import ColumnPlan
from tenfold.cleaning.spellings import MAX_CATEGORIES as MAX_SPELLINGS
from tenfold.cleaning.spellings import corrections
from tenfold.dataset.profile import MAX_CATEGORIES, ColumnCounts, is_most
from tenfold.params import Cast
from tenfold.params.cleaning import Type
from tenfold.scaffolding import date_formats, number_formats, sentinels
from tenfold.scaffolding.date_formats import ISO
from tenfold.scaffolding.first_rows import Cells, FirstRows, Numbers
from tenfold.scaffolding.number_formats import NumberFormat, few_odd
from tenfold.scaffolding.sentinels import Sentinel
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


@dataclass(frozen=True)
class MissingWords:
    """The texts that mean no value.

    Attributes:
        everywhere: those that mean it in every column they stand in -> why.
        own: column -> those that mean it there, and are values in another column.
        doubtful: column -> those that may mean it there, and are taken for values.
    """

    everywhere: Mapping[str, str]
    own: Mapping[str, Sequence[str]]
    doubtful: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, readings: Mapping[str, Reading]) -> MissingWords:
        """Those of a table's columns."""
        doubtful = {column: one.doubtful for column, one in readings.items() if one.doubtful}
        values = {word for words in doubtful.values() for word in words}
        everywhere: dict[str, str] = {}
        own: dict[str, list[str]] = {}
        for column, one in readings.items():
            for word in one.words:
                if word in values or word not in (*ALWAYS_MISSING, *MAYBE_MISSING):
                    own.setdefault(column, []).append(word)
                else:
                    everywhere.setdefault(word, f"{word} stands in {column}")
        return cls(everywhere, own, doubtful)

    def markers(self, column: str) -> tuple[str, ...]:
        """All that mean no value in a column."""
        return ("", *self.everywhere, *self.own.get(column, ()))


@dataclass(frozen=True)
class GuessedColumn:
    """A column as its cells show it.

    Attributes:
        plan: how its cells are read.
        reading: what they show.
        kind: its type; whole numbers are integers however they are written.
        rows: that were read.
        copies: rows that are copies of another one.
        present: cells with a value.
        distinct: different values.
        numbers: of a column of numbers or dates.
        sentinel: a number or a date that may stand for no value.
        spellings: how that is written.
        corrections: categories that seem to be another one in another spelling -> that one.
    """

    plan: ColumnPlan
    reading: Reading
    kind: Kind
    rows: int
    copies: int
    present: int
    distinct: int
    numbers: Numbers | None = None
    sentinel: Sentinel | None = None
    spellings: tuple[str, ...] = ()
    corrections: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_id(self) -> bool:
        """Whether every row but copies of a row has a value of its own."""
        rows = self.rows - self.copies
        return self.present == self.rows and replace(self.counts, rows=rows, present=rows).is_id()

    @property
    def is_free_text(self) -> bool:
        """Whether most rows hold a text of their own."""
        return self.counts.is_free_text

    @property
    def counts(self) -> ColumnCounts:
        """How many values it has, once its cells are read."""
        found = self.numbers
        least, greatest = (found.least, found.greatest) if found else (None, None)
        return ColumnCounts(self.kind, self.rows, self.present, self.distinct, least, greatest)

    @property
    def useless(self) -> str:
        """Why no model should see the column; empty if one should."""
        if self.present == 0:
            return "no value in any row"
        if self.counts.is_constant:
            return "the same value in every row"
        if self.is_id:
            numbers = ", counting up or of one length" if self.kind == "integer" else ""
            return f"another value in every row{numbers}: an id says nothing about new rows"
        if self.is_free_text:
            return f"free text: {self.distinct} different values in {self.present} rows"
        return ""


def guess_columns(
    first: FirstRows, target: str, decimal: str
) -> tuple[dict[str, GuessedColumn], MissingWords]:
    """Every column of a table, and the texts that mean no value in it."""
    known = decimal if decimal == "," else _known_decimal(first)
    readings = {
        column: _read(cells, decimal, known, is_target=column == target)
        for column, cells in first.columns.items()
    }
    missing = MissingWords.of(readings)
    return {
        column: _guess(cells, readings[column], missing.markers(column), decimal, first.copies)
        for column, cells in first.columns.items()
    }, missing


def _guess(
    cells: Cells, reading: Reading, markers: tuple[str, ...], decimal: str, copies: int
) -> GuessedColumn:
    plan = _planned(cells.plan(markers, decimal), reading)
    numbers = cells.numbers(plan) if plan.kind != "text" else None
    sentinel = sentinels.find(numbers)
    spellings: list[str] = []
    if sentinel and cells.given == "text":
        spellings = cells.spellings(plan, sentinel.value)
    if sentinel and sentinel.is_sure:
        plan = replace(plan, markers=(*markers, *spellings))
        numbers = cells.numbers(plan)
    present, distinct = (numbers.present, numbers.distinct) if numbers else cells.count(plan)
    measures = plan.number_format is not None
    is_whole = numbers is not None and numbers.are_whole and not measures
    return GuessedColumn(
        plan=plan,
        reading=reading,
        kind="integer" if reading.kind == "double" and is_whole else reading.kind,
        rows=cells.rows,
        copies=copies,
        present=present,
        distinct=distinct,
        numbers=numbers,
        sentinel=sentinel,
        spellings=tuple(spellings),
        corrections=_corrections(cells, plan, present, distinct),
    )


def _corrections(cells: Cells, plan: ColumnPlan, present: int, distinct: int) -> dict[str, str]:
    if plan.kind != "text" or distinct > MAX_SPELLINGS or is_most(distinct, present):
        return {}
    return corrections(cells.words(plan, MAX_SPELLINGS))


def _planned(plan: ColumnPlan, reading: Reading) -> ColumnPlan:
    """How cells are read as a reading says; integers as doubles, which all numbers fit."""
    cast = Cast.model_validate(reading.cast) if reading.cast else None
    wanted: Type = cast.type if cast else "double" if reading.kind == "integer" else reading.kind
    decimal = (cast and cast.decimal) or plan.decimal
    return replace(plan, cast=cast, type=wanted, decimal=decimal)


# Chapter: what the cells of a column write


def _known_decimal(first: FirstRows) -> str | None:
    """The decimal point, if some column has one that groups no digits."""
    for cells in first.columns.values():
        if cells.given == "text":
            points = [one for one in cells.sample if number_formats.DECIMAL_POINT.fullmatch(one)]
            if 2 * len(points) > len(cells.sample):
                return "."
    return None


def _read(cells: Cells, decimal: str, known: str | None, *, is_target: bool) -> Reading:
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
            or Reading("text", digits=number_formats.example_of_digits(sample))
        )
    else:
        found = _plain_numbers(cells, plan, kind, sample, known)
    if sample and found.kind != "text":
        return replace(found, words=(*tokens, *found.words))
    always = tuple(token for token in tokens if token in ALWAYS_MISSING)
    return replace(found, words=always, doubtful=tuple(t for t in tokens if t not in always))


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
    if kind == "double" and number_formats.may_be_grouped(sample, plan.decimal):
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
    planned = _planned(plan, reading)
    numbers = cells.numbers(planned)
    if "%y" in found.chosen and numbers and date_formats.is_long(numbers.least, numbers.greatest):
        said = "years of two digits: 69 to 99 are taken for 1969 to 1999, and 00 to 68 for 2000 on"
        reading = replace(reading, questions=(*reading.questions, said))
    return replace(reading, odd=cells.misfits(planned))


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
    cells: Cells, plan: ColumnPlan, reading: Reading, found: NumberFormat
) -> Reading | None:
    """The reading of a column of numbers, with what is said of the cells that are none."""
    odd, total = cells.misfits(_planned(plan, reading)), cells.count(plan)[0]
    n_odd = sum(odd.values())
    own = [word for word in odd if not any(map(str.isdigit, word))]
    if few_odd(n_odd, total):
        own = [word for word in own if odd[word] > 1]
    elif len(found.values) <= MAX_CATEGORIES:
        # Few numbers beside words are categories.
        return None
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
