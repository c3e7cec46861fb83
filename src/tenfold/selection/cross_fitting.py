"""Weights of an ensemble for all rows, and for each fold weights that have not seen its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array
from tenfold.selection import greedy
from tenfold.selection.greedy import Candidates

# More steps change weights by less than a twenty-fifth.
N_STEPS = 25


@dataclass(frozen=True)
class CrossFitted:
    """How often each candidate was chosen: from all rows (candidates,), and for each fold.

    `of_folds` (folds, candidates) has for a fold what the folds chose that share no row with it.
    """

    counts: NDArray[np.int64]
    of_folds: NDArray[np.int64]


def cross_fit(
    candidates: Candidates, overlaps: NDArray[np.bool_], max_members: int
) -> CrossFitted | None:
    """Choose from all rows, and for each fold from the rows of the others.

    Args:
        candidates: the models.
        overlaps: which folds validate a row in common (folds, folds); each does with itself.
        max_members: the greatest number of different candidates.

    Returns:
        None if a fold shares rows with every other, so that nothing can choose for it.
    """
    if overlaps.all(axis=1).any():
        return None
    others = [np.flatnonzero(~overlap).tolist() for overlap in overlaps]
    counts, *of_folds = (
        greedy.select(candidates, folds, max_members, N_STEPS)
        for folds in (range(len(overlaps)), *others)
    )
    return CrossFitted(np.array(counts), np.array(of_folds))


def mean(counts: NDArray[np.int64], predictions: list[Array]) -> Array:
    """The mean of the candidates' predictions, each as often as it was chosen."""
    total = np.zeros_like(predictions[0])
    for count, prediction in zip(counts.tolist(), predictions, strict=True):
        if count:
            total += count * prediction
    average: Array = total / counts.sum()
    return average
