"""The rows whose target is most likely wrong, by models that have not learnt from them.

Of classes by confident learning (Northcutt, Jiang and Chuang 2021); of numbers by the residual in
units of the residuals' spread.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array

# Robust standard deviations beyond which a residual is suspicious.
MIN_SPREADS = 5.0
# The standard deviation of a normal distribution, in units of its median absolute deviation.
NORMAL = 1.4826


def mislabelled(
    y: NDArray[np.int64], probabilities: Array
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of which another class is likelier than the given one, the likeliest first.

    A row counts to a class if its probability reaches the mean of that of the rows labelled so;
    to the likeliest, if there are several. Rows that count to another class than their own are
    ranked by how much likelier that is.

    Args:
        y: the given codes (n,).
        probabilities: out-of-fold (n, C).

    Returns:
        The rows, and the likelier class of each.
    """
    n_classes = probabilities.shape[1]
    thresholds = np.array(
        [
            probabilities[y == code, code].mean() if (y == code).any() else np.inf
            for code in range(n_classes)
        ]
    )
    reached = np.where(probabilities >= thresholds, probabilities, -1.0)
    likelier = reached.argmax(axis=1)
    margin = probabilities[np.arange(len(y)), likelier] - probabilities[np.arange(len(y)), y]
    rows = np.flatnonzero((reached.max(axis=1) >= 0) & (likelier != y) & (margin > 0))
    rows = rows[np.argsort(-margin[rows], kind="stable")]
    return rows, likelier[rows]


def outlying(y: Array, prediction: Array) -> tuple[NDArray[np.int64], Array]:
    """The rows whose residual is far from all others, the farthest first.

    Returns:
        The rows, and the residual of each in robust standard deviations.
    """
    residuals = y - prediction
    distance = residuals - np.median(residuals)
    spread = NORMAL * float(np.median(np.abs(distance)))
    if spread == 0:
        return np.array([], dtype=np.int64), np.array([])
    spreads = distance / spread
    rows = np.flatnonzero(np.abs(spreads) > MIN_SPREADS)
    rows = rows[np.argsort(-np.abs(spreads[rows]), kind="stable")]
    return rows, spreads[rows]
