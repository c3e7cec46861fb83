"""Permutation importance: what the score loses when a column is shuffled.

A model that leans on a column predicts worse when its values stand in other rows (Breiman 2001,
Random forests; for any model Fisher, Rudin and Dominici 2019). Each model is asked about rows that
it has not learnt from. scikit-learn's `permutation_importance` takes one model for all rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.inspection.held_out import SEED, HeldOut, HeldOutSet
from tenfold.metrics import Array, named
from tenfold.selection import weighted_scores
from tenfold.selection.comparison import mean_error_width

# Cells that are predicted at once.
MAX_CELLS_AT_ONCE = 5_000_000
# A single model's rows are looked at in so many parts, whose scores show how much they differ.
N_PARTS = 10


@dataclass(frozen=True)
class Importance:
    """How much worse the score is without what a column says.

    Attributes:
        column: its name.
        mean: in units of the metric, positive where the model needs the column.
        low, high: the 95 % interval; NaN where a single score tells nothing of the spread.
    """

    column: str
    mean: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether the interval holds no zero."""
        return self.low > 0


def importances(
    held_out: HeldOut,
    metric: str,
    positive: int | None,
    n_repeats: int,
    val_share: float,
) -> list[Importance]:
    """The importance of every column, the greatest first.

    The interval is that of the mean over the folds (Nadeau and Bengio 2003); a single model's rows
    are parted as often, and their scores are independent.

    Args:
        held_out: rows and models.
        metric: that decides.
        positive: the code of the positive class of two.
        n_repeats: how often each column is shuffled.
        val_share: validation rows for each training row.
    """
    columns = list(held_out.sets[0].X.columns)
    drops = np.concatenate(
        [_drops(own, metric, positive, n_repeats, held_out.of_folds) for own in held_out.sets]
    )
    # A fold without a class that the metric needs has no score.
    means, _, widths = mean_error_width(drops.T, val_share if held_out.of_folds else 0.0)
    found = [
        Importance(column, mean, mean - width, mean + width)
        for column, mean, width in zip(columns, means.tolist(), widths.tolist(), strict=True)
    ]
    return sorted(found, key=lambda one: -one.mean)


def _drops(
    own: HeldOutSet, metric: str, positive: int | None, n_repeats: int, whole: bool
) -> Array:
    """What each column's shuffling costs, the mean of the repeats: (parts, columns)."""
    draw = np.random.default_rng(SEED)
    n = len(own.y)
    parts = [np.arange(n)] if whole else _parts(own.y, draw)
    sign = 1 if named(metric).direction == "maximize" else -1
    before = own.predict(own.X)
    scores = [score(metric, own.y[rows], before[rows], positive) for rows in parts]
    found = np.zeros((len(parts), own.X.shape[1]))
    orders = [draw.permutation(n) for _ in range(n_repeats)]
    for place, after in enumerate(shuffled_predictions(own, orders)):
        for number, rows in enumerate(parts):
            lost = scores[number] - score(metric, own.y[rows], after[rows], positive)
            found[number, place % own.X.shape[1]] += sign * lost / n_repeats
    return found


def _parts(y: NDArray[np.generic], draw: np.random.Generator) -> list[NDArray[np.int64]]:
    """The rows in parts of about the same target."""
    order = draw.permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    n_parts = max(2, min(N_PARTS, len(y) // 20))
    return [order[number::n_parts] for number in range(n_parts)]


def score(metric: str, y: NDArray[np.generic], prediction: Array, positive: int | None) -> float:
    """The score of some rows; NaN where they lack what the metric needs."""
    if named(metric).different_values and len(np.unique(y)) < 2:
        return float("nan")
    if named(metric).every_class and len(np.unique(y)) < prediction.shape[1]:
        return float("nan")
    scorer = weighted_scores.scorer(metric, y, prediction, positive)
    if scorer is None:
        return named(metric).score(y, prediction, positive)
    return float(scorer(np.ones((1, len(y))))[0])


def shuffled_predictions(own: HeldOutSet, orders: Sequence[NDArray[np.int64]]) -> Iterator[Array]:
    """For each order the prediction with each column in turn in it; many are predicted at once."""
    import pandas as pd

    n = len(own.y)
    pairs = [(order, column) for order in orders for column in own.X.columns]
    size = max(1, MAX_CELLS_AT_ONCE // own.X.size)
    for start in range(0, len(pairs), size):
        asked = pairs[start : start + size]
        rows = np.tile(np.arange(n), len(asked))
        columns = {}
        for column in own.X.columns:
            taken = rows.copy()
            for place, (order, shuffled) in enumerate(asked):
                if shuffled == column:
                    taken[place * n : (place + 1) * n] = order
            columns[column] = own.X[column].to_numpy()[taken]
        stacked = pd.DataFrame(columns).astype(own.X.dtypes)
        yield from np.split(own.predict(stacked), len(asked))
