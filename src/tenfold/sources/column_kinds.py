"""The kinds of cells that a column can hold."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["integer", "double", "text", "date"]
SQL_TYPES: dict[Kind, str] = {
    "integer": "HUGEINT",
    "double": "DOUBLE",
    "text": "VARCHAR",
    "date": "TIMESTAMP",
}

# Beyond this a double no longer holds every integer.
MAX_EXACT_INTEGER = 2**53

PADDED = "[+-]?0[0-9]+"
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"


def plain_number(words: str) -> float | None:
    """The number that a text stands for, if it is written as most programs write one.

    Ids are none: 007, and larger numbers than a double tells apart.
    """
    is_number = re.fullmatch(NUMBER, words.strip()) and not re.fullmatch(PADDED, words.strip())
    number = float(words) if is_number else None
    return number if number is not None and abs(number) < MAX_EXACT_INTEGER else None


def is_number(cell: str) -> bool:
    """Whether a text may stand for a number, infinity and NaN included."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
