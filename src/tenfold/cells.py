"""What a cell says, in SQL: that it is missing, the form it has, its value in a type."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Sequence
from typing import Literal

from tenfold.sources import Kind, name, text

# Beyond this a double no longer holds every integer.
LARGEST = 2**53

INTEGER = "[ ]*[+-]?(0|[1-9][0-9]*)[ ]*"
PADDED = "[ ]*[+-]?0[0-9]+[ ]*"
WHOLE = r"[ ]*[+-]?[0-9]+(\.0*)?[ ]*"
NUMBER = r"[ ]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ ]*"
INFINITE = "(?i)[ ]*[+-]?inf(inity)?[ ]*"
NAN = "(?i)[ ]*[+-]?nan[ ]*"


def is_missing(column: str, kind: Kind, markers: Sequence[str]) -> str:
    """Whether a cell is a marker, white space around it aside; a number may also be NaN."""
    cell = name(column)
    if kind == "text":
        texts = ", ".join(map(text, markers)) or "NULL"
        return f"{cell} IN ({texts}) OR trim({cell}, {text(string.whitespace)}) IN ({texts})"
    numbers = [f"{text(marker)}::DOUBLE" for marker in markers if re.fullmatch(NUMBER, marker)]
    found = f"{cell} IN ({', '.join(numbers) or 'NULL'})"
    return f"{found} OR isnan({cell})" if kind == "double" else found


def form(column: str, kind: Literal["integer", "text"]) -> str:
    """Which form a present cell has: integer, large (integer), double, nan or text."""
    cell = name(column)
    exact = f"TRY_CAST({cell} AS HUGEINT) BETWEEN -{LARGEST} AND {LARGEST}"
    integer = f"CASE WHEN {exact} THEN 'integer' ELSE 'large' END"
    if kind == "integer":
        return integer
    return f"""CASE
        WHEN {matches(cell, INTEGER)} THEN {integer}
        WHEN {matches(cell, PADDED)} THEN 'text'
        WHEN {matches(cell, NUMBER)} OR {matches(cell, INFINITE)} THEN 'double'
        WHEN {matches(cell, NAN)} THEN 'nan'
        ELSE 'text' END"""


def shared(forms: Collection[str]) -> Kind:
    """The type of a column whose present cells have these forms."""
    # Integers too large for a double are ids, unless decimals show that the column measures.
    if "text" in forms or ("large" in forms and "double" not in forms):
        return "text"
    return "integer" if set(forms) - {"nan"} == {"integer"} else "double"


def typed(column: str, given: Kind, wanted: Kind) -> str:
    """A cell in its type; NULL where it is missing or does not fit."""
    cell = name(column)
    if given == wanted == "double":
        return cell
    words = f"{cell}::VARCHAR"
    if wanted == "text":
        return words
    if wanted == "integer":
        number = f"TRY_CAST(regexp_replace({words}, '\\.0*', '') AS BIGINT)"
        fits = f"{matches(words, WHOLE)} AND abs({number}::HUGEINT) <= {LARGEST}"
        return f"CASE WHEN {fits} THEN {number} END"
    return (
        f"CASE WHEN {matches(words, f'{NUMBER}|{INFINITE}')} THEN TRY_CAST({words} AS DOUBLE) END"
    )


def is_unfit(column: str, given: Kind, wanted: Kind) -> str:
    """Whether a cell is neither missing nor NaN, and yet has no value in the wanted type."""
    cell = name(column)
    return (
        f"{cell} IS NOT NULL AND {typed(column, given, wanted)} IS NULL "
        f"AND NOT {matches(f'{cell}::VARCHAR', NAN)}"
    )


def matches(words: str, pattern: str) -> str:
    """Whether a text matches a pattern from end to end."""
    return f"regexp_full_match({words}, {text(pattern)})"
