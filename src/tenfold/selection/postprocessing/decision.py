"""The decision that is declared: its threshold, chosen by out-of-fold probabilities."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold import metrics
from tenfold.metrics import Array
from tenfold.params.postprocessing import Decision, ThresholdMetric
from tenfold.postprocessing.decisions import LeastCost, Threshold
from tenfold.selection import weighted_scores

# What is told of every decision.
FIGURES = ("accuracy", "balanced_accuracy", "f1", "mcc")
COST = "cost_per_row"
Codes = NDArray[np.int64]
Costs = Sequence[Sequence[float]]


def fit(
    declared: Decision, probabilities: Array, y: Codes, positive: int | None
) -> Threshold | LeastCost:
    """The decision that is best for these rows.

    Args:
        declared: what it is to be best for.
        probabilities: (n, C).
        y: class codes (n,).
        positive: the code of the positive class of two.
    """
    if positive is None:
        assert declared.costs is not None, "a threshold is for two classes"
        return LeastCost(declared.costs)
    if declared.threshold is not None:
        return Threshold(positive, declared.threshold)
    scores = probabilities[:, positive]
    order = np.argsort(-scores, kind="stable")
    descending, is_positive = scores[order], y[order] == positive
    # After how many rows, in this order, the probability falls: a threshold may stand there.
    ends = np.concatenate([[0], np.flatnonzero(np.diff(descending)) + 1, [len(y)]])
    hits = np.concatenate([[0], np.cumsum(is_positive)])[ends]
    n_positive = int(is_positive.sum())
    counts = _Counts(hits, ends - hits, n_positive, len(y) - n_positive)
    if declared.costs is not None:
        goodness = -counts.cost(np.array(declared.costs))
    else:
        assert declared.metric is not None, "the schema asks for one of the three"
        goodness = counts.score(declared.metric)
    neighbours = np.concatenate([[1.0], descending, [0.0]])
    thresholds = (neighbours[ends] + neighbours[ends + 1]) / 2
    if descending[0] == 1:
        thresholds[0] = np.nextafter(1, 2)
    # Of equals the nearest to one half.
    best = np.flatnonzero(goodness == goodness.max())
    nearest = best[np.argmin(np.abs(thresholds[best] - 0.5))]
    return Threshold(positive, float(thresholds[nearest]))


@dataclass(frozen=True)
class _Counts:
    """How many rows are predicted right by each of many thresholds.

    Attributes:
        hits: positive rows that are predicted positive (thresholds,).
        alarms: negative rows that are predicted positive (thresholds,).
        n_positive, n_negative: rows.
    """

    hits: Codes
    alarms: Codes
    n_positive: int
    n_negative: int

    def cost(self, costs: Array) -> Array:
        """The cost of all rows by that of a negative and a positive one (thresholds,)."""
        total: Array = (
            costs[0, 0] * (self.n_negative - self.alarms)
            + costs[0, 1] * self.alarms
            + costs[1, 0] * (self.n_positive - self.hits)
            + costs[1, 1] * self.hits
        )
        return total

    def score(self, metric: ThresholdMetric) -> Array:
        """A metric of the predicted class (thresholds,)."""
        n, said = self.n_negative + self.n_positive, self.hits + self.alarms
        # Of each class the rows that are, are predicted to be, and are both.
        positive = np.stack([np.full_like(said, self.n_positive), said, self.hits])
        negative = np.stack(
            [np.full_like(said, self.n_negative), n - said, self.n_negative - self.alarms]
        )
        if metric in weighted_scores.OF_POSITIVE:
            return weighted_scores.OF_POSITIVE[metric](positive / n)
        both = np.stack([negative, positive], axis=1).reshape(6, -1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return weighted_scores.OF_CLASSES[metric](both / n)


def figures(
    codes: Codes, y: Codes, n_classes: int, positive: int | None, costs: Costs | None
) -> dict[str, float]:
    """How good answered classes are.

    Args:
        codes: of the answered classes (n,).
        y: of the true ones (n,).
        n_classes: how many there are.
        positive: the code of the positive class of two.
        costs: by the codes of the true and of the answered class, if they are declared.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Few test rows may lack a class.
        found = metrics.scores(FIGURES, y, np.eye(n_classes)[codes], positive)
    return found if costs is None else {COST: float(np.array(costs)[y, codes].mean()), **found}


def by_code(costs: Costs | None, positive: int | None) -> Costs | None:
    """Declared costs, of two classes the negative one first, in the order of the codes."""
    if costs is None:
        return None
    return [row[::-1] for row in costs[::-1]] if positive == 0 else costs
