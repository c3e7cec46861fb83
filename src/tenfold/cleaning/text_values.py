"""SQL of the values that a column's texts stand for, by its type and what is declared of it."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass, field

from tenfold.cleaning import cells, moments
from tenfold.cleaning.cells import INFINITE, INTEGER, NAN, NUMBER, PADDED, WHOLE, matches
from tenfold.cleaning.numbers import NumberFormat
from tenfold.dataset import spelling
from tenfold.dataset.dates import DateFormat
from tenfold.params import Cast
from tenfold.params.cleaning import Type
from tenfold.sources import Kind, text
from tenfold.sources.column_kinds import MAX_EXACT_INTEGER, plain_number


@dataclass(frozen=True)
class TextValues:
    """How the texts of a column are read, whatever texts mean no value or are replaced.

    Attributes:
        given: the kind that the source gives.
        wanted: the type of the values.
        decimal: the decimal mark of a text's numbers.
        cast: how the column is declared to be read, if it is.
    """

    given: Kind
    wanted: Type
    decimal: str = "."
    cast: Cast | None = field(default=None, hash=False)

    @property
    def number_format(self) -> NumberFormat | None:
        """How the numbers of the texts are written, if that is declared."""
        if self.cast is None or self.given != "text":
            return None
        declared = NumberFormat(self.cast, self.decimal)
        return None if declared.is_plain else declared

    @property
    def date_format(self) -> DateFormat:
        """How dates are written in the texts."""
        return DateFormat(self.cast.format, self.cast.offset) if self.cast else DateFormat()

    def value(self, words: str) -> str:
        """SQL of the value of a text; NULL where it has none in the wanted type."""
        if self.wanted == "text":
            return cells.category(words)
        if self.wanted == "boolean":
            return self._truth(words)
        if self.wanted == "date":
            return moments.moment(words, self.date_format)
        if self.wanted == "double" and self.number_format:
            return self.number_format.value(words)
        if self.wanted == "double":
            fits = matches("d", f"{NUMBER}|{INFINITE}")
            return _of(self.digits(words), f"CASE WHEN {fits} THEN TRY_CAST(d AS DOUBLE) END")
        number = "TRY_CAST(regexp_replace(d, '\\.0*', '') AS BIGINT)"
        fits = f"{matches('d', WHOLE)} AND abs({number}::HUGEINT) <= {MAX_EXACT_INTEGER}"
        return _of(self.digits(words), f"CASE WHEN {fits} THEN {number} END")

    def _truth(self, words: str) -> str:
        declared = self.cast or Cast(type="boolean")
        true, false = (
            ", ".join(text(word.lower()) for word in listed)
            for listed in (declared.true, declared.false)
        )
        word = f"lower({cells.category('d')})"
        return _of(
            words, f"CASE WHEN {word} IN ({true}) THEN 1 WHEN {word} IN ({false}) THEN 0 END"
        )

    def digits(self, words: str) -> str:
        """SQL of the text of a number with a decimal point and nothing between digits."""
        if self.number_format:
            return self.number_format.digits(words)
        words = f"trim({words}, {text(string.whitespace)})"
        if self.cast:
            words = f"replace({words}, '\u2212', '-')"
        if self.given != "text" or self.decimal == ".":
            return words
        # A point would now stand between digits in another sense.
        return f"CASE WHEN contains({words}, '.') THEN 'x' ELSE replace({words}, ',', '.') END"

    def form(self, words: str) -> str:
        """SQL of a text's form: integer, large (integer), double, nan or text; NULL of NULL."""
        exact = f"TRY_CAST(d AS HUGEINT) BETWEEN -{MAX_EXACT_INTEGER} AND {MAX_EXACT_INTEGER}"
        integer = f"CASE WHEN {exact} THEN 'integer' WHEN d IS NOT NULL THEN 'large' END"
        if self.given == "integer":
            return _of(self.digits(words), integer)
        return _of(
            self.digits(words),
            f"""CASE WHEN d IS NULL THEN NULL
            WHEN {matches("d", INTEGER)} THEN {integer}
            WHEN {matches("d", PADDED)} THEN 'text'
            WHEN {matches("d", f"{NUMBER}|{INFINITE}")} THEN 'double'
            WHEN {matches("d", NAN)} THEN 'nan'
            ELSE 'text' END""",
        )

    def is_any_of(self, words: str, texts: Iterable[str]) -> str:
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
        return self.value(text(words)) if words.strip() else None

    def _compared(self, words: str) -> str:
        """SQL of what a text is compared by; ids such as 007 are no numbers."""
        value = self.value(words)
        if self.wanted in ("integer", "double") and self.cast is None:
            return f"CASE WHEN NOT {matches(words, PADDED)} THEN {value} END"
        return value


def _of(words: str, sql: str) -> str:
    """SQL of an expression about `d`, which stands for a text that is written once."""
    return f"list_transform([{words}], lambda d: {sql})[1]"
