"""Metrics of classes: `y_true` holds codes (n,), `y_score` probabilities (n, C)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics.metric import Array


def auroc(y_true: NDArray[np.generic], y_score: Array) -> float:
    """Area under the ROC curve; for many classes the macro mean of one against the rest."""
    from sklearn.metrics import roc_auc_score

    if y_score.shape[1] == 2:
        return float(roc_auc_score(y_true, y_score[:, 1]))
    codes = range(y_score.shape[1])
    return float(roc_auc_score(y_true, y_score, multi_class="ovr", labels=codes))


def average_precision(y_true: NDArray[np.generic], y_score: Array, positive: int = 1) -> float:
    """Mean precision over the recalls of the positive class, without interpolation.

    For many classes the macro mean of one against the rest.
    """
    from sklearn.metrics import average_precision_score

    codes = [positive] if y_score.shape[1] == 2 else range(y_score.shape[1])
    each = [average_precision_score(y_true == code, y_score[:, code]) for code in codes]
    return float(np.mean(each))


def log_loss(y_true: NDArray[np.generic], y_score: Array) -> float:
    """Cross-entropy in nats; probabilities are clipped away from 0 and 1."""
    from sklearn.metrics import log_loss as cross_entropy

    return float(cross_entropy(y_true, y_score, labels=range(y_score.shape[1])))


def brier(y_true: NDArray[np.generic], y_score: Array) -> float:
    """Brier score: the mean of (p - y)^2 of the second of two classes; of many, the sum over all.

    Source: Brier (1950); for two classes the usual halved form.
    """
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(y_true, y_score, labels=range(y_score.shape[1])))


def accuracy(y_true: NDArray[np.generic], y_score: Array) -> float:
    """Share of rows whose most probable class is the true one."""
    return float(np.mean(y_true == np.argmax(y_score, axis=1)))


def balanced_accuracy(y_true: NDArray[np.generic], y_score: Array) -> float:
    """Mean over the classes of the share of their rows that are predicted right."""
    from sklearn.metrics import balanced_accuracy_score

    return float(balanced_accuracy_score(y_true, np.argmax(y_score, axis=1)))


def mcc(y_true: NDArray[np.generic], y_score: Array) -> float:
    """Matthews correlation of true and predicted classes; 0 if one class alone is predicted.

    Source: Matthews (1975); for many classes Gorodkin (2004).
    """
    from sklearn.metrics import matthews_corrcoef

    return float(matthews_corrcoef(y_true, np.argmax(y_score, axis=1)))


def precision(
    y_true: NDArray[np.generic], y_score: Array, positive: int = 1, threshold: float | None = None
) -> float:
    """Share of the rows predicted positive that are; 0 if there are none.

    For many classes the macro mean.

    Args:
        y_true: codes (n,).
        y_score: probabilities (n, C).
        positive: the code of the positive class of two.
        threshold: the least probability that is predicted positive, of two classes; by default
            the most probable class is predicted.
    """
    from sklearn.metrics import precision_score

    return _of_predicted(precision_score, y_true, y_score, positive, threshold)


def recall(
    y_true: NDArray[np.generic], y_score: Array, positive: int = 1, threshold: float | None = None
) -> float:
    """Share of the positive rows that are predicted so; arguments as `precision` has."""
    from sklearn.metrics import recall_score

    return _of_predicted(recall_score, y_true, y_score, positive, threshold)


def f1(
    y_true: NDArray[np.generic], y_score: Array, positive: int = 1, threshold: float | None = None
) -> float:
    """Harmonic mean of precision and recall; arguments as `precision` has."""
    from sklearn.metrics import f1_score

    return _of_predicted(f1_score, y_true, y_score, positive, threshold)


def _of_predicted(
    function: Callable[..., float],
    y_true: NDArray[np.generic],
    y_score: Array,
    positive: int,
    threshold: float | None,
) -> float:
    predicted = np.argmax(y_score, axis=1)
    if threshold is not None:
        predicted = np.where(y_score[:, positive] >= threshold, positive, 1 - positive)
    if y_score.shape[1] == 2:
        return float(function(y_true, predicted, pos_label=positive, zero_division=0))
    labels = range(y_score.shape[1])
    return float(function(y_true, predicted, labels=labels, average="macro", zero_division=0))
