"""Patterns of a cell's text: integer, number, padded number, infinite, NaN."""

from __future__ import annotations

from collections.abc import Collection

from tenfold.dataset import spelling
from tenfold.sources import Kind, text
from tenfold.sources.column_kinds import NUMBER, PADDED

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
    "may_be_respelled",
]

INTEGER = "[+-]?(0|[1-9][0-9]*)"
WHOLE = r"[+-]?[0-9]+(\.0*)?"
INFINITE = "(?i)[+-]?inf(inity)?"
NAN = "(?i)[+-]?nan"


def matches(words: str, pattern: str) -> str:
    """SQL: whether a text matches a pattern from end to end."""
    return f"regexp_full_match({words}, {text(pattern)})"


def may_be_respelled(words: str) -> str:
    """SQL: whether a text ends as those do whose category has another spelling."""
    return f"right({words}, 1) IN ('0', 'e', 'E')"


def category(words: str) -> str:
    """SQL of `spelling.category` of a text."""
    truth = "".join(
        f" WHEN {words} = {text(old)} THEN {text(new)}" for old, new in spelling.TRUTH.items()
    )
    # Most texts end otherwise, and few have a point.
    whole = f"contains({words}, '.') AND {matches(words, spelling.WHOLE.pattern)}"
    return (
        f"CASE WHEN NOT {may_be_respelled(words)} THEN {words} "
        f"WHEN right({words}, 1) = '0' "
        f"THEN CASE WHEN {whole} THEN split_part({words}, '.', 1) ELSE {words} END{truth} "
        f"ELSE {words} END"
    )


def kind_of(forms: Collection[str]) -> Kind:
    """The type of a column whose present cells have these forms."""
    # Integers too large for a double are ids, unless decimals show that the column measures.
    if "text" in forms or ("large" in forms and "double" not in forms):
        return "text"
    return "integer" if set(forms) - {"nan"} == {"integer"} else "double"
