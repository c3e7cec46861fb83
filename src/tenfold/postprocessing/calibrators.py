"""Calibrators: a few numbers, fitted to predictions and truths, that mend probabilities."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array
from tenfold.params.postprocessing import Method

# Probabilities below are taken for this one, as scikit-learn's log loss does.
MIN_PROBABILITY = float(np.finfo(np.float64).eps)
# Temperatures between exp(-5) and exp(5).
MAX_LOG_TEMPERATURE = 5.0
# A penalty on squared coefficients too small to be seen in them, unless the classes are separable.
INVERSE_PENALTY = 1e6


class Calibrator(Protocol):
    """Turns probabilities of classes (n, C) into others."""

    method: ClassVar[Method]

    def __call__(self, probabilities: Array) -> Array:
        """Probabilities (n, C), rows summing to one."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON, that `from_json` reads."""
        ...


@dataclass(frozen=True)
class Temperature:
    """All log probabilities divided by one number, which leaves the order of the classes.

    Source: Guo, Pleiss, Sun & Weinberger (2017), On calibration of modern neural networks.
    """

    method: ClassVar[Method] = "temperature"
    temperature: float

    @classmethod
    def fit(cls, probabilities: Array, y: NDArray[np.int64]) -> Temperature:
        """The temperature with the least log loss.

        Args:
            probabilities: (n, C).
            y: class codes (n,).
        """
        from scipy.optimize import minimize_scalar

        logs = np.log(np.maximum(probabilities, MIN_PROBABILITY))
        logs -= logs.max(axis=1, keepdims=True)
        true = np.take_along_axis(logs, y[:, None], axis=1).mean()

        def log_loss(log_temperature: float) -> float:
            inverse = np.exp(-log_temperature)
            return float(np.log(np.exp(inverse * logs).sum(axis=1)).mean() - inverse * true)

        limits = (-MAX_LOG_TEMPERATURE, MAX_LOG_TEMPERATURE)
        found = minimize_scalar(log_loss, bounds=limits, options={"xatol": 1e-7})
        return cls(float(np.exp(found.x)))

    def __call__(self, probabilities: Array) -> Array:
        """Probabilities (n, C)."""
        logs = np.log(np.maximum(probabilities, MIN_PROBABILITY)) / self.temperature
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        calibrated: Array = shares / shares.sum(axis=1, keepdims=True)
        return calibrated

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {"method": self.method, **asdict(self)}


@dataclass(frozen=True)
class Isotonic:
    """Of two classes: a rising function of the second one's probability, linear between points.

    Source: Zadrozny & Elkan (2002), Transforming classifier scores into accurate multiclass
    probability estimates.

    Attributes:
        before: probabilities of the second class, rising.
        after: what becomes of each.
    """

    method: ClassVar[Method] = "isotonic"
    before: Sequence[float]
    after: Sequence[float]

    @classmethod
    def fit(cls, probabilities: Array, y: NDArray[np.int64]) -> Isotonic:
        """The rising function with the least squared error; arguments as `Temperature.fit` has.

        It says of no row that a class is impossible, since the next one may prove it wrong.
        """
        from sklearn.isotonic import IsotonicRegression

        least = 1 / (len(y) + 2)
        fitted = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip")
        fitted.fit(probabilities[:, 1], y)
        return cls(fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist())

    def __call__(self, probabilities: Array) -> Array:
        """Probabilities (n, 2)."""
        second = np.interp(probabilities[:, 1], self.before, self.after)
        return np.stack([1 - second, second], axis=1)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {"method": self.method, **asdict(self)}


@dataclass(frozen=True)
class Beta:
    """Of two classes: log odds a log(p) - b log(1 - p) + c of the second one's probability p.

    Source: Kull, Silva Filho & Flach (2017), Beta calibration.
    """

    method: ClassVar[Method] = "beta"
    a: float
    b: float
    c: float

    @classmethod
    def fit(cls, probabilities: Array, y: NDArray[np.int64]) -> Beta:
        """By logistic regression, a and b not below 0; arguments as `Temperature.fit` has."""
        logs = _logs(probabilities[:, 1])
        used = [0, 1]
        while True:
            slopes, c = _logistic(logs[:, used], y)
            if (slopes >= 0).all():
                break
            used = [place for place, slope in zip(used, slopes, strict=True) if slope >= 0]
        found = dict(zip(used, slopes.tolist(), strict=True))
        return cls(found.get(0, 0.0), found.get(1, 0.0), c)

    def __call__(self, probabilities: Array) -> Array:
        """Probabilities (n, 2)."""
        from scipy.special import expit

        logs = _logs(probabilities[:, 1])
        second = expit(self.a * logs[:, 0] + self.b * logs[:, 1] + self.c)
        return np.stack([1 - second, second], axis=1)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {"method": self.method, **asdict(self)}


def _logs(p: Array) -> Array:
    """log(p) and -log(1 - p), (n, 2)."""
    kept = np.clip(p, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.stack([np.log(kept), -np.log1p(-kept)], axis=1)


def _logistic(features: Array, y: NDArray[np.int64]) -> tuple[Array, float]:
    """Slopes and intercept; of no features that of the class's share."""
    if features.shape[1] == 0:
        share = (y.sum() + 1) / (len(y) + 2)
        return np.empty(0), float(np.log(share / (1 - share)))
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    # The threads of BLAS add up in an order of their own.
    with threadpool_limits(1, "blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # What does not converge does not help, which is measured.
        fitted = LogisticRegression(
            C=INVERSE_PENALTY, solver="newton-cholesky", tol=1e-8, max_iter=1000
        ).fit(features, y)
    return fitted.coef_[0], float(fitted.intercept_[0])


CALIBRATORS: Mapping[Method, type[Temperature | Isotonic | Beta]] = {
    "temperature": Temperature,
    "isotonic": Isotonic,
    "beta": Beta,
}


def from_json(described: Mapping[str, Any]) -> Calibrator:
    """The inverse of `to_json`."""
    numbers = {key: value for key, value in described.items() if key != "method"}
    return CALIBRATORS[described["method"]](**numbers)
