"""METRICS, the table of metrics by name, and the scores of a prediction in several.

Scores keep their natural sign; `Metric.better` compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics.classification import (
    accuracy,
    auroc,
    average_precision,
    balanced_accuracy,
    brier,
    f1,
    log_loss,
    mcc,
    precision,
    recall,
)
from tenfold.metrics.metric import BINARY, CLASSIFICATION, REGRESSION, Array, Metric, Parameter
from tenfold.metrics.regression import mae, mape, median_ae, mse, pinball, r2, rmse, rmsle


def _of_positive(function: Callable[..., float]) -> Metric:
    """A metric of rows that are predicted positive, from which probability on may be said."""
    threshold = Parameter("threshold", BINARY)
    return Metric(
        function, "maximize", CLASSIFICATION, every_class=True,
        positive_class=True, parameter=threshold,
    )  # fmt: skip


METRICS: dict[str, Metric] = {
    "mse": Metric(mse, "minimize", REGRESSION),
    "rmse": Metric(rmse, "minimize", REGRESSION),
    "rmsle": Metric(rmsle, "minimize", REGRESSION, smallest_target=0),
    "mae": Metric(mae, "minimize", REGRESSION),
    "median_ae": Metric(median_ae, "minimize", REGRESSION),
    "mape": Metric(mape, "minimize", REGRESSION, nonzero_target=True),
    "r2": Metric(r2, "maximize", REGRESSION, smallest_fold=2, different_values=True),
    "pinball": Metric(
        pinball, "minimize", REGRESSION, parameter=Parameter("quantile", REGRESSION, required=True)
    ),
    "auroc": Metric(auroc, "maximize", CLASSIFICATION, every_class=True),
    "average_precision": Metric(
        average_precision, "maximize", CLASSIFICATION, every_class=True, positive_class=True
    ),
    "log_loss": Metric(log_loss, "minimize", CLASSIFICATION),
    "brier": Metric(brier, "minimize", CLASSIFICATION),
    "accuracy": Metric(accuracy, "maximize", CLASSIFICATION),
    "balanced_accuracy": Metric(balanced_accuracy, "maximize", CLASSIFICATION, every_class=True),
    "mcc": Metric(mcc, "maximize", CLASSIFICATION, every_class=True),
    "f1": _of_positive(f1),
    "precision": _of_positive(precision),
    "recall": _of_positive(recall),
}


def named(name: str) -> Metric:
    """The metric of a name such as `auroc` or `precision@0.3`.

    >>> named("precision@0.3").tasks
    ('binary',)
    """
    plain, value = split_name(name)
    return METRICS[plain].at(float(value)) if value else METRICS[plain]


def split_name(name: str) -> tuple[str, str]:
    """The name in `METRICS`, and the number after it.

    >>> split_name("precision@0.3"), split_name("auroc")
    (('precision', '0.3'), ('auroc', ''))
    """
    plain, _, value = name.partition("@")
    return plain, value


def scores(
    names: Sequence[str],
    y_true: NDArray[np.generic],
    prediction: Array,
    positive: int | None = None,
) -> dict[str, float]:
    """Every named metric of one prediction; `positive` is the code of the positive class of two."""
    return {name: named(name).score(y_true, prediction, positive) for name in names}


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
