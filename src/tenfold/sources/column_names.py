"""What a column may be called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tenfold.runtime import UserError

REASON = "tenfold_reason"
SOURCE = "tenfold_source"
LINE = "tenfold_line"
CONTENT = "tenfold_content"
PREFIX = "tenfold_"
# A longer name means a header without a line end, or an unclosed quote.
MAX_LENGTH = 500


def numbered(place: int) -> str:
    """The name of a column that has none of its own; places count from 1."""
    return f"column_{place}"


def name_outer_columns(path: Path | str, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Name the columns without a name at both ends, and say so: an index, or empty columns.

    One between named columns is left: it may be a merged cell, or a title above the header.
    """
    last = max((place for place, column in enumerate(names, 1) if column.strip()), default=0)
    unnamed = [place for place in range(1, len(names) + 1) if not names[place - 1].strip()]
    outer = [place for place in unnamed if place == 1 or place > last]
    named = [
        numbered(place) if place in outer else names[place - 1]
        for place in range(1, len(names) + 1)
    ]
    notes = [
        f"{path}: column {place} has no name and is called {numbered(place)}" for place in outer
    ]
    return named, notes


def check_names(path: Path | str, names: Sequence[str], cure: str = "") -> None:
    """Check that names are present, unique (DuckDB ignores case) and not reserved by tenfold.

    Raises:
        UserError: naming the column; ends in `cure` where a missing header may be the cause.
    """
    for position, column in enumerate(names, start=1):
        if not column.strip():
            raise UserError(f"{path}: column {position} has no name: name every column{cure}")
        if len(column) > MAX_LENGTH:
            raise UserError(
                f"{path}: column {position} has a name of {len(column)} characters, and more than "
                f"{MAX_LENGTH} are no name ({column[:20]!r}...): rename it, or close its quote"
            )
        if "\0" in column:
            # DuckDB would take an Arrow column's name to end there.
            raise UserError(f"{path}: column {column!r} has a zero byte in its name: rename it")
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
