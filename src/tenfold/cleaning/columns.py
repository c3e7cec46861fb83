"""How a column's cells are read: its settings, and the SQL of its cells and values."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from tenfold.cleaning import cells, moments
from tenfold.cleaning.cells import NAN, matches
from tenfold.cleaning.text_values import TextValues
from tenfold.dataset import spelling
from tenfold.params import Cast
from tenfold.params.cleaning import Type
from tenfold.sources import Kind, WantedColumn, name, text
from tenfold.sources.column_kinds import MAX_EXACT_INTEGER, plain_number

# The kind of column that a type makes: a boolean counts, as 0 or 1.
KINDS: dict[Type, Kind] = {
    "integer": "integer",
    "double": "double",
    "text": "text",
    "boolean": "integer",
    "date": "date",
}
DROPPED = "named in clean.drop_columns"


@dataclass(frozen=True)
class ColumnPlan:
    """How the cells of a column are read; its properties are SQL about any of them.

    Attributes:
        name: of the column.
        given: the kind that the source gives.
        markers: texts that mean no value, white space around them aside.
        trim: whether white space is taken from both ends of a text.
        replaced: text -> what takes its place.
        decimal: the decimal mark of a text's numbers.
        cast: how it is declared to be read, if it is.
        type: the declared type, or the inferred one; None if no cell has shown any.
        hidden: why no model may see it; empty where models may.
        is_typed: whether the source gives its values: markers are NULL, no text has white space
            at its ends, and each has the one spelling of its category.
    """

    name: str
    given: Kind
    markers: tuple[str, ...] = ("",)
    trim: bool = True
    replaced: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    decimal: str = "."
    cast: Cast | None = field(default=None, hash=False)
    type: Type | None = None
    hidden: str = ""
    is_typed: bool = False

    @property
    def is_dropped(self) -> bool:
        """Whether it is left out from the beginning, as if the source did not have it."""
        return self.hidden == DROPPED

    @property
    def wanted(self) -> Type:
        """The type of the values; an empty column is a double, which no later cell contradicts."""
        return self.type or "double"

    @property
    def kind(self) -> Kind:
        """The kind of the values."""
        return KINDS[self.wanted]

    @property
    def is_unchanged(self) -> bool:
        """Whether its values are the cells as they are given."""
        return self.is_typed and self.given == self.wanted

    @property
    def is_plain_number(self) -> bool:
        """Whether a number in it is written as most programs write one."""
        unusual = self.decimal == "," or self.texts.number_format
        return self.given == "text" and not self.replaced and not unusual

    @property
    def texts(self) -> TextValues:
        """What its texts stand for."""
        return TextValues(self.given, self.wanted, self.decimal, self.cast)

    @property
    def wanted_of_source(self) -> WantedColumn:
        """What a source that can type cells should make of it."""
        number = self.type in ("integer", "double") and self.is_plain_number
        kind = self.kind if number or self.type == "text" else None
        return WantedColumn(kind, None if self.replaced else self.markers)

    @property
    def raw(self) -> str:
        """The cell itself."""
        return name(self.name)

    @property
    def bare(self) -> str:
        """Whether a text has no white space at its ends; trim() takes four times as long."""
        return f"({self.raw} > '!' AND right({self.raw}, 1) > ' ')"

    @property
    def trimmed(self) -> str:
        """A text without white space at its ends."""
        return f"trim({self.raw}, {text(string.whitespace)})"

    def loses_space(self, bare: str = "") -> str:
        """Whether a text has white space at its ends; `bare` may name what holds `self.bare`."""
        return f"CASE WHEN {bare or self.bare} THEN false ELSE {self.raw} <> {self.trimmed} END"

    def missing(self) -> str:
        """Whether it is a marker; a number may also be NaN."""
        if self.given == "text":
            return f"CASE WHEN {self.bare} THEN {self._marked(self.raw)} ELSE {self._blank()} END"
        if self.given == "date":
            marks = [text(marker) for marker in self.markers if re.search("[0-9]", marker)]
            days = [moments.moment(mark, self.texts.date_format) for mark in marks]
            return f"coalesce({self.raw} IN ({', '.join(days)}), false)" if days else "false"
        found = f"{self.raw} IN ({self._numbers() or 'NULL'})"
        return f"{found} OR isnan({self.raw})" if self.given == "double" else found

    def _marked(self, words: str) -> str:
        """Whether a text is a marker."""
        return self.texts.is_any_of(words, self.markers)

    def _blank(self) -> str:
        """Whether a text that is not bare is a marker."""
        return f"({self._exactly_marked()} OR {self._marked(self.trimmed)})"

    def _exactly_marked(self) -> str:
        """Whether a text is a marker as it is written, which most markers are."""
        return f"{self.raw} IN ({', '.join(map(text, self.markers)) or 'NULL'})"

    def _numbers(self) -> str:
        """The markers that are plain numbers, as a list in SQL."""
        numbers = [number for m in self.markers if (number := plain_number(m)) is not None]
        return ", ".join(f"{number!r}::DOUBLE" for number in numbers)

    @property
    def _unreplaced(self) -> str:
        """A cell as text before any text is replaced."""
        if self.given != "text":
            return f"{self.raw}::VARCHAR"
        return (
            f"(CASE WHEN {self.bare} THEN {self.raw} ELSE {self.trimmed} END)"
            if self.trim
            else self.raw
        )

    def is_respelled(self) -> str:
        """Whether a category is written otherwise than its one spelling."""
        cell = self._unreplaced
        changed = f"{cells.category(cell)} <> {cell} AND {self.present()} IS NOT NULL"
        return f"CASE WHEN {cells.may_be_respelled(self.raw)} OR NOT {self.bare} THEN {changed} END"

    def is_replaced(self) -> str:
        """Whether another text takes the place of a cell."""
        return f"coalesce({self.texts.is_any_of(self._unreplaced, self.replaced)}, false)"

    def present(self, bare: str = "") -> str:
        """Its value as it was given, trimmed and replaced; NULL where it is missing.

        A text has the one spelling of its category. `bare` may name what holds `self.bare`.
        """
        if self.is_typed:
            return self.raw
        if self.replaced:
            swaps = "".join(
                f" WHEN {self.texts.is_any_of(self._unreplaced, [old])} "
                f"THEN {'NULL' if new is None else text(self._spelled(new))}"
                for old, new in self.replaced.items()
            )
            rest = self._spelled_sql(self._unreplaced)
            return f"CASE WHEN {self.missing()} THEN NULL{swaps} ELSE {rest} END"
        if self.given == "text" and self.trim:
            cell, cut = self._spelled_sql(self.raw), self._spelled_sql(self.trimmed)
            most = f"CASE WHEN {self._marked(self.raw)} THEN NULL ELSE {cell} END"
            rest = f"CASE WHEN {self._blank()} THEN NULL ELSE {cut} END"
            return f"CASE WHEN {bare or self.bare} THEN {most} ELSE {rest} END"
        cell = self._spelled_sql(self.raw) if self.given == "text" else self.raw
        return f"CASE WHEN {self.missing()} THEN NULL ELSE {cell} END"

    def _spelled(self, words: str) -> str:
        """A text as it is written in the column."""
        return spelling.category(words) if self.wanted == "text" else words

    def _spelled_sql(self, words: str) -> str:
        return cells.category(words) if self.wanted == "text" else words

    def words(self, bare: str = "") -> str:
        """Its value as text."""
        if self.given == "text" or self.replaced:
            return self.present(bare)
        return self._spelled_sql(f"({self.present()})::VARCHAR")

    def form(self) -> str:
        """Which form a cell has: integer, large (integer), double, nan or text; NULL if missing."""
        return self.texts.form(self.words())

    def typed(self, quick: str = "") -> str:
        """Its value in the wanted type; NULL where it is missing or does not fit.

        `quick` is what `self.quick` gives, or the name of a column that holds it.
        """
        if self.wanted == "text":
            return self.words(quick)
        if self.is_unchanged:
            return self.raw
        if self.given == self.wanted and not self.replaced:
            return f"({self.present()})::BIGINT" if self.given == "integer" else self.present()
        slow = self.texts.value(self.words())
        if not quick:
            return slow
        numbers = self._numbers()
        first = f"WHEN {quick} IN ({numbers}) THEN NULL " if numbers else ""
        last = f"WHEN {self._exactly_marked()} THEN NULL ELSE {slow}"
        return f"CASE {first}WHEN {quick} IS NOT NULL THEN {quick} {last} END"

    @property
    def value(self) -> str:
        """The integer that a text may stand for."""
        return f"TRY_CAST({self.raw} AS BIGINT)"

    def quick(self, value: str = "") -> str:
        """What most texts show without a regular expression; empty where nothing is.

        Of a number its value, NULL for texts that must be looked at again; of a text whether it is
        bare. `value` may name what holds `self.value`.
        """
        if self.given != "text" or self.replaced:
            return ""
        if self.wanted == "text":
            return self.bare if self.trim and not self.is_typed else ""
        if not self.is_plain_number:
            return ""
        if self.wanted == "integer":
            value = value or self.value
            within = f"{value} BETWEEN -{MAX_EXACT_INTEGER} AND {MAX_EXACT_INTEGER}"
            return f"CASE WHEN {value}::VARCHAR = {self.raw} AND {within} THEN {value} END"
        if self.wanted != "double":
            return ""
        # Texts compare by their bytes: these begin with a digit, or a minus and one; "00" to "0:"
        # are padded, or end in what is no number.
        begins = " OR ".join(
            f"({self.raw} >= '{sign}{low}' AND {self.raw} < '{sign}{high}')"
            for sign in ("", "-")
            for low, high in (("1", ":"), ("0", "00"))
        )
        plain = f"({begins}) AND NOT contains({self.raw}, '_')"
        return f"CASE WHEN {plain} THEN TRY_CAST({self.raw} AS DOUBLE) END"

    def contradicts(self) -> str:
        """Whether a cell shows that the inferred type is wrong; empty where none can."""
        if self.type is None:
            return f"{self.words()} IS NOT NULL"
        fixed = self.given in ("double", "date") or self.type not in ("integer", "double")
        if self.is_unchanged or fixed:
            return ""
        fits = ["integer", "nan", *(["large", "double"] if self.type == "double" else [])]
        odd = f"coalesce({self.form()} NOT IN ({', '.join(map(text, fits))}), false)"
        if self.given != "text":
            return odd
        return f"CASE WHEN {self._exactly_marked()} THEN false ELSE {odd} END"

    def unfit(self) -> str:
        """Whether it is neither missing nor NaN, and yet has no value in the wanted type."""
        if self.is_unchanged:
            return "false"
        odd = f"{self.words()} IS NOT NULL AND {self.typed()} IS NULL"
        declared = self.texts.number_format
        if declared:
            odd += f" AND {declared.is_no_value(self.words())} IS NOT TRUE"
        if self.wanted in ("integer", "double"):
            digits = self.words() if declared else self.texts.digits(self.words())
            return f"{odd} AND NOT {matches(digits, NAN)}"
        return odd
