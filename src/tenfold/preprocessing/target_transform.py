"""A regression target as the models learn it: on a logarithmic scale or by rank; and back again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array

Kind = Literal["log", "quantile"]

# Of a larger table, quantiles stand for the targets.
MAX_QUANTILES = 1000


@dataclass(frozen=True)
class TargetTransform:
    """A transform fitted on training targets.

    log: sign(y) log(1 + |y|), which is log1p where no target is negative. A prediction is undone
    at most the targets' whole range beyond its ends, since exp makes a huge excess of a small one.
    quantile: to a normal distribution, by rank; nothing beyond the training targets is predicted.

    Attributes:
        values: log: the lowest and the highest target; quantile: the targets in order, or their
            quantiles.
    """

    kind: Kind
    values: tuple[float, ...]

    @classmethod
    def fit(cls, kind: Kind, y: NDArray[np.generic]) -> TargetTransform:
        """The transform of training targets (n,)."""
        targets = y.astype(np.float64)
        if kind == "log":
            return cls(kind, (float(targets.min()), float(targets.max())))
        levels = _levels(min(len(targets), MAX_QUANTILES))
        return cls(kind, tuple(np.quantile(targets, levels, method="hazen").tolist()))

    def forward(self, y: NDArray[np.generic]) -> Array:
        """What is learnt instead of targets (n,)."""
        targets = y.astype(np.float64)
        if self.kind == "log":
            return np.asarray(_log(targets))
        known, scores = np.array(self.values), self._scores
        # Equal targets get the middle of their ranks.
        upper = np.interp(targets, known, scores)
        lower = -np.interp(-targets, -known[::-1], -scores[::-1])
        return np.asarray((upper + lower) / 2)

    def inverse(self, prediction: Array) -> Array:
        """Predictions in units of the target, of any shape."""
        if self.kind == "log":
            low, high = (float(_log(np.float64(value))) for value in self.values)
            within = np.clip(prediction, 2 * low - high, 2 * high - low)
            return np.asarray(np.sign(within) * np.expm1(np.abs(within)))
        return np.asarray(np.interp(prediction, self._scores, self.values))

    @property
    def _scores(self) -> Array:
        """The normal distribution's quantiles at the levels of the values."""
        from scipy.special import ndtri

        return np.asarray(ndtri(_levels(len(self.values))))

    def to_json(self) -> dict[str, Any]:
        """Kind and values."""
        return asdict(self)

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> TargetTransform:
        """The inverse of `to_json`."""
        return cls(written["kind"], tuple(written["values"]))


def _log(y: Any) -> Any:
    return np.sign(y) * np.log1p(np.abs(y))


def _levels(n: int) -> Array:
    """The middle of each of n equal shares (Hazen)."""
    return (np.arange(n) + 0.5) / n
