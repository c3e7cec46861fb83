"""The kinds of cells that a column can hold."""

from __future__ import annotations

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


def is_number(cell: str) -> bool:
    """Whether a text may stand for a number, infinity and NaN included."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
