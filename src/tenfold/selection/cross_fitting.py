"""Weights of an ensemble for all rows, and for each fold weights that have not seen its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array
from tenfold.selection import greedy
from tenfold.selection.greedy import Candidates

# More steps change weights by less than a twenty-fifth.
N_STEPS = 25


@dataclass(frozen=True)
class Weights:
    """The weight of every candidate in the ensemble of all rows, and in each fold's own.

    Attributes:
        of_all: (candidates,), chosen by all rows.
        of_folds: (folds, candidates), chosen by the folds that share no row with this one.
    """

    of_all: Array
    of_folds: Array


def cross_fit(candidates: Candidates, overlaps: NDArray[np.bool_], max_members: int) -> Weights:
    """Choose by all rows, and for each fold by the rows of the others.

    Args:
        candidates: the models.
        overlaps: which folds validate a row in common (folds, folds); each does with itself,
            and none with all.
        max_members: the greatest number of different candidates.
    """
    others = [np.flatnonzero(~overlap).tolist() for overlap in overlaps]
    of_all, *of_folds = (
        _weights(greedy.select(candidates, folds, max_members, N_STEPS))
        for folds in (range(len(overlaps)), *others)
    )
    return Weights(of_all, np.array(of_folds))


def _weights(counts: greedy.Counts) -> Array:
    return np.array(counts) / sum(counts)


def mean(weights: Array, predictions: Sequence[Array]) -> Array:
    """The weighted mean of predictions (n,) or (n, C)."""
    total = np.zeros_like(predictions[0])
    for weight, prediction in zip(weights.tolist(), predictions, strict=True):
        if weight:
            total += weight * prediction
    return total
