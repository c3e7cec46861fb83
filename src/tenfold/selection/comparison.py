"""How sure a difference is between two candidates that were scored on the same folds.

Scores of folds are no independent draws, since their training parts share most rows: a plain paired
t-test finds differences where there are none. Its variance is therefore enlarged by the share of
rows that validate (Nadeau and Bengio 2003, Inference for the generalization error). The Bayesian
correlated t-test (Corani and Benavoli 2015) widens the posterior of the mean by the same share.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tenfold.dataset import Dataset
from tenfold.metrics import Array, named
from tenfold.selection import Summary, rank
from tenfold.selection.weighted_scores import is_weighted

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """Of two mean scores, with its interval and the p-value of no difference.

    Attributes:
        mean: of the first candidate less the second.
        low, high: the bounds of the 95 % interval of the mean.
        p: the probability of as great a difference or more, were there none.
        probability: that the mean is above zero, by the Bayesian correlated t-test.
    """

    mean: float
    low: float
    high: float
    p: float
    probability: float

    @property
    def is_sure(self) -> bool:
        """Whether the interval holds differences of one sign only."""
        return self.low > 0 or self.high < 0


def compare(first: Sequence[float], second: Sequence[float], val_share: float) -> Difference | None:
    """The two tests of two candidates' scores on the same folds.

    Args:
        first, second: a score for each fold.
        val_share: validation rows for each training row.

    Returns:
        None of a single fold, which tells nothing of the spread.
    """
    from scipy.special import stdtr

    means, errors, widths = mean_error_width(np.subtract(first, second), val_share)
    mean, error, width = (float(each) for each in (means, errors, widths))
    if math.isnan(error):
        return None
    if error == 0:
        return Difference(mean, mean, mean, float(mean == 0), (1 + np.sign(mean).item()) / 2)
    below, above = (float(stdtr(len(first) - 1, sign * mean / error)) for sign in (-1, 1))
    return Difference(mean, mean - width, mean + width, 2 * min(below, above), above)


def possible(metric: str, low: float, high: float) -> tuple[float, float]:
    """Bounds of a score without what a built-in metric cannot be: above 1, or an error below 0."""
    if not is_weighted(metric):
        return low, high
    rising = named(metric).direction == "maximize"
    return (low, min(high, 1.0)) if rising else (max(low, 0.0), high)


def mean_error_width(differences: Array, val_share: float) -> tuple[Array, Array, Array]:
    """The mean over the folds, its corrected standard error, and half the width of its interval.

    Args:
        differences: (..., folds), NaN for a fold that has none.
        val_share: validation rows for each training row.

    Returns:
        Each of shape (...); error and width are NaN of a single fold.
    """
    from scipy.special import stdtrit

    n = np.count_nonzero(np.isfinite(differences), axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nansum(differences, axis=-1) / n
        variance = np.nansum((differences - mean[..., None]) ** 2, axis=-1) / (n - 1)
        error = np.sqrt((1 / n + val_share) * variance)
    return mean, error, error * stdtrit(n - 1, (1 + CONFIDENCE) / 2)


@dataclass(frozen=True)
class Scoreboard:
    """The candidates' scores on the same folds.

    Attributes:
        cv: candidate -> its scores.
        metric: that decides.
        val_share: validation rows for each training row, the mean over the folds.
    """

    cv: Mapping[str, Summary]
    metric: str
    val_share: float

    @classmethod
    def of(cls, cv: Mapping[str, Summary], metric: str, train: Dataset) -> Scoreboard:
        """The scores on the folds of a training table."""
        folds = train.folds
        assert folds is not None, "the training table has no folds"
        shares = [len(folds.val(n)) / len(folds.train(n)) for n in range(folds.n)]
        return cls(cv, metric, float(np.mean(shares)))

    @property
    def ranked(self) -> list[str]:
        """The candidates from best to worst by their mean."""
        return rank(self.cv, self.metric)

    @property
    def fold_scores(self) -> Array:
        """The scores of all candidates (candidates, folds), in units where greater is better."""
        sign = 1 if named(self.metric).direction == "maximize" else -1
        return sign * np.array([scores[self.metric]["folds"] for scores in self.cv.values()])

    def better(self, first: str, second: str) -> Difference | None:
        """By how much the first is better than the second, in units of the metric."""
        ours, theirs = (np.array(self.cv[name][self.metric]["folds"]) for name in (first, second))
        if named(self.metric).direction == "minimize":
            ours, theirs = theirs, ours
        return compare(ours.tolist(), theirs.tolist(), self.val_share)
