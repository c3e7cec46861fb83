"""What a column may be called, and what kind of cells it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from tenfold.runtime import UserError

REASON = "tenfold_reason"
SOURCE = "tenfold_source"
LINE = "tenfold_line"
CONTENT = "tenfold_content"
PREFIX = "tenfold_"
# A longer name is what a header without its line end, or a quote that is not closed, makes.
LONGEST = 500
# Beyond this a double no longer holds every integer.
LARGEST = 2**53

Kind = Literal["integer", "double", "text", "date"]


def is_number(cell: str) -> bool:
    """Whether a text may stand for a number, infinite and undefined ones among them."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def check_names(path: Path | str, names: Sequence[str], cure: str = "") -> None:
    """Column names must be present, unique (DuckDB ignores case) and not tenfold's own.

    Raises:
        UserError: naming the column, and ending in `cure` where a missing header may be the cause.
    """
    for position, column in enumerate(names, start=1):
        if not column.strip():
            raise UserError(f"{path}: column {position} has no name: name every column{cure}")
        if len(column) > LONGEST:
            raise UserError(
                f"{path}: column {position} has a name of {len(column)} characters, and more than "
                f"{LONGEST} are no name ({column[:20]!r}...): rename it, or close its quote"
            )
        if column.lower().startswith(PREFIX):
            raise UserError(
                f"{path}: column {column!r} has a name that tenfold keeps for itself: rename it"
            )
    for column, count in Counter(names).items():
        if count > 1:
            raise UserError(f"{path}: {count} columns are named {column!r}: rename one{cure}")
    spelling: dict[str, str] = {}
    for column in names:
        other = spelling.setdefault(column.lower(), column)
        if other != column:
            raise UserError(f"{path}: {other!r} and {column!r} differ only in case: rename one")
