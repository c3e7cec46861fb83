"""Conformal prediction: intervals and sets of classes that hold a declared share of truths.

The scores are those of out-of-fold predictions, so nothing is trained again. A quantile of n scores
is the ceil((n + 1) coverage)-th (Vovk, Gammerman & Shafer 2005, Algorithmic learning in a random
world); with it the coverage holds for any model and any rows that are exchangeable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array

# Halvings of the range in which a bound lies; the next score above ends the search.
N_HALVINGS = 50
# Scores of all folds that are kept; of more, each stands for several that are not greater.
MAX_SCORES = 10_000
# What is left of a sum of weights is rounding.
ROUNDING = 1e-9


class TooFewRows(ValueError):
    """There are not enough rows for a coverage."""


@dataclass(frozen=True)
class Scores:
    """How far out-of-fold predictions are from the truth.

    Attributes:
        values: of each prediction (n,), greater is farther.
        weights: of each (n,); those of one row, or of one group of rows, sum to one.
        folds: whose prediction each is (n,).
    """

    values: Array
    weights: Array
    folds: NDArray[np.int64]

    def take(self, chosen: NDArray[np.bool_]) -> Scores:
        """Some of them."""
        return Scores(self.values[chosen], self.weights[chosen], self.folds[chosen])

    def mass(self, coverage: float) -> float:
        """The weight that scores up to the quantile have.

        Raises:
            TooFewRows: if all of them have less.
        """
        n = self.weights.sum()
        needed = float((n + 1) * coverage - ROUNDING)
        if needed > n:
            raise TooFewRows(f"{n:g}")
        return needed


class Bounds(Protocol):
    """What the scores of some rows come to, for new rows of their kind."""

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        ...


@dataclass(frozen=True)
class Quantile:
    """One quantile of the scores.

    Attributes:
        quantile: no score up to it is unusual.
    """

    quantile: float

    @classmethod
    def of(cls, scores: Scores, coverage: float) -> Quantile:
        """The quantile of some scores.

        Raises:
            TooFewRows: if there are not enough.
        """
        needed = scores.mass(coverage)
        order = np.argsort(scores.values, kind="stable")
        reached = np.cumsum(scores.weights[order]) >= needed
        return cls(float(scores.values[order][np.argmax(reached)]))

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {"quantile": self.quantile}


@dataclass(frozen=True)
class CvPlus:
    """The residuals of each fold's model.

    The bounds are quantiles of the folds' own predictions less, and plus, their residuals.
    Source: Barber, Candes, Ramdas & Tibshirani (2021), Predictive inference with the jackknife+.

    Attributes:
        residuals: of each fold, rising, without sign.
        weights: of each of them, likewise.
        mass: the weight that must be reached.
    """

    residuals: Sequence[Array]
    weights: Sequence[Array]
    mass: float

    @classmethod
    def of(cls, scores: Scores, coverage: float, n_folds: int) -> CvPlus:
        """The residuals of all folds, or of more than `MAX_SCORES` every few of them.

        Raises:
            TooFewRows: if there are not enough.
        """
        needed, step = scores.mass(coverage), -(-len(scores.values) // MAX_SCORES)
        parts = [_thinned(scores.take(scores.folds == fold), step) for fold in range(n_folds)]
        return cls([part[0] for part in parts], [part[1] for part in parts], needed)

    def bounds(self, each: Array) -> tuple[Array, Array]:
        """The lower and upper bounds (n,) for the predictions of each fold's model (folds, n)."""
        return -self._upper(-each), self._upper(each)

    def _upper(self, each: Array) -> Array:
        """The least value that predictions plus residuals of enough weight do not exceed (n,)."""
        sums = [np.concatenate([[0.0], np.cumsum(own)]) for own in self.weights]
        known = [fold for fold, own in enumerate(self.residuals) if len(own)]
        low = np.min([each[fold] + self.residuals[fold][0] for fold in known], axis=0)
        high = np.max([each[fold] + self.residuals[fold][-1] for fold in known], axis=0)
        # Some sum may be below the least that counts.
        low = low - 1 - np.abs(low)
        for _ in range(N_HALVINGS):
            middle = (low + high) / 2
            reached = np.zeros_like(middle)
            for fold in known:
                places = np.searchsorted(self.residuals[fold], middle - each[fold], "right")
                reached += sums[fold][places]
            enough = reached >= self.mass
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        following = np.full_like(low, np.inf)
        for fold in known:
            own = np.append(self.residuals[fold], np.inf)
            places = np.searchsorted(self.residuals[fold], low - each[fold], "right")
            following = np.minimum(following, each[fold] + own[places])
        upper: Array = np.minimum(following, high)
        return upper

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "residuals": [own.tolist() for own in self.residuals],
            "weights": [own.tolist() for own in self.weights],
            "mass": self.mass,
        }

    @classmethod
    def from_json(cls, described: Mapping[str, Any]) -> CvPlus:
        """The inverse of `to_json`."""
        residuals, weights = (
            [np.array(own, dtype=np.float64) for own in described[key]]
            for key in ("residuals", "weights")
        )
        return cls(residuals, weights, described["mass"])


