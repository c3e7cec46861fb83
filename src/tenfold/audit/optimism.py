"""Optimism of a random split: what it scores, against a split by groups or by time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import METRICS, Task
from tenfold.runtime import derive_seed, shown

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Fold = tuple[NDArray[np.int64], NDArray[np.int64]]

# Together they keep a comparison under a second.
MAX_ROWS, MAX_CELLS = 1500, 75_000
MIN_ROWS = 60
N_FOLDS, N_BLOCKS = 5, 6
N_TREES, MAX_TRIED_COLUMNS = 16, 20
# Fewer groups say little about new ones.
MIN_GROUPS = 10
# Of a larger table, so many groups at least are sampled.
MIN_SAMPLED_GROUPS = 100
# The commonest classes are told apart; all others count as one.
MAX_CLASSES = 20
# Trees take numbers in float32.
MAX_NUMBER = 1e30
# A smaller drop changes no decision ...
MIN_DROP = {"r2": 0.05, "auroc": 0.03}
# ... and one of fewer standard errors may be chance.
MIN_STANDARD_ERRORS = 3


@dataclass(frozen=True)
class SplitComparison:
    """Scores of a quick model on rows held out by chance, and on new groups or later rows.

    Attributes:
        column: the group or the time.
        kind: what it is.
        metric: r2, or auroc of classes.
        by_chance: the score of a random split, where models may see the column.
        honest: the score on groups that were not learnt from, or on later rows.
        matters: whether the random split scores higher beyond chance.
    """

    column: str
    kind: Literal["group", "time"]
    metric: Literal["r2", "auroc"]
    by_chance: float
    honest: float
    matters: bool

    @property
    def scores(self) -> dict[str, float]:
        """The scores by what is judged."""
        new = "new_groups" if self.kind == "group" else "later_rows"
        return {"by_chance": self.by_chance, new: self.honest}

    def __str__(self) -> str:
        """Both scores, such as `r2 0.78 by chance, 0.47 for new values of patient_id`."""
        asked = "new values of" if self.kind == "group" else "later rows by"
        return (
            f"{self.metric} {self.by_chance:.2f} by chance, {self.honest:.2f} for {asked} "
            f"{shown(self.column)}"
        )


def compare_splits(
    table: pd.DataFrame,
    target: str,
    task: Task,
    column: str,
    kind: Literal["group", "time"],
    *,
    features: Collection[str] | None = None,
    seed: int = 0,
) -> SplitComparison | None:
    """Measure what a random split of a table scores, and a split by a group or a time column.

    A quick model (extremely randomised trees) is fitted to at most 1500 rows: in five folds of rows
    and in five folds of groups; or in time order, where each of the last three of six blocks is
    predicted from all before it, and in the same way in random order. Half a second at most.

    Args:
        table: rows as models would see them: numbers, dates as datetime64, everything else a
            category. Rows whose target or `column` is missing are left out.
        target: the column to predict.
        task: what the target is.
        column: the group, or the time: numbers, datetime64, or texts that sort as time does.
        kind: which of the two it is.
        features: the columns that models see now; by default all but the target.
        seed: of the sample and the folds.

    Returns:
        Both scores, or None where they are not defined: fewer than 60 rows or 10 groups, a target
        with one value only, or a class that is absent from the later rows.
    """
    import pandas as pd

    draw = np.random.default_rng(derive_seed(seed, "audit", "optimism", column))
    seen = [name for name in table.columns if name != target] if features is None else features
    present = np.flatnonzero(table[target].notna() & table[column].notna())
    order = pd.factorize(table[column].iloc[present], sort=kind == "time")[0].astype(np.int64)
    rows = _sample(order, kind, min(MAX_ROWS, MAX_CELLS // max(len(seen), 1)), draw)
    table, order = table.iloc[present[rows]], order[rows]
    y = _indicators(table[target], task)
    n_groups = len(np.unique(order))
    if len(y) < MIN_ROWS or (y == y[0]).all() or (kind == "group" and n_groups < MIN_GROUPS):
        return None
    others = {name: _cells(table[name]) for name in seen if name != column}
    if not others:
        return None
    if kind == "time" and table[column].dtype.kind == "M":
        others |= _seasons(table[column])
    own = order if kind == "group" else order.astype(np.float64)
    # A shuffled column says nothing, and leaves as many columns to choose from.
    columns, blind = (
        others | ({column: cells} if column in seen else {})
        for cells in (own, draw.permutation(own))
    )
    n = len(y)
    if kind == "group":
        by_chance = [_predict(columns, y, _k_fold(np.arange(n), draw))]
        honest = _predict(blind, y, _k_fold(order, draw))
    else:
        by_chance = [_predict(columns, y, _chain(draw.permutation(n))) for _ in range(2)]
        honest = _predict(blind, y, _chain(np.argsort(order, kind="stable")))
    metric: Literal["r2", "auroc"] = "r2" if task == "regression" else "auroc"
    scores = [_score(y, predicted, metric) for predicted in (*by_chance, honest)]
    if not np.isfinite(scores).all():
        return None
    chance_score = float(np.mean(scores[:-1]))
    significant = _standard_errors(y, by_chance, honest, order, kind) >= MIN_STANDARD_ERRORS
    matters = bool(chance_score - scores[-1] >= MIN_DROP[metric] and significant)
    return SplitComparison(column, kind, metric, chance_score, scores[-1], matters)


# Chapter: rows


def _sample(
    order: NDArray[np.int64], kind: str, most: int, draw: np.random.Generator
) -> NDArray[np.int64]:
    """Increasing positions of at most so many rows; of groups as many whole ones as fit."""
    rows = np.arange(len(order))
    if len(order) > most and kind == "group":
        sizes = np.bincount(order)
        drawn = draw.permutation(len(sizes))
        fit = int(np.searchsorted(np.cumsum(sizes[drawn]), most, side="right"))
        rows = np.flatnonzero(np.isin(order, drawn[: max(fit, MIN_SAMPLED_GROUPS)]))
    return rows if len(rows) <= most else np.sort(draw.choice(rows, most, replace=False))


def _k_fold(groups: NDArray[np.int64], draw: np.random.Generator) -> Iterator[Fold]:
    codes = np.unique(groups, return_inverse=True)[1]
    n_groups = int(codes.max()) + 1
    fold = (draw.permutation(n_groups) % min(N_FOLDS, n_groups))[codes]
    for number in range(int(fold.max()) + 1):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def _chain(order: NDArray[np.int64]) -> Iterator[Fold]:
    """Each of the last blocks of some ordered rows, and all rows before it."""
    cuts = np.linspace(0, len(order), N_BLOCKS + 1).astype(np.int64)
    for number in range(N_BLOCKS // 2, N_BLOCKS):
        yield order[: cuts[number]], order[cuts[number] : cuts[number + 1]]


# Chapter: columns


def _indicators(target: pd.Series[Any], task: Task) -> Array:
    """The target as columns (n, k): its values between -1 and 1, or an indicator of each class."""
    import pandas as pd

    if task == "regression":
        values = target.to_numpy(dtype=np.float64)[:, None]
        # Squares of what is left do not overflow.
        return values / max(float(np.abs(values).max(initial=0)), 1e-300)
    codes = pd.factorize(target, sort=True)[0]
    common = np.argsort(-np.bincount(codes), kind="stable")[:MAX_CLASSES]
    indicators: Array = (codes[:, None] == np.sort(common)).astype(np.float64)
    return indicators[:, 1:] if indicators.shape[1] == 2 else indicators


def _cells(column: pd.Series[Any]) -> NDArray[Any]:
    """Numbers (n,) as float64, or the codes of categories as int64."""
    import pandas as pd

    kind = column.dtype.kind
    if kind == "M":
        moments = column.to_numpy(dtype="datetime64[us]")
        return np.where(np.isnat(moments), np.nan, moments.astype(np.int64).astype(np.float64))
    if kind in "biuf":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(pd.factorize(column, use_na_sentinel=False)[0], dtype=np.int64)


def _seasons(times: pd.Series[Any]) -> dict[str, NDArray[Any]]:
    """What of dates comes again: a season is no drift, since later rows have it, too."""
    parts = {"month": times.dt.month, "weekday": times.dt.day_of_week, "hour": times.dt.hour}
    return {
        f"{times.name}: {part}": values.to_numpy(np.float64)
        for part, values in parts.items()
        if values.nunique() > 1
    }


def _matrix(
    columns: dict[str, NDArray[Any]], y: Array, fitted: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Numbers as they are; of a category the mean target of its other fitted rows."""
    made = []
    own = np.isin(rows, fitted)
    prior = y[fitted].mean(axis=0)
    for cells in columns.values():
        if cells.dtype.kind == "f":
            made.append(cells[rows])
            continue
        counts = np.bincount(cells[fitted], minlength=int(cells.max()) + 1)[cells[rows]] - own
        for target, mean in zip(y.T, prior, strict=True):
            sums = np.bincount(
                cells[fitted], weights=target[fitted], minlength=int(cells.max()) + 1
            )
            made.append((sums[cells[rows]] - own * target[rows] + mean) / (counts + 1))
    limited: Array = np.clip(np.column_stack(made), -MAX_NUMBER, MAX_NUMBER)
    return limited.astype(np.float32)


