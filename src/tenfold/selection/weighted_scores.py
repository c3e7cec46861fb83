"""Metrics of weighted rows, for many weightings at once: a resample of rows is a weight for each.

Most metrics are a function of means over the rows, so that a resample costs a sum; what looks at
the order of the rows is in `ranked_scores`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array, split_name
from tenfold.selection.ranked_scores import RANKED, Scorer
from tenfold.selection.row_losses import row_loss

Target = NDArray[np.generic]
# Of the means of terms (terms, weightings) the scores (weightings,).
OfMeans = Callable[[Array], Array]


def _mean(means: Array) -> Array:
    only: Array = means[0]
    return only


def _root(means: Array) -> Array:
    root: Array = np.sqrt(_mean(means))
    return root


def _explained(means: Array) -> Array:
    error, distance, square = means
    explained: Array = 1 - error / (square - distance**2)
    return explained


# Rows of means: the shares of each true class, of each predicted one, and of each hit.
def _shares(means: Array) -> tuple[Array, Array, Array]:
    true, predicted, hit = np.split(means, 3)
    return true, predicted, hit


def _accuracy(means: Array) -> Array:
    found: Array = _shares(means)[2].sum(axis=0)
    return found


def _balanced_accuracy(means: Array) -> Array:
    """A class that has no row does not count, as in scikit-learn."""
    true, _, hit = _shares(means)
    found: Array = np.nansum(hit / true, axis=0) / np.count_nonzero(true, axis=0)
    return found


def _mcc(means: Array) -> Array:
    true, predicted, hit = _shares(means)
    spread = (1 - (true**2).sum(axis=0)) * (1 - (predicted**2).sum(axis=0))
    both = hit.sum(axis=0) - (true * predicted).sum(axis=0)
    # What is left of 1 - 1 is rounding.
    found: Array = np.where(spread > np.finfo(np.float64).eps, both / np.sqrt(spread), 0 * both)
    return found


def _precision(means: Array) -> Array:
    _, predicted, hit = _shares(means)
    return _macro(hit, predicted)


def _recall(means: Array) -> Array:
    true, _, hit = _shares(means)
    return _macro(hit, true)


def _f1(means: Array) -> Array:
    true, predicted, hit = _shares(means)
    return _macro(2 * hit, true + predicted)


def _macro(hit: Array, of: Array) -> Array:
    """The mean of the ratios; 0 of 0 is 0, but NaN is NaN: no row has a weight."""
    macro: Array = np.where(of == 0, 0, hit / of).mean(axis=0)
    return macro


# Functions of the mean row loss.
OF_LOSSES: dict[str, OfMeans] = {
    "mse": _mean,
    "rmse": _root,
    "rmsle": _root,
    "mae": _mean,
    "mape": _mean,
    "pinball": _mean,
    "log_loss": _mean,
    "brier": _mean,
}
# Functions of the shares of true, predicted and hit classes: of all, or of the positive one of two.
OF_CLASSES: dict[str, OfMeans] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "mcc": _mcc,
}
OF_POSITIVE: dict[str, OfMeans] = {"precision": _precision, "recall": _recall, "f1": _f1}


def is_weighted(metric: str) -> bool:
    """Whether `scorer` has a form of the metric."""
    return split_name(metric)[0] in {*OF_LOSSES, "r2", *OF_CLASSES, *OF_POSITIVE, *RANKED}


def scorer(metric: str, y: Target, prediction: Array, positive: int | None = None) -> Scorer | None:
    """A metric of these rows by their weights; None of a metric that has no such form.

    Args:
        metric: its name, such as `auroc` or `precision@0.3`.
        y: values or class codes (n,).
        prediction: (n,), or probabilities (n, C).
        positive: the code of the positive class of two, by default 1.
    """
    name, value = split_name(metric)
    positive = 1 if positive is None else positive
    if name in RANKED:
        return RANKED[name](y, prediction, positive)
    if name in OF_LOSSES:
        loss = row_loss(metric, "binary" if prediction.ndim > 1 else "regression")
        return _of_means(loss.of_means(loss.terms(y, prediction))[None], OF_LOSSES[name])
    if name == "r2":
        return _of_means(_squares(y, prediction), _explained)
    if name not in (*OF_CLASSES, *OF_POSITIVE):
        return None
    predicted = np.argmax(prediction, axis=1)
    if value:
        above = prediction[:, positive] >= float(value)
        predicted = np.where(above, positive, 1 - positive)
    n_classes = prediction.shape[1]
    classes = np.arange(n_classes)
    if name in OF_POSITIVE and n_classes == 2:
        classes = np.array([positive])
    terms = _classes(y, predicted, classes)
    return _of_means(terms, (OF_CLASSES | OF_POSITIVE)[name])


def _squares(y: Target, prediction: Array) -> Array:
    """The squared error, and the target's distance from its mean, which loses no digits."""
    true = y.astype(np.float64)
    distance = true - true.mean()
    return np.stack([(true - prediction) ** 2, distance, distance**2])


def _classes(y: Target, predicted: NDArray[np.int64], classes: NDArray[np.int64]) -> Array:
    """Which rows are, are predicted to be, and are both, of each class: (3 x classes, n)."""
    true, said = y == classes[:, None], predicted == classes[:, None]
    return np.concatenate([true, said, true & said]).astype(np.float64)


def _of_means(terms: Array, of_means: OfMeans) -> Scorer:
    def of(weights: Array) -> Array:
        # A matrix product would give other last digits with another number of threads.
        sums = np.stack([np.einsum("rn,n->r", weights, own) for own in terms])
        with np.errstate(divide="ignore", invalid="ignore"):
            return of_means(sums / weights.sum(axis=1))

    return of
