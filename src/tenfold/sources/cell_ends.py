"""What the bytes of a text's cells say where they begin and end, without parsing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Bytes that a core's cache holds are looked at at once.
PIECE = 1 << 18
FEED, RETURN, POINT, ZERO = b"\n\r.0"
BLANKS = b" \t\v\f"
SIGNS, DIGITS, BEFORE = (
    np.frombuffer(each, np.uint8) for each in (b"+-", b"0123456789xX", b"\n" + BLANKS)
)

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Look:
    """What a block of rows shows.

    Attributes:
        lines: how many.
        padded: the columns with a word that begins as 007 and 0x1F do, behind a sign or not.
        blanks: the columns with a cell that begins or ends in white space, if that was asked.
    """

    lines: int
    padded: frozenset[str]
    blanks: frozenset[str]


def look(block: bytes, columns: Sequence[str], delimiter: str, *, blanks: bool) -> Look:
    """Look at the ends of every cell of a block of whole lines, all of them records.

    There is a line feed before and behind them.
    """
    cells = np.frombuffer(block, np.uint8)
    mark = delimiter.encode()[0]
    spaces = [blank for blank in BLANKS if blanks and blank != mark and blank in block]
    zeros: list[Places] = []
    found: list[Places] = [np.empty(0, np.int64)]
    lines = -1
    for start in range(0, len(cells), PIECE):
        # A cell's beginning is looked at together with the separator before it.
        piece = cells[start : start + PIECE + 1]
        lines += int(np.count_nonzero(piece[:PIECE] == FEED))
        # Whatever stands before a number is smaller than a point; so are few other bytes.
        before = piece < POINT
        if mark >= POINT:
            before |= piece == mark
        before = before[:-1]
        before &= piece[1:] == ZERO
        zeros.append(start + np.flatnonzero(before) + 1)
        if spaces:
            found.append(start + _blanks(piece, mark, spaces))
    padded = _padded(cells, np.concatenate(zeros), mark)
    return Look(
        lines,
        _columns(cells, padded, mark, columns),
        _columns(cells, np.concatenate(found), mark, columns),
    )


def _padded(cells: Bytes, zeros: Places, delimiter: int) -> Places:
    """Those zeros that begin a cell or a word, and are followed by a digit or an x.

    A sign may stand before them.
    """
    zeros = zeros[np.isin(cells[np.minimum(zeros + 1, len(cells) - 1)], DIGITS)]
    signed = np.isin(cells[zeros - 1], SIGNS)
    before = cells[zeros - 1 - signed]
    begins: Places = zeros[(before == delimiter) | np.isin(before, BEFORE)]
    return begins


def _blanks(piece: Bytes, delimiter: int, spaces: Sequence[int]) -> Places:
    """Those white spaces that begin or end a cell."""
    ends = (piece == FEED) | (piece == delimiter)
    blank = np.isin(piece, np.array(spaces, np.uint8))
    leading = np.flatnonzero(ends[:-1] & blank[1:]) + 1
    trailing = np.flatnonzero(blank[:-1] & (ends | (piece == RETURN))[1:])
    return np.concatenate([leading, trailing])


def _columns(
    cells: Bytes, places: Places, delimiter: int, columns: Sequence[str]
) -> frozenset[str]:
    """The columns of the cells at some places of a block in which all rows are records."""
    if not len(places):
        return frozenset()
    ends = np.flatnonzero((cells == FEED) | (cells == delimiter))
    which = (np.searchsorted(ends, places) - 1) % len(columns)
    return frozenset(columns[number] for number in np.unique(which))
