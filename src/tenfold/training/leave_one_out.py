"""The validation curve by which a fold is stopped: that of the other folds, never its own.

A fold whose own validation rows choose its epoch is scored on rows that it has been fitted to.
numpy only: families that need no torch use it too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def leave_one_out_curves(
    curves: NDArray[np.float64], overlaps: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """For every fold, the mean validation curve of the folds that share no row with it.

    Every such fold counts alike, whatever its size, as in the cross-validated score. All epochs
    of a row are means over the same folds: where a loss is not finite, also behind the end of a
    shorter curve, the mean is infinite, so that no epoch looks good for a fold that is missing.
    A fold that shares rows with all others has no such curve: its row is NaN, and the caller
    says what it does instead.

    Args:
        curves: the validation loss of each fold in every epoch (k, epochs).
        overlaps: which folds share validation rows (k, k); each does with itself.

    >>> curves = np.array([[1.0, 2.0], [3.0, 6.0], [5.0, np.nan]])
    >>> leave_one_out_curves(curves, np.eye(3, dtype=bool)).tolist()
    [[4.0, inf], [3.0, inf], [2.0, 4.0]]
    """
    losses = np.where(np.isfinite(curves), curves, np.inf)
    found = np.full(losses.shape, np.nan)
    for own, overlap in zip(found, overlaps | np.eye(len(losses), dtype=np.bool_), strict=True):
        if not overlap.all():
            own[:] = losses[~overlap].mean(axis=0)
    return found


def overlapping(rows: Sequence[NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Which folds share validation rows (k, k), by the positions of each fold's rows.

    >>> overlapping([np.array([0, 1]), np.array([2, 3]), np.array([1, 2])]).astype(int).tolist()
    [[1, 0, 1], [0, 1, 1], [1, 1, 1]]
    """
    validates = np.zeros((len(rows), 1 + max(int(own.max()) for own in rows)), dtype=np.bool_)
    for fold, own in zip(validates, rows, strict=True):
        fold[own] = True
    return np.array([[bool(fold[own].any()) for own in rows] for fold in validates])


def judged_by_themselves(overlaps: NDArray[np.bool_], chosen: str) -> list[str]:
    """Which folds had to choose by their own curve, in words.

    >>> judged_by_themselves(np.eye(2, dtype=bool), "its epoch")
    []
    """
    folds = np.flatnonzero(overlaps.all(axis=1))
    if not folds.size:
        return []
    return [
        f"no other fold validates other rows than fold {', '.join(map(str, folds))}: its own rows "
        f"chose {chosen}, which flatters its score: make two folds or more that share no rows"
    ]
