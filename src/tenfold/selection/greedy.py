"""Greedy selection, with replacement, of the models whose mean prediction is best.

Source: Caruana, Niculescu-Mizil, Crew & Ksikes (2004), Ensemble selection from libraries of models.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array
from tenfold.selection.row_losses import RowLoss

Counts = tuple[int, ...]

# Losses whose ratio is nearer to 1 are equal: sums in another order differ in their last digits.
ROUNDING = 1e-10


class Candidates:
    """Models to choose from, as the terms of a loss for every row that a fold validates.

    Args:
        predictions: each candidate's of each fold, (n,) or (n, C), all finite.
        y: each fold's target (n,): values or class codes.
        loss: that is minimised.
    """

    def __init__(
        self,
        predictions: Sequence[Sequence[Array]],
        y: Sequence[NDArray[np.generic]],
        loss: RowLoss,
    ) -> None:
        self._loss = loss
        # Each fold's terms lie together, so that one of them fits a processor's cache.
        self._folds: list[Array] = [
            np.array([loss.terms(true, own).ravel() for own in fold])
            for true, fold in zip(y, zip(*predictions, strict=True), strict=True)
        ]
        self._known: dict[Counts, Array] = {}
        self.n = len(predictions)

    def losses(self, counts: Counts) -> Array:
        """Each fold's sum of losses if a candidate joined an ensemble: (candidates, folds).

        Args:
            counts: how often each candidate is in the ensemble.
        """
        if counts not in self._known:
            self._known[counts] = np.stack(
                [self._fold_losses(terms, counts) for terms in self._folds], axis=1
            )
        return self._known[counts]

    def _fold_losses(self, terms: Array, counts: Counts) -> Array:
        total = np.zeros(terms.shape[1])
        for own, count in zip(terms, counts, strict=True):
            if count:
                total += count * own
        means = (total + terms) / (sum(counts) + 1)
        return self._loss.of_means(means)


def select(candidates: Candidates, folds: Sequence[int], max_members: int, n_steps: int) -> Counts:
    """How often each candidate is in the ensemble with the least loss on some folds.

    Each step adds the candidate whose joining leaves the least loss, the earlier one of equals;
    the ensemble is the best of all steps, the smaller one of equals.

    Args:
        candidates: the models.
        folds: whose rows count.
        max_members: the greatest number of different candidates.
        n_steps: candidates added.
    """
    counts = [0] * candidates.n
    best, least = tuple(counts), np.inf
    apart = 1 - ROUNDING
    for _ in range(n_steps):
        losses = candidates.losses(tuple(counts))[:, list(folds)].sum(axis=1)
        if sum(map(bool, counts)) == max_members:
            losses[np.array(counts) == 0] = np.inf
        chosen = int(np.argmax(apart * losses <= losses.min()))
        counts[chosen] += 1
        if losses[chosen] < apart * least:
            best, least = tuple(counts), losses[chosen]
    return best
