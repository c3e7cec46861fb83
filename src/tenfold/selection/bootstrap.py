"""How far a score may be from that of all rows of the same kind: the bootstrap.

Rows are drawn with replacement, and the spread of the score over many draws is taken for that over
many samples (Efron 1979, Bootstrap methods: another look at the jackknife; the interval is the
percentile interval). Rows of a group are no independent draws, so whole groups are drawn.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import Dataset
from tenfold.metrics import Array, named
from tenfold.selection import ranked_scores, weighted_scores
from tenfold.selection.comparison import CONFIDENCE

# One seed for all experiments: on the same rows they are scored on the same draws.
SEED = 0
# Fewer rows or groups, and fewer of a class, do not show how much others differ
# (benchmarks/intervals.py).
MIN_UNITS = 20
MIN_OF_CLASS = 5
# More rows are drawn less often; a thousand draws of 40,000 rows take half a second.
MAX_DRAWN = 40_000_000
MIN_RESAMPLES, MAX_RESAMPLES = 200, 2000
# Of a metric that has to be computed anew for each draw.
N_COMPUTED = 200


@dataclass(frozen=True)
class Interval:
    """The bounds of an interval that holds the score of all rows of the same kind."""

    low: float
    high: float


@dataclass(frozen=True)
class Units:
    """What is drawn: rows, or whole groups.

    Attributes:
        of_row: the number of each row's unit (n,), 0..units-1.
        name: what they are, in words.
    """

    of_row: NDArray[np.int64]
    name: str

    @classmethod
    def of(cls, rows: Dataset, places: NDArray[np.int64]) -> Units:
        """The units of some rows of a table; a row that comes again is one unit."""
        drawn = places if rows.groups is None else rows.groups[places]
        codes = np.unique(drawn, return_inverse=True)[1]
        return cls(codes, "rows" if rows.groups is None else "groups")

    @property
    def n(self) -> int:
        """How many there are."""
        return int(self.of_row.max()) + 1

    def counts(self, n_resamples: int) -> Iterator[NDArray[np.intp]]:
        """How often each unit is drawn (units,), for each resample."""
        draw = np.random.default_rng(SEED)
        for _ in range(n_resamples):
            yield np.bincount(draw.integers(0, self.n, self.n), minlength=self.n)


def intervals(
    names: Sequence[str],
    rows: Dataset,
    prediction: Array,
    positive: int | None = None,
    level: float = CONFIDENCE,
) -> dict[str, Interval | str]:
    """The interval of each metric on the test rows, or why there is none.

    Args:
        names: of the metrics.
        rows: the test rows.
        prediction: (n,), or probabilities (n, C).
        positive: the code of the positive class of two, by default 1.
        level: the confidence that an interval holds the score of all such rows.
    """
    units = Units.of(rows, np.arange(len(rows.y)))
    if units.n < MIN_UNITS:
        return dict.fromkeys(names, f"{units.n} test {units.name} are too few to tell")
    rare = _rarest(rows, units)
    told = [name for name in names if not (rare and named(name).every_class)]
    scores = _resampled(told, rows, prediction, positive, units)
    return {name: percentiles(scores[name], level) if name in told else rare for name in names}


def percentiles(scores: Array, level: float = CONFIDENCE) -> Interval | str:
    """The middle part of the scores of all resamples (resamples,), NaN where none is defined.

    Args:
        scores: of each resample.
        level: the share of resamples that the interval holds.

    Returns:
        The interval, or why there is none.
    """
    defined = scores[np.isfinite(scores)]
    if len(defined) < len(scores) / 2:
        return "it is not defined on most resamples"
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2]).tolist()
    if low == high:
        return "all resamples score the same, which tells nothing of others"
    return Interval(low, high)


def _rarest(rows: Dataset, units: Units) -> str:
    """Why a score that needs rows of every class tells little, if it does."""
    classes = rows.schema.classes
    held = [len(np.unique(units.of_row[rows.y == code])) for code in range(len(classes))]
    if not classes or min(held) >= MIN_OF_CLASS:
        return ""
    rarest = int(np.argmin(held))
    return f"{held[rarest]} test {units.name} of class {classes[rarest]!r} are too few to tell"


def _resampled(
    names: Sequence[str], rows: Dataset, prediction: Array, positive: int | None, units: Units
) -> dict[str, Array]:
    """The scores of all resamples by metric."""
    n_resamples = int(np.clip(MAX_DRAWN // len(rows.y), MIN_RESAMPLES, MAX_RESAMPLES))
    weighted, computed = {}, []
    for name in names:
        scorer = weighted_scores.scorer(name, rows.y, prediction, positive)
        if scorer is None:
            computed.append(name)
        else:
            weighted[name] = scorer
    found: dict[str, list[float]] = {name: [] for name in names}
    for weights in _weights(units, n_resamples):
        for name, scorer in weighted.items():
            found[name] += scorer(weights.astype(np.float64)).tolist()
    for weights in _weights(units, N_COMPUTED if computed else 0):
        for drawn in (np.repeat(np.arange(len(own)), own) for own in weights):
            for name in computed:
                found[name].append(_score(name, rows.y[drawn], prediction[drawn], positive))
    return {name: np.array(scores) for name, scores in found.items()}


def _weights(units: Units, n_resamples: int) -> Iterator[NDArray[np.intp]]:
    """The weights of the rows (resamples, rows), of as many resamples as fit a cache."""
    counts = units.counts(n_resamples)
    size = max(1, ranked_scores.MAX_CELLS // len(units.of_row))
    while some := list(itertools.islice(counts, size)):
        yield np.array(some)[:, units.of_row]


def _score(name: str, y: NDArray[np.generic], prediction: Array, positive: int | None) -> float:
    """A metric of a resample; NaN where it is not defined."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return named(name).score(y, prediction, positive)
        except (ValueError, ZeroDivisionError):
            return float("nan")
