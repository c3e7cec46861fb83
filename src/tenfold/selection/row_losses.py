"""The loss by which members of an ensemble are chosen: proper, and a sum over the rows.

Averaging predictions averages what the loss is a function of: residuals, or the probability of
the true class. So a candidate is one number a row, for any number of classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import CLASSIFICATION, Array, Task, split_name

# Probabilities below are taken for this one, as scikit-learn's log loss does.
MIN_PROBABILITY = float(np.finfo(np.float64).eps)
# Probabilities whose product is a normal number, however small each is.
N_FACTORS = 16


@dataclass(frozen=True)
class RowLoss:
    """A loss as `of_means(mean over the members of terms(y, prediction))`.

    Attributes:
        terms: of y (n,) and a prediction (n,) or (n, C): (n, terms of a row).
        of_means: the sum of the losses of mean terms (candidates, terms): (candidates,).
    """

    terms: Callable[[NDArray[np.generic], Array], Array]
    of_means: Callable[[Array], Array]


def _residuals(y: NDArray[np.generic], prediction: Array) -> Array:
    residuals: Array = prediction - y.astype(np.float64)
    return residuals[:, None]


def _residuals_of_classes(y: NDArray[np.generic], prediction: Array) -> Array:
    """The distances of the probabilities from 0 or 1; those of two classes are equal."""
    n_classes = prediction.shape[1]
    distances: Array = prediction - np.eye(n_classes)[y.astype(np.int64)]
    return distances[:, 1:] if n_classes == 2 else distances


def _true_probability(y: NDArray[np.generic], prediction: Array) -> Array:
    return np.take_along_axis(prediction, y.astype(np.int64)[:, None], axis=1)


def _squares(residuals: Array) -> Array:
    sums: Array = np.einsum("cn,cn->c", residuals, residuals)
    return sums


def _relative_residuals(y: NDArray[np.generic], prediction: Array) -> Array:
    residuals: Array = _residuals(y, prediction) / np.abs(y.astype(np.float64))[:, None]
    return residuals


def _values(y: NDArray[np.generic], prediction: Array) -> Array:
    """The prediction and the true value, which is the same for all members."""
    return np.column_stack([prediction, y.astype(np.float64)])


def _squares_of_logs(values: Array) -> Array:
    logs = np.log1p(np.maximum(values, 0)).reshape(len(values), -1, 2)
    return _squares(logs[..., 0] - logs[..., 1])


def _pinballs(quantile: float, residuals: Array) -> Array:
    sums: Array = np.maximum((1 - quantile) * residuals, -quantile * residuals).sum(axis=1)
    return sums


def _absolutes(residuals: Array) -> Array:
    sums: Array = np.abs(residuals).sum(axis=1)
    return sums


def _negative_logs(probabilities: Array) -> Array:
    """A logarithm takes as long as many products, so it is that of a product."""
    factors = np.maximum(probabilities, MIN_PROBABILITY)
    n_candidates, n = factors.shape
    even = n - n % N_FACTORS
    products = factors[:, :even].reshape(n_candidates, N_FACTORS, -1).prod(axis=1)
    sums: Array = -(np.log(products).sum(axis=1) + np.log(factors[:, even:]).sum(axis=1))
    return sums


SQUARED = RowLoss(_residuals, _squares)
ABSOLUTE = RowLoss(_residuals, _absolutes)
BRIER = RowLoss(_residuals_of_classes, _squares)
LOG = RowLoss(_true_probability, _negative_logs)

SHARE = RowLoss(_relative_residuals, _absolutes)
LOGARITHMIC = RowLoss(_values, _squares_of_logs)

# The metrics that are such a loss themselves, or nearly; auroc, accuracy and the like are none.
LOSSES: dict[str, RowLoss] = {
    "mse": SQUARED,
    "rmse": SQUARED,
    "r2": SQUARED,
    "mae": ABSOLUTE,
    "median_ae": ABSOLUTE,
    "mape": SHARE,
    "rmsle": LOGARITHMIC,
    "log_loss": LOG,
    "brier": BRIER,
}


def row_loss(metric: str, task: Task) -> RowLoss:
    """The loss that fits a metric: its own, else the log loss or the squared error."""
    name, value = split_name(metric)
    if name == "pinball":
        return RowLoss(_residuals, partial(_pinballs, float(value)))
    return LOSSES.get(name, LOG if task in CLASSIFICATION else SQUARED)
