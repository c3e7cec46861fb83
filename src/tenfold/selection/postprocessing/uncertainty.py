"""Conformal intervals and sets, from the champion's out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold.params.postprocessing import Intervals
from tenfold.postprocessing.conformal import (
    Bounds,
    Conformal,
    CvPlus,
    Quantile,
    Scores,
    TooFewRows,
    class_scores,
    group_keys,
)
from tenfold.runtime import UserError
from tenfold.selection.postprocessing.out_of_fold import OutOfFold, shares

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Make = Callable[[Scores], Bounds]
# More values are those of a measurement, and none has many rows.
MAX_GROUPS = 100


def fit(
    declared: Intervals, known: OutOfFold, *, fold_models: bool
) -> tuple[Conformal | str, dict[str, int]]:
    """The intervals or sets of a declared coverage.

    Rows of a `split.group` are no independent draws, so a group counts as one row does, each of its
    rows for its share (Lee, Barber & Willett 2023, Distribution-free inference with hierarchical
    data); so do several predictions of one row.

    Args:
        declared: coverage, and the feature that groups rows.
        known: out-of-fold predictions, of classes as they are served: calibrated.
        fold_models: whether the model that is served holds those of the folds, one each.

    Returns:
        The intervals, or in words why there are none; and the values of `by` that have too few rows
        for their own, with their number.
    """
    classes = bool(known.train.schema.classes)
    if classes:
        y = known.y.astype(np.int64)[:, None]
        values = np.take_along_axis(class_scores(known.prediction), y, axis=1)[:, 0]
    else:
        values = np.abs(known.y - known.prediction)
    scores = Scores(values, shares(known.units.of_row), known.fold)
    make: Make = partial(Quantile.of, coverage=declared.coverage)
    method = Conformal.SETS if classes else Conformal.RESIDUALS
    if fold_models and not classes:
        method = Conformal.CV_PLUS
        make = partial(CvPlus.of, coverage=declared.coverage, n_folds=len(known.vals))
    try:
        pooled = make(scores)
    except TooFewRows as few:
        rows = known.units.name
        return f"{few} {rows} are too few for a coverage of {declared.coverage:g}", {}
    groups, fell_back = _groups(declared.by, known, scores, make)
    return Conformal(method, declared.coverage, declared.by, pooled, groups), fell_back


def _groups(
    by: str | None, known: OutOfFold, scores: Scores, make: Make
) -> tuple[dict[str, Bounds], dict[str, int]]:
    """What the rows of each value of a feature come to; and those that have too few.

    Raises:
        UserError: if it has too many values.
    """
    groups: dict[str, Bounds] = {}
    fell_back: dict[str, int] = {}
    if by is None:
        return groups, fell_back
    keys = group_keys(known.train.X[by])[known.places]
    values = sorted(set(keys.tolist()))
    if len(values) > MAX_GROUPS:
        raise UserError(
            f"select_model.intervals.by takes a feature of {MAX_GROUPS} values at most, but {by!r} "
            f"has {len(values)}: name another, or remove it"
        )
    for value in values:
        own = keys == value
        units = known.units.of_row[own]
        try:
            groups[value] = make(Scores(scores.values[own], shares(units), scores.folds[own]))
        except TooFewRows:
            fell_back[value] = len(np.unique(units))
    return groups, fell_back


def coverage(
    answers: pd.DataFrame,
    y: NDArray[np.generic],
    classes: Sequence[Any],
    keys: NDArray[np.object_] | None = None,
) -> dict[str, Any]:
    """How many truths intervals or sets hold, and how wide they are on average.

    Args:
        answers: of the rows, with the columns that a model adds for intervals.
        y: values or class codes (n,).
        classes: the labels of the classes, if there are any.
        keys: the group of each row (n,), if there are groups.
    """
    if classes:
        held = answers[[f"in_set_{label}" for label in classes]].to_numpy(dtype=np.bool_)
        holds, name, size = held[np.arange(len(y)), y.astype(np.int64)], "size", held.sum(axis=1)
    else:
        lower, upper = answers["lower"].to_numpy(), answers["upper"].to_numpy()
        holds, name, size = (lower <= y) & (y <= upper), "width", upper - lower
    found = {"held": float(holds.mean()), f"mean_{name}": float(size.mean()), "rows": len(y)}
    if keys is None:
        return found
    parts = {value: keys == value for value in sorted(set(keys.tolist()))}
    groups = {
        value: {"held": float(holds[own].mean()), "rows": int(own.sum())}
        for value, own in parts.items()
    }
    return {**found, "groups": groups}
