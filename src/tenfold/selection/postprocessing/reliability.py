"""How far probabilities can be taken at their word: bins of predictions, and what came true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array

N_BINS = 10
# In an error, fewer rows of a bin than these would count as an error of the probabilities.
MIN_IN_BIN = 20


@dataclass(frozen=True)
class Bin:
    """Predictions of about the same probability.

    Attributes:
        predicted: their mean probability.
        observed: the share of them that came true.
        rows: how many they are.
    """

    predicted: float
    observed: float
    rows: int


def said_and_true(
    probabilities: Array, y: NDArray[np.generic], positive: int | None = None
) -> tuple[Array, NDArray[np.bool_]]:
    """The probability of the positive class of two, or of the likeliest of many, and its truth.

    Args:
        probabilities: (n, C).
        y: class codes (n,).
        positive: the code of the positive class of two, by default 1.
    """
    codes = np.full(len(y), 1 if positive is None else positive)
    if probabilities.shape[1] > 2:
        codes = probabilities.argmax(axis=1)
    return probabilities[np.arange(len(y)), codes], codes == y


def reliability(said: Array, true: NDArray[np.bool_], n_bins: int = N_BINS) -> list[Bin]:
    """The reliability curve, in bins of equally many rows.

    Args:
        said: probabilities (n,).
        true: whether it was so (n,).
        n_bins: of as many rows at least.
    """
    order = np.argsort(said, kind="stable")
    return [
        Bin(float(said[rows].mean()), float(true[rows].mean()), len(rows))
        for rows in np.array_split(order, min(n_bins, len(order)))
    ]


def calibration_error(probabilities: Array, y: NDArray[np.generic]) -> float:
    """The expected calibration error: how far the two are apart, on average over all rows.

    Source: Naeini, Cooper & Hauskrecht (2015), with bins of equal size rather than width.
    Arguments as `said_and_true` has.
    """
    n_bins = int(np.clip(len(y) // MIN_IN_BIN, 1, N_BINS))
    bins = reliability(*said_and_true(probabilities, y), n_bins)
    return sum(own.rows * abs(own.predicted - own.observed) for own in bins) / len(y)
