"""Metrics of numbers: `y_true` and `y_pred` have shape (n,)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics.metric import Array, is_constant


def mse(y_true: NDArray[np.generic], y_pred: Array) -> float:
    """Mean squared error, in squared units of the target."""
    from sklearn.metrics import mean_squared_error

    return float(mean_squared_error(y_true, y_pred))


def rmse(y_true: NDArray[np.generic], y_pred: Array) -> float:
    """Root of the mean squared error, in units of the target."""
    from sklearn.metrics import root_mean_squared_error

    return float(root_mean_squared_error(y_true, y_pred))


def rmsle(y_true: NDArray[np.generic], y_pred: Array) -> float:
    """Root of the mean squared difference of log(1 + y); a negative prediction counts as 0."""
    from sklearn.metrics import root_mean_squared_log_error

    return float(root_mean_squared_log_error(y_true, np.maximum(y_pred, 0)))


def mae(y_true: NDArray[np.generic], y_pred: Array) -> float:
    """Mean absolute error, in units of the target."""
    from sklearn.metrics import mean_absolute_error

    return float(mean_absolute_error(y_true, y_pred))


def median_ae(y_true: NDArray[np.generic], y_pred: Array) -> float:
    """Median absolute error, in units of the target."""
    from sklearn.metrics import median_absolute_error

    return float(median_absolute_error(y_true, y_pred))


def mape(y_true: NDArray[np.generic], y_pred: Array) -> float:
    """Mean absolute error as a share of the true value: 0.1 is 10 %."""
    from sklearn.metrics import mean_absolute_percentage_error

    return float(mean_absolute_percentage_error(y_true, y_pred))


def r2(y_true: NDArray[np.generic], y_pred: Array) -> float:
    """Coefficient of determination: the share of the target's variance explained.

    Raises:
        ValueError: if the target is constant, so that there is no variance.
    """
    from sklearn.metrics import r2_score

    if is_constant(y_true):
        raise ValueError("r2 is not defined for a constant target")
    return float(r2_score(y_true, y_pred))


def pinball(y_true: NDArray[np.generic], y_pred: Array, quantile: float = 0.5) -> float:
    """Pinball loss, which the true quantile minimises; half the mae at 0.5.

    Source: Koenker & Bassett (1978), Regression quantiles.
    """
    from sklearn.metrics import mean_pinball_loss

    return float(mean_pinball_loss(y_true, y_pred, alpha=quantile))
