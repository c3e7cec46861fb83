"""METRICS, the table of metrics: name -> function, direction, tasks.

Scores keep their natural sign; `Metric.better` compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Task = Literal["regression", "binary", "multiclass"]
Array = NDArray[np.float64]

REGRESSION: tuple[Task, ...] = ("regression",)
CLASSIFICATION: tuple[Task, ...] = ("binary", "multiclass")


@dataclass(frozen=True)
class Metric:
    """One metric: `function(y_true, prediction)`, and whether greater or smaller is better.

    `y_true` has shape (n,): values, or class codes 0..C-1. `prediction` has shape (n,) for
    regression and (n, C), rows summing to one, for classification. `smallest_fold`,
    `different_values` and `every_class` say on which rows it is defined.
    """

    function: Callable[[NDArray[np.generic], Array], float]
    direction: Literal["minimize", "maximize"]
    tasks: tuple[Task, ...]
    smallest_fold: int = 1
    different_values: bool = False
    every_class: bool = False

    def better(self, score: float, than: float) -> bool:
        """Whether `score` beats `than` in this metric's direction."""
        return score > than if self.direction == "maximize" else score < than


def is_constant(y: NDArray[np.generic]) -> bool:
    """Whether all values are equal, up to rounding."""
    values = y.astype(np.float64)
    return bool(np.ptp(values) <= 4 * np.finfo(np.float64).eps * np.abs(values).max())


def mse(y_true: NDArray[np.generic], y_pred: Array) -> float:
    """Mean squared error, in squared units of the target."""
    from sklearn.metrics import mean_squared_error

    return float(mean_squared_error(y_true, y_pred))


def mae(y_true: NDArray[np.generic], y_pred: Array) -> float:
    """Mean absolute error, in units of the target."""
    from sklearn.metrics import mean_absolute_error

    return float(mean_absolute_error(y_true, y_pred))


def r2(y_true: NDArray[np.generic], y_pred: Array) -> float:
    """Coefficient of determination: the share of the target's variance explained.

    Raises:
        ValueError: if the target is constant, so that there is no variance.
    """
    from sklearn.metrics import r2_score

    if is_constant(y_true):
        raise ValueError("r2 is not defined for a constant target")
    return float(r2_score(y_true, y_pred))


def auroc(y_true: NDArray[np.generic], y_score: Array) -> float:
    """Area under the ROC curve; for many classes the macro mean of one against the rest."""
    from sklearn.metrics import roc_auc_score

    if y_score.shape[1] == 2:
        return float(roc_auc_score(y_true, y_score[:, 1]))
    codes = range(y_score.shape[1])
    return float(roc_auc_score(y_true, y_score, multi_class="ovr", labels=codes))


def log_loss(y_true: NDArray[np.generic], y_score: Array) -> float:
    """Cross-entropy in nats; probabilities are clipped away from 0 and 1."""
    from sklearn.metrics import log_loss as cross_entropy

    return float(cross_entropy(y_true, y_score, labels=range(y_score.shape[1])))


def accuracy(y_true: NDArray[np.generic], y_score: Array) -> float:
    """Share of rows whose most probable class is the true one."""
    return float(np.mean(y_true == np.argmax(y_score, axis=1)))


def brier(y_true: NDArray[np.generic], y_score: Array) -> float:
    """Brier score: the mean of (p - y)^2 of the second of two classes; of many, the sum over all.

    Source: Brier (1950); for two classes the usual halved form.
    """
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(y_true, y_score, labels=range(y_score.shape[1])))


METRICS: dict[str, Metric] = {
    "mse": Metric(mse, "minimize", REGRESSION),
    "mae": Metric(mae, "minimize", REGRESSION),
    "r2": Metric(r2, "maximize", REGRESSION, smallest_fold=2, different_values=True),
    "auroc": Metric(auroc, "maximize", CLASSIFICATION, every_class=True),
    "log_loss": Metric(log_loss, "minimize", CLASSIFICATION),
    "accuracy": Metric(accuracy, "maximize", CLASSIFICATION),
    "brier": Metric(brier, "minimize", CLASSIFICATION),
}


def scores(
    names: Sequence[str], y_true: NDArray[np.generic], prediction: Array
) -> dict[str, float]:
    """Every named metric of one prediction."""
    return {name: METRICS[name].function(y_true, prediction) for name in names}


def summarise(
    folds: Sequence[dict[str, float]],
) -> dict[str, dict[str, float | list[float] | None]]:
    """Mean, sample standard deviation (n - 1) and the per-fold values of every metric.

    A single fold has no standard deviation: None.
    """
    summary: dict[str, dict[str, float | list[float] | None]] = {}
    for name in folds[0]:
        values = [fold[name] for fold in folds]
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
        summary[name] = {"mean": float(np.mean(values)), "sd": sd, "folds": values}
    return summary
