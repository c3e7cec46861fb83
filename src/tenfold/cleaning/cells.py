"""Patterns of a cell's text: integer, number, padded number, infinite, NaN."""

from __future__ import annotations

from collections.abc import Collection

from tenfold.sources import Kind, text

INTEGER = "[+-]?(0|[1-9][0-9]*)"
PADDED = "[+-]?0[0-9]+"
WHOLE = r"[+-]?[0-9]+(\.0*)?"
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
INFINITE = "(?i)[+-]?inf(inity)?"
NAN = "(?i)[+-]?nan"


def matches(words: str, pattern: str) -> str:
    """SQL: whether a text matches a pattern from end to end."""
    return f"regexp_full_match({words}, {text(pattern)})"


def kind_of(forms: Collection[str]) -> Kind:
    """The type of a column whose present cells have these forms."""
    # Integers too large for a double are ids, unless decimals show that the column measures.
    if "text" in forms or ("large" in forms and "double" not in forms):
        return "text"
    return "integer" if set(forms) - {"nan"} == {"integer"} else "double"
