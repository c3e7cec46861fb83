"""Whether probabilities are better calibrated: tried on rows that did not fit the calibrator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array
from tenfold.params.postprocessing import FITTING, Calibration, Method
from tenfold.postprocessing.calibrators import CALIBRATORS, MIN_PROBABILITY
from tenfold.selection.comparison import CONFIDENCE
from tenfold.selection.postprocessing.out_of_fold import OutOfFold

# A smaller gain in the log loss of a row is worth no calibrator, however sure.
MIN_GAIN = 1e-4


@dataclass(frozen=True)
class Gain:
    """By how much the log loss of a row is less on average, with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class CalibrationChoice:
    """How a calibrator was chosen, or why there is none.

    Attributes:
        method: of the calibrator that is kept.
        cross_fitted: probabilities (n, C) by calibrators of the other folds, or as they were.
        gains: method -> by how much the log loss of a row is less, cross-fitted.
        why_none: in words, if none could be tried.
    """

    method: Method | None
    cross_fitted: Array
    gains: Mapping[Method, Gain] = field(default_factory=dict)
    why_none: str = ""


def choose(asked: Calibration, known: OutOfFold) -> CalibrationChoice:
    """The method with the least cross-fitted log loss, if that is surely less than without it.

    Args:
        asked: one method, or `auto` for all that fit the task.
        known: the champion's out-of-fold predictions.
    """
    if asked == "off":
        return CalibrationChoice(None, known.prediction)
    if known.why_not_cross_fitted:
        return CalibrationChoice(None, known.prediction, why_none=known.why_not_cross_fitted)
    task = known.train.schema.task
    fitting = [name for name in CALIBRATORS if task in FITTING[name]]
    methods = fitting if asked == "auto" else [asked]
    tried = {name: known.cross_fit(CALIBRATORS[name].fit) for name in methods}
    before = _log_losses(known.prediction, known.y)
    gains = {
        name: mean_of_units(before - _log_losses(after, known.y), known.units.of_row)
        for name, after in tried.items()
    }
    best = max(gains, key=lambda name: gains[name].mean)
    if not (gains[best].low > 0 and gains[best].mean >= MIN_GAIN):
        return CalibrationChoice(None, known.prediction, gains)
    return CalibrationChoice(best, tried[best], gains)


def _log_losses(probabilities: Array, y: NDArray[np.int64]) -> Array:
    true = np.take_along_axis(probabilities, y[:, None], axis=1)[:, 0]
    losses: Array = -np.log(np.maximum(true, MIN_PROBABILITY))
    return losses


def mean_of_units(values: Array, unit: NDArray[np.int64]) -> Gain:
    """The mean of values with its 95 % interval; values of one unit are no independent draws.

    The variance is that of a ratio estimate over units (Cochran 1977, Sampling techniques).

    Args:
        values: (n,).
        unit: the number of each value's unit (n,), two or more.
    """
    from scipy.special import stdtrit

    mean, n_units = float(values.mean()), int(unit.max()) + 1
    residuals = np.bincount(unit, values - mean)
    error = float(np.sqrt((residuals**2).sum() * n_units / (n_units - 1))) / len(values)
    width = error * float(stdtrit(n_units - 1, (1 + CONFIDENCE) / 2))
    return Gain(mean, mean - width, mean + width)
