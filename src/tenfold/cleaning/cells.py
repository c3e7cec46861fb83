"""Patterns of a cell's text: integer, number, padded number, infinite, NaN."""

from __future__ import annotations

from collections.abc import Collection

from tenfold.dataset import spelling
from tenfold.sources import Kind, text
from tenfold.sources.column_kinds import NUMBER

__all__ = [
    "INFINITE",
    "INTEGER",
    "NAN",
    "NUMBER",
    "PADDED",
    "WHOLE",
    "category",
    "kind_of",
    "matches",
]

INTEGER = "[+-]?(0|[1-9][0-9]*)"
PADDED = "[+-]?0[0-9]+"
WHOLE = r"[+-]?[0-9]+(\.0*)?"
INFINITE = "(?i)[+-]?inf(inity)?"
NAN = "(?i)[+-]?nan"


def matches(words: str, pattern: str) -> str:
    """SQL: whether a text matches a pattern from end to end."""
    return f"regexp_full_match({words}, {text(pattern)})"


def category(words: str) -> str:
    """SQL of `spelling.category` of a text."""
    truth = "".join(
        f" WHEN {words} = {text(old)} THEN {text(new)}" for old, new in spelling.TRUTH.items()
    )
    # Few texts end as those do that are written otherwise.
    return (
        f"CASE WHEN right({words}, 1) NOT IN ('0', 'e', 'E') THEN {words}{truth} "
        f"WHEN {matches(words, spelling.WHOLE.pattern)} THEN split_part({words}, '.', 1) "
        f"ELSE {words} END"
    )


def kind_of(forms: Collection[str]) -> Kind:
    """The type of a column whose present cells have these forms."""
    # Integers too large for a double are ids, unless decimals show that the column measures.
    if "text" in forms or ("large" in forms and "double" not in forms):
        return "text"
    return "integer" if set(forms) - {"nan"} == {"integer"} else "double"
