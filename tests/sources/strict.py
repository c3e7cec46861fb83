"""Tables in which everything is a row."""

from __future__ import annotations

from tenfold import sources
from tenfold.params import Data
from tenfold.sources import MALFORMED, REASON, ROW


def read_strict(data: Data) -> sources.Source:
    """Read a table; the first line or record that is no row is an error with its reason."""
    source = sources.read_sound(data)
    query = f"SELECT {ROW}, {REASON} FROM {MALFORMED} ORDER BY {ROW} LIMIT 1"
    for row, reason in source.connection.execute(query).fetchall():
        raise ValueError(f"{data.path}, {source.where(row)}: {reason}")
    return source
