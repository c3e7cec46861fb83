"""Rows that equal others: copies made by mistake, or different things that look alike.

Decided here for clean, which drops mistakes, for split, which keeps them on one side, and for the
audit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]

# A smaller share of copies is taken for mistakes without a look at the columns.
MIN_REPEATING = 0.1
# Of fewer rows too few agree in all columns but one.
MIN_ROWS = 50
# Enough rows to see which of them agree in all columns but one.
MAX_SAMPLE_ROWS = 20_000


def repeat_by_nature(rows: int, copies: int, sample: Callable[[], Any]) -> bool:
    """Whether rows are equal because they have few columns of few values, and not by mistake.

    They are if more than a tenth of them are copies of another, and chance explains most of
    those (`expected_twins`): answers to a questionnaire, or a log of device, country and variant.
    A file that holds its rows twice is full of copies, too, but no two rows agree in all columns
    but one there.

    Args:
        rows: of the table.
        copies: how many of them equal an earlier row.
        sample: returns the compared columns as an Arrow table: of all rows, or of those that equal
            another; of more than 20,000, so many that are drawn by chance.
    """
    if rows < MIN_ROWS or copies <= MIN_REPEATING * rows:
        return False
    columns = [codes for codes in map(codes_of, sample().columns) if codes.any()]
    if not columns:
        return True
    every = np.arange(len(columns[0]))
    expected, found = expected_twins(columns, every, every)
    return 2 * expected >= found > 0


def expected_twins(columns: Sequence[Codes], rows: Codes, others: Codes) -> tuple[float, int]:
    """How many of some rows equal one of the others in all columns: by chance, and in fact.

    A row with n neighbours that differ from it in one column only, whose values agree with
    probability p, is expected to have n p / (1 - p) twins.

    Args:
        columns: the codes of every column.
        rows: positions of the rows that are judged.
        others: positions of the rows that they are compared with.
    """
    hashes = [
        scramble(np.ascontiguousarray(codes).view(np.uint64), place)
        for place, codes in enumerate(columns)
    ]
    total = np.asarray(np.sum(hashes, axis=0, dtype=np.uint64))
    twins = _count_matches(total[rows], total[others])
    itself = np.isin(rows, others)
    expected = np.zeros(len(rows))
    for codes, own in zip(columns, hashes, strict=True):
        rest = total - own
        neighbours = _count_matches(rest[rows], rest[others]) - twins
        agreement = _agreement(codes)
        if agreement < 1:
            expected += neighbours * agreement / (1 - agreement)
    return float(np.minimum(expected, 1).sum()), int(np.count_nonzero(twins - itself))


def codes_of(column: Any) -> Codes:
    """An Arrow column's values as codes 0, 1, ... in order of appearance; missing is a value."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    codes: Codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def scramble(bits: NDArray[np.uint64], salt: int = 0) -> NDArray[np.uint64]:
    """Hash 64-bit numbers so that sums of hashes identify rows (the finaliser of splitmix64)."""
    mixed = bits + np.uint64((0x9E3779B97F4A7C15 * (salt + 1)) & 0xFFFF_FFFF_FFFF_FFFF)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _count_matches(asked: NDArray[np.uint64], among: NDArray[np.uint64]) -> Codes:
    """How often each number occurs among others."""
    among = np.sort(among)
    return np.searchsorted(among, asked, "right") - np.searchsorted(among, asked, "left")


def _agreement(codes: Codes) -> float:
    """The probability that two rows have the same value."""
    counts = np.unique(codes, return_counts=True)[1].astype(np.float64)
    return float(np.sum(counts * (counts - 1)) / (len(codes) * max(len(codes) - 1, 1)))