# Chapter: scores


def _predict(columns: dict[str, NDArray[Any]], y: Array, folds: Iterator[Fold]) -> Array:
    """Out-of-sample predictions (n, k); NaN in rows that no fold holds out."""
    from sklearn.ensemble import ExtraTreesRegressor

    predicted = np.full(y.shape, np.nan)
    for fitted, held_out in folds:
        own = y[fitted] if y.shape[1] > 1 else y[fitted, 0]
        X = _matrix(columns, y, fitted, fitted)
        tried = min(MAX_TRIED_COLUMNS, X.shape[1])
        trees = ExtraTreesRegressor(
            N_TREES, min_samples_leaf=2, max_features=tried, random_state=0
        ).fit(X, own)
        answers = trees.predict(_matrix(columns, y, fitted, held_out))
        predicted[held_out] = np.reshape(answers, (len(held_out), -1))
    return predicted


def _score(y: Array, predicted: Array, metric: str) -> float:
    """The macro mean of AUROC, or the share of the whole sample's variance that is explained."""
    known = ~np.isnan(predicted[:, 0])
    y_known, p_known = y[known], predicted[known]
    if metric == "r2":
        return float(1 - np.mean((y_known - p_known) ** 2) / y.var())
    if (y_known == y_known[0]).all(axis=0).any():
        return float("nan")
    two = [np.column_stack([1 - one, one]) for one in p_known.T]
    auroc = METRICS["auroc"].function
    return float(np.mean([auroc(own, one) for own, one in zip(y_known.T, two, strict=True)]))


def _standard_errors(
    y: Array, by_chance: list[Array], honest: Array, order: NDArray[np.int64], kind: str
) -> float:
    """By how many standard errors the squared errors of honest predictions are larger."""
    chance_errors = np.concatenate([_errors(y, predicted) for predicted in by_chance])
    if kind == "group":
        codes = np.unique(order, return_inverse=True)[1]
        differences: Array = np.bincount(codes, _errors(y, honest) - chance_errors).astype(float)
        return float(differences.mean() / _standard_error(differences))
    own = _errors(y, honest)
    apart = np.hypot(_standard_error(own), _standard_error(chance_errors))
    return float((own.mean() - chance_errors.mean()) / apart)


def _errors(y: Array, predicted: Array) -> Array:
    squared: Array = ((y - predicted) ** 2).sum(axis=1)
    return squared[~np.isnan(squared)]


def _standard_error(values: Array) -> float:
    return float(max(values.std(ddof=1), 1e-300) / np.sqrt(len(values)))