def _thinned(scores: Scores, step: int) -> tuple[Array, Array]:
    """Rising scores and their weights; of every few, the greatest with the weight of all."""
    order = np.argsort(scores.values, kind="stable")[::-1]
    starts = np.arange(0, len(order), step)
    if not len(starts):
        return np.empty(0), np.empty(0)
    weights = np.add.reduceat(scores.weights[order], starts)
    return scores.values[order][starts][::-1], weights[::-1]


def class_scores(probabilities: Array) -> Array:
    """How unusual each class is: the probability of all that are more probable (n, C).

    These are the scores of adaptive prediction sets (Romano, Sesia & Candes 2020, Classification
    with valid and adaptive coverage) without the random part, so that no set is empty and equal
    rows have equal sets. Of equally probable classes the first comes first.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    before[:, 0] = 0
    scores = np.empty_like(before)
    np.put_along_axis(scores, order, before, axis=1)
    return scores


@dataclass(frozen=True)
class Conformal:
    """Intervals or sets for new rows, by the group that a row belongs to.

    Attributes:
        method: `residuals`: the prediction less and plus a quantile of the residuals; `cv+`: by
            the predictions of each fold's model; `sets`: of classes.
        coverage: the declared share.
        by: the feature whose values are the groups (Vovk's Mondrian prediction), if one is.
        pooled: what the scores of all rows come to.
        groups: value of the feature -> what those of its rows come to, where they are enough.
    """

    SETS: ClassVar[str] = "sets"
    CV_PLUS: ClassVar[str] = "cv+"
    RESIDUALS: ClassVar[str] = "residuals"

    method: str
    coverage: float
    by: str | None
    pooled: Bounds
    groups: Mapping[str, Bounds]

    def bounds(
        self, prediction: Array, each: Array | None, keys: NDArray[np.object_] | None
    ) -> tuple[Array, Array]:
        """The lower and upper bound of every row (n,).

        Args:
            prediction: (n,).
            each: that of each fold's model (folds, n), for `cv+`.
            keys: of `group_keys` (n,), if there are groups.
        """
        low, high = np.empty_like(prediction), np.empty_like(prediction)
        for own, rows in self._parts(len(prediction), keys):
            if isinstance(own, CvPlus):
                assert each is not None, "cv+ needs the prediction of each fold's model"
                low[rows], high[rows] = own.bounds(each[:, rows])
            elif isinstance(own, Quantile):
                low[rows] = prediction[rows] - own.quantile
                high[rows] = prediction[rows] + own.quantile
        return low, high

    def sets(self, probabilities: Array, keys: NDArray[np.object_] | None) -> NDArray[np.bool_]:
        """Whether the set of every row holds each class (n, C); arguments as `bounds` has."""
        scores = class_scores(probabilities)
        held = np.zeros(scores.shape, dtype=np.bool_)
        for own, rows in self._parts(len(probabilities), keys):
            if isinstance(own, Quantile):
                held[rows] = scores[rows] <= own.quantile
        return held

    def _parts(
        self, n: int, keys: NDArray[np.object_] | None
    ) -> list[tuple[Bounds, NDArray[np.bool_]]]:
        """What counts for which rows."""
        if keys is None or not self.groups:
            return [(self.pooled, np.ones(n, dtype=np.bool_))]
        own = [(bounds, keys == value) for value, bounds in self.groups.items()]
        rest = ~np.any([rows for _, rows in own], axis=0)
        return [(bounds, rows) for bounds, rows in [*own, (self.pooled, rest)] if rows.any()]

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "method": self.method,
            "coverage": self.coverage,
            "by": self.by,
            "pooled": self.pooled.to_json(),
            "groups": {value: own.to_json() for value, own in self.groups.items()},
        }

    @classmethod
    def from_json(cls, described: Mapping[str, Any]) -> Conformal:
        """The inverse of `to_json`."""
        plus = described["method"] == cls.CV_PLUS

        def read(own: Mapping[str, Any]) -> Bounds:
            return CvPlus.from_json(own) if plus else Quantile(own["quantile"])

        groups = {value: read(own) for value, own in described["groups"].items()}
        return cls(
            described["method"],
            described["coverage"],
            described["by"],
            read(described["pooled"]),
            groups,
        )


def group_keys(column: Any) -> NDArray[np.object_]:
    """The group of each row by the values of a feature: a text, or a number as one (n,)."""
    values = np.asarray(column)
    texts = values.tolist() if values.dtype == object else map(repr, values.tolist())
    return np.array([*texts, None], dtype=object)[:-1]
