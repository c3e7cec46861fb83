"""Metrics of the order of weighted rows, which are sorted once for many weightings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array

# Of weights (weightings, rows) the scores (weightings,); NaN where one is not defined.
Scorer = Callable[[Array], Array]
# Weights that are looked at together: they fit a processor's cache.
MAX_CELLS = 2**16


def _auroc(positive: NDArray[np.bool_], score: Array) -> Scorer:
    """The share of pairs in which the positive row has the greater score; equals count half."""
    order = np.argsort(score, kind="stable")
    positives, negatives = order[positive[order]], order[~positive[order]]
    below, up_to = (
        np.searchsorted(score[negatives], score[positives], side) for side in ("left", "right")
    )
    tied = not np.array_equal(below, up_to)

    def of(weights: Array) -> Array:
        sums = np.zeros((len(weights), len(negatives) + 1))
        np.cumsum(np.take(weights, negatives, axis=1), axis=1, out=sums[:, 1:])
        lower = np.take(sums, below, axis=1)
        if tied:
            lower = (lower + np.take(sums, up_to, axis=1)) / 2
        own = np.take(weights, positives, axis=1)
        pairs: Array = np.einsum("rn,rn->r", own, lower) / (own.sum(axis=1) * sums[:, -1])
        return pairs

    return of


def _average_precision(positive: NDArray[np.bool_], score: Array) -> Scorer:
    """The mean, over the positive rows, of the precision among rows of as great a score or more."""
    order = np.argsort(-score, kind="stable")
    positives = order[positive[order]]
    # How many rows, and how many positive ones, have as great a score or more.
    rows, hits = (
        np.searchsorted(-score[some], -score[positives], "right") - 1 for some in (order, positives)
    )

    def of(weights: Array) -> Array:
        own = np.take(weights, positives, axis=1)
        found = np.take(np.cumsum(own, axis=1), hits, axis=1)
        among = np.take(np.cumsum(np.take(weights, order, axis=1), axis=1), rows, axis=1)
        # A row without weight may have none before it.
        shares = np.where(own > 0, found / among, 0)
        precision: Array = np.einsum("rn,rn->r", own, shares) / own.sum(axis=1)
        return precision

    return of


def _by_class(
    scorer: Callable[[NDArray[np.bool_], Array], Scorer],
    y: NDArray[np.generic],
    prediction: Array,
    classes: list[int],
) -> Scorer:
    """The mean over some classes, each against the rest."""
    each = [scorer(y == code, prediction[:, code]) for code in classes]
    size = max(1, MAX_CELLS // len(y))

    def of(weights: Array) -> Array:
        parts = [weights[start : start + size] for start in range(0, len(weights), size)]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.concatenate([np.mean([one(part) for one in each], axis=0) for part in parts])

    return of


def auroc(y: NDArray[np.generic], prediction: Array, positive: int) -> Scorer:
    """The area under the ROC curve, which is the same for either of two classes."""
    n_classes = prediction.shape[1]
    return _by_class(_auroc, y, prediction, [1] if n_classes == 2 else list(range(n_classes)))


def average_precision(y: NDArray[np.generic], prediction: Array, positive: int) -> Scorer:
    """Average precision, of two classes that of the positive one."""
    n_classes = prediction.shape[1]
    classes = [positive] if n_classes == 2 else list(range(n_classes))
    return _by_class(_average_precision, y, prediction, classes)


RANKED = {"auroc": auroc, "average_precision": average_precision}
