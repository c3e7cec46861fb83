"""White space and leading zeros in CSV cells, found in the bytes without parsing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# As many bytes at once as a core's cache holds.
PIECE = 1 << 18
FEED, RETURN, SPACE, POINT, ZERO = b"\n\r .0"
BLANKS = b" \t\v\f"
SIGNS, DIGITS, BEFORE = b"+-", b"0123456789xX", b"\n" + BLANKS

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class CellEnds:
    """The columns of a block of rows in which cells begin or end oddly.

    Attributes:
        padded: those with a word that begins as 007 or 0x1F does, with or without a sign.
        blanks: those with a cell that begins or ends in white space, if that was asked.
    """

    padded: frozenset[str]
    blanks: frozenset[str]


def inspect(
    block: bytes, columns: Sequence[str], delimiter: str, rows: int, *, blanks: bool
) -> CellEnds:
    """CellEnds at the ends of every cell of a block of so many lines, all of them records.

    The block begins and ends with a line feed.
    """
    cells = np.frombuffer(block, np.uint8)
    mark = delimiter.encode()[0]
    zeros: list[Places] = []
    low = 0
    for start in range(0, len(cells), PIECE):
        # A cell's beginning is looked at together with the separator before it.
        piece = cells[start : start + PIECE + 1]
        low += int(np.count_nonzero(piece[:PIECE] <= SPACE)) if blanks else 0
        # Whatever stands before a number is smaller than a point; so are few other bytes.
        before = piece < POINT
        if mark >= POINT:
            before |= piece == mark
        before = before[:-1]
        before &= piece[1:] == ZERO
        zeros.append(start + np.flatnonzero(before) + 1)
    padded = _padded(cells, np.concatenate(zeros), mark)
    # Most blocks have no byte below the printed characters but line ends.
    found = _blanks(cells, mark) if low > rows + 1 else padded[:0]
    return CellEnds(
        _columns(cells, padded, mark, columns),
        _columns(cells, found, mark, columns),
    )


def _padded(cells: Bytes, zeros: Places, delimiter: int) -> Places:
    """The zeros that begin a cell or a word and are followed by a digit or an x.

    A sign may stand before them.
    """
    # Most zeros that come behind a sign are those of dates.
    before, parts = cells[zeros - 1], _one_of(BEFORE + bytes([delimiter]))
    signed = zeros[_one_of(SIGNS)[before]]
    begins = np.concatenate([zeros[parts[before]], signed[parts[cells[signed - 2]]]])
    behind: Places = begins[_one_of(DIGITS)[cells[np.minimum(begins + 1, len(cells) - 1)]]]
    return behind


def _one_of(few: bytes) -> NDArray[np.bool_]:
    """(256,) whether a byte is one of these."""
    flags = np.zeros(256, np.bool_)
    flags[list(few)] = True
    return flags


def _blanks(cells: Bytes, delimiter: int) -> Places:
    """The white space that begins or ends a cell."""
    spaces = [blank for blank in BLANKS if blank != delimiter and (cells == blank).any()]
    found: list[Places] = [np.empty(0, np.int64)]
    for start in range(0, len(cells) if spaces else 0, PIECE):
        piece = cells[start : start + PIECE + 1]
        ends = (piece == FEED) | (piece == delimiter)
        blank = np.isin(piece, np.array(spaces, np.uint8))
        found.append(start + np.flatnonzero(ends[:-1] & blank[1:]) + 1)
        found.append(start + np.flatnonzero(blank[:-1] & (ends | (piece == RETURN))[1:]))
    return np.concatenate(found)


def _columns(
    cells: Bytes, places: Places, delimiter: int, columns: Sequence[str]
) -> frozenset[str]:
    """The columns of the cells at some places of a block in which all rows are records."""
    if not len(places):
        return frozenset()
    ends = np.flatnonzero((cells == FEED) | (cells == delimiter))
    which = (np.searchsorted(ends, places) - 1) % len(columns)
    return frozenset(columns[number] for number in np.unique(which))
