"""How sure a difference is between two candidates that were scored on the same folds.

Scores of folds are no independent draws, since their training parts share most rows: a plain paired
t-test finds differences where there are none. Its variance is therefore enlarged by the share of
rows that validate (Nadeau and Bengio 2003, Inference for the generalization error).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tenfold.dataset import Dataset
from tenfold.metrics import named
from tenfold.selection import Summary, rank

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """Of two mean scores, with its interval and the p-value of no difference.

    Attributes:
        mean: of the first candidate less the second.
        low, high: the bounds of the 95 % interval of the mean.
        p: the probability of as great a difference or more, were there none.
    """

    mean: float
    low: float
    high: float
    p: float

    @property
    def is_sure(self) -> bool:
        """Whether the interval holds differences of one sign only."""
        return self.low > 0 or self.high < 0


def compare(first: Sequence[float], second: Sequence[float], val_share: float) -> Difference | None:
    """The corrected resampled t-test of two candidates' scores on the same folds.

    Args:
        first, second: a score for each fold.
        val_share: validation rows for each training row.

    Returns:
        None of a single fold, which tells nothing of the spread.
    """
    from scipy import stats

    differences = np.subtract(first, second)
    n, mean = len(differences), float(np.mean(differences))
    if n < 2:
        return None
    error = math.sqrt((1 / n + val_share) * float(np.var(differences, ddof=1)))
    if error == 0:
        return Difference(mean, mean, mean, float(mean == 0))
    margin = error * float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1))
    p = 2 * float(stats.t.sf(abs(mean) / error, n - 1))
    return Difference(mean, mean - margin, mean + margin, p)


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

    def better(self, first: str, second: str) -> Difference | None:
        """By how much the first is better than the second, in units of the metric."""
        ours, theirs = (np.array(self.cv[name][self.metric]["folds"]) for name in (first, second))
        if named(self.metric).direction == "minimize":
            ours, theirs = theirs, ours
        return compare(ours.tolist(), theirs.tolist(), self.val_share)
