"""How a column's cells are read: declared and inferred settings, and the SQL that they make."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tenfold.cleaning import cells, moments
from tenfold.cleaning.cells import INFINITE, INTEGER, NAN, NUMBER, PADDED, WHOLE, matches
from tenfold.cleaning.numbers import NumberFormat
from tenfold.dataset import spelling
from tenfold.dataset.dates import DateFormat
from tenfold.params import Cast, Clean, Data
from tenfold.params.cleaning import Type
from tenfold.runtime import UserError
from tenfold.sources import Kind, Source, WantedColumn, name, text
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
        unusual = self.decimal == "," or self.number_format
        return self.given == "text" and not self.replaced and not unusual

    @property
    def number_format(self) -> NumberFormat | None:
        """How the numbers of its texts are written, if that is declared."""
        if self.cast is None or self.given != "text":
            return None
        declared = NumberFormat(self.cast, self.decimal)
        return None if declared.is_plain else declared

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

    def means(self, words: str, texts: Iterable[str]) -> str:
        """SQL: whether a text is one of these, or another spelling of the same value."""
        listed = list(texts)
        values = [value for one in listed if (value := self._literal(one))]
        if self.wanted == "text":
            listed += [one for one in map(spelling.category, listed) if one not in listed]
        same = f"{words} IN ({', '.join(map(text, listed)) or 'NULL'})"
        if not values:
            return f"({same})"
        other = f"coalesce({self._compared(words)} IN ({', '.join(values)}), false)"
        if self.wanted == "text":
            other = f"CASE WHEN {cells.may_be_respelled(words)} THEN {other} ELSE false END"
        return f"({same} OR {other})"

    def _literal(self, words: str) -> str | None:
        """SQL of the value of a declared text; None if no other text of the column means it."""
        if self.wanted == "text":
            category = spelling.category(words)
            known = category in spelling.TRUTH.values() or re.fullmatch(INTEGER, category)
            return text(category) if known else None
        if self.wanted in ("integer", "double") and not self.number_format:
            foreign = self.decimal == "," and "." in words
            number = None if foreign else plain_number(words.replace(self.decimal, "."))
            return None if number is None else f"{number!r}::DOUBLE"
        return self._value_of(text(words)) if words.strip() else None

    def _compared(self, words: str) -> str:
        """SQL of what a text is compared by; ids such as 007 are no numbers."""
        value = self._value_of(words)
        if self.kind in ("integer", "double") and self.cast is None:
            return f"CASE WHEN NOT {matches(words, PADDED)} THEN {value} END"
        return value

    def missing(self) -> str:
        """Whether it is a marker; a number may also be NaN."""
        if self.given == "text":
            return f"CASE WHEN {self.bare} THEN {self._marked(self.raw)} ELSE {self._blank()} END"
        if self.given == "date":
            marks = [text(marker) for marker in self.markers if re.search("[0-9]", marker)]
            days = [moments.moment(mark, self.date_format) for mark in marks]
            return f"coalesce({self.raw} IN ({', '.join(days)}), false)" if days else "false"
        found = f"{self.raw} IN ({self._numbers() or 'NULL'})"
        return f"{found} OR isnan({self.raw})" if self.given == "double" else found

    def _marked(self, words: str) -> str:
        """Whether a text is a marker."""
        return self.means(words, self.markers)

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
        return f"coalesce({self.means(self._unreplaced, self.replaced)}, false)"

    def present(self, bare: str = "") -> str:
        """Its value as it was given, trimmed and replaced; NULL where it is missing.

        A text has the one spelling of its category. `bare` may name what holds `self.bare`.
        """
        if self.is_typed:
            return self.raw
        if self.replaced:
            swaps = "".join(
                f" WHEN {self.means(self._unreplaced, [old])} "
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

    def digits(self, words: str = "") -> str:
        """The text of a number with a decimal point and nothing between digits; by default its."""
        words = words or self.words()
        if self.number_format:
            return self.number_format.digits(words)
        words = f"trim({words}, {text(string.whitespace)})"
        if self.cast:
            words = f"replace({words}, '\u2212', '-')"
        if self.given != "text" or self.decimal == ".":
            return words
        # A point would now stand between digits in another sense.
        return f"CASE WHEN contains({words}, '.') THEN 'x' ELSE replace({words}, ',', '.') END"

    def form(self) -> str:
        """Which form a cell has: integer, large (integer), double, nan or text; NULL if missing."""
        exact = f"TRY_CAST(d AS HUGEINT) BETWEEN -{MAX_EXACT_INTEGER} AND {MAX_EXACT_INTEGER}"
        integer = f"CASE WHEN {exact} THEN 'integer' WHEN d IS NOT NULL THEN 'large' END"
        if self.given == "integer":
            return _with("d", self.digits(), integer)
        return _with(
            "d",
            self.digits(),
            f"""CASE WHEN d IS NULL THEN NULL
            WHEN {matches("d", INTEGER)} THEN {integer}
            WHEN {matches("d", PADDED)} THEN 'text'
            WHEN {matches("d", f"{NUMBER}|{INFINITE}")} THEN 'double'
            WHEN {matches("d", NAN)} THEN 'nan'
            ELSE 'text' END""",
        )

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
        slow = self._value_of(self.words())
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

    def _value_of(self, words: str) -> str:
        """SQL of the value of any text, before markers are missing and texts replaced."""
        if self.wanted == "text":
            return cells.category(words)
        if self.wanted == "boolean":
            declared = self.cast or Cast(type="boolean")
            true, false = (
                ", ".join(text(word.lower()) for word in words)
                for words in (declared.true, declared.false)
            )
            words = f"lower({cells.category(words)})"
            return f"CASE WHEN {words} IN ({true}) THEN 1 WHEN {words} IN ({false}) THEN 0 END"
        if self.wanted == "date":
            return moments.moment(words, self.date_format)
        if self.wanted == "double" and self.number_format:
            return self.number_format.value(words)
        if self.wanted == "double":
            fits = matches("d", f"{NUMBER}|{INFINITE}")
            return _with(
                "d", self.digits(words), f"CASE WHEN {fits} THEN TRY_CAST(d AS DOUBLE) END"
            )
        number = "TRY_CAST(regexp_replace(d, '\\.0*', '') AS BIGINT)"
        fits = f"{matches('d', WHOLE)} AND abs({number}::HUGEINT) <= {MAX_EXACT_INTEGER}"
        return _with("d", self.digits(words), f"CASE WHEN {fits} THEN {number} END")

    @property
    def date_format(self) -> DateFormat:
        """How dates are written in its texts."""
        return DateFormat(self.cast.format, self.cast.offset) if self.cast else DateFormat()

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
        if self.number_format:
            odd += f" AND {self.number_format.is_no_value(self.words())} IS NOT TRUE"
        if self.wanted in ("integer", "double"):
            digits = self.words() if self.number_format else self.digits()
            return f"{odd} AND NOT {matches(digits, NAN)}"
        return odd


def _with(variable: str, value: str, sql: str) -> str:
    """SQL of an expression in which a variable stands for a value, which is written once."""
    return f"list_transform([{value}], lambda {variable}: {sql})[1]"


def declared_columns(source: Source, data: Data, rules: Clean) -> dict[str, ColumnPlan]:
    """How every column of a source is read, as far as that is declared."""
    found = {}
    for column, kind in source.columns.items():
        cast = rules.casts.get(column)
        found[column] = ColumnPlan(
            column,
            kind,
            tuple(rules.column_missing_values.get(column, rules.missing_values)),
            rules.trim,
            rules.replace.get(column, {}),
            (cast and cast.decimal) or data.decimal,
            cast,
            cast.type if cast else None,
            hidden(column, rules),
        )
        _check_swaps(found[column])
    return found


def hidden(column: str, rules: Clean) -> str:
    """Why models must not see a column; empty where they may."""
    if column in rules.drop_columns:
        return DROPPED
    kept = not rules.keep_columns or column in rules.keep_columns
    return "" if kept else "not named in clean.keep_columns"


def _check_swaps(reader: ColumnPlan) -> None:
    """Check that no value is replaced in two ways, or by one that is replaced itself."""
    where, swaps = f"clean.replace.{reader.name}", reader.replaced
    seen: dict[object, str] = {}
    for old, new in swaps.items():
        other = seen.setdefault(_value(old), old)
        if swaps[other] != new:
            raise UserError(
                f"{where}: {other!r} and {old!r} are one value, but are replaced by "
                f"{swaps[other]!r} and {new!r}: remove one"
            )
    for new in swaps.values():
        if new is not None and _value(new) in seen:
            raise UserError(
                f"{where}: what takes a text's place must not be replaced itself, "
                f"but {new!r} is also written {seen[_value(new)]!r}: name its own replacement at "
                "once"
            )


def _value(words: str) -> object:
    number = plain_number(words)
    return spelling.category(words) if number is None else number
