"""All that is found of the champion, on rows that its models have not learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import Dataset
from tenfold.inspection import held_out, partial_dependence, segments, suspect_rows
from tenfold.inspection.held_out import HeldOut
from tenfold.inspection.importance import Importance, importances, score
from tenfold.inspection.partial_dependence import Dependence
from tenfold.inspection.segments import Segment
from tenfold.metrics import Array, named
from tenfold.models.shared.predictor import Predictor
from tenfold.params.training import Inspect
from tenfold.selection.comparison import Scoreboard

# Answers of single models that importance may take: 20 seconds of boosted trees.
MAX_ANSWERS = 600_000
# Cells that are made for it, and columns: of more it would take minutes.
MAX_CELLS = 150_000_000
MAX_COLUMNS = 500
MIN_ROWS = 100
MAX_SUSPECTS = 20
# A column dominates if shuffling it costs so much of what all columns gain, and so many times what
# the next one costs. An error grows beyond that of a constant where a model follows a wrong value.
MIN_SHARE, MIN_SHARE_OF_ERROR, MIN_LEAD = 0.25, 0.5, 3.0


@dataclass(frozen=True)
class Inspection:
    """What the champion has learnt.

    Attributes:
        rows: what it was looked at on, in words.
        n_rows, n_repeats: how many of them, and how often each column was shuffled.
        metric: of the importance.
        importances: of every column, the greatest first; none of more than `MAX_COLUMNS`.
        dependences: of the columns that matter most.
        segments: where it errs more.
        suspects: the rows whose target is most likely wrong, the likeliest first.
        n_suspects: of how many.
        sentences: what a person should know.
    """

    rows: str
    n_rows: int
    n_repeats: int
    metric: str
    importances: Sequence[Importance]
    dependences: Sequence[Dependence]
    segments: Sequence[Segment]
    suspects: Sequence[dict[str, Any]]
    n_suspects: int
    sentences: Sequence[str]


def inspect(
    champion: Predictor,
    oof: Sequence[Array],
    train: Dataset,
    test: Dataset,
    board: Scoreboard,
    asked: Inspect,
    positive: int | None = None,
) -> Inspection:
    """Look at the champion.

    Args:
        champion: the model that is served.
        oof: each fold's predictions of its rows.
        train: the training rows with their folds.
        test: the test rows, for a champion that holds no model of a fold.
        board: the scores of all candidates.
        asked: how much is looked at.
        positive: the code of the positive class of two.
    """
    schema, metric = train.schema, board.metric
    everything = held_out.of(champion, train, test)
    sample = everything.sample(_n_rows(everything, asked))
    found = []
    if len(schema.features) <= MAX_COLUMNS:
        found = importances(sample, metric, positive, asked.n_repeats, board.val_share)
    top = [one.column for one in found if one.mean > 0][: partial_dependence.N_COLUMNS]
    places, prediction = _of_rows(train, oof)
    y = train.y[places]
    groups = None if train.groups is None else train.groups[places]
    suspects, n_suspects = _suspects(train, places, prediction)
    return Inspection(
        rows=everything.name,
        n_rows=sample.n_rows,
        n_repeats=asked.n_repeats,
        metric=metric,
        importances=found,
        dependences=partial_dependence.partial_dependence(everything, schema, top),
        segments=segments.segments(train.X.iloc[places], _errors(y, prediction), schema, groups),
        suspects=suspects,
        n_suspects=n_suspects,
        sentences=_dominating(found, metric, _gain(sample, metric, positive)) if found else [],
    )


def _n_rows(everything: HeldOut, asked: Inspect) -> int:
    cost = max(own.cost for own in everything.sets)
    n_columns = everything.sets[0].X.shape[1]
    tables = n_columns * asked.n_repeats
    most = min(MAX_ANSWERS // (tables * cost), MAX_CELLS // (tables * n_columns))
    return min(asked.max_rows, max(MIN_ROWS, most))


def _of_rows(train: Dataset, oof: Sequence[Array]) -> tuple[NDArray[np.int64], Array]:
    """The rows that any fold validates, and the mean of each one's predictions."""
    assert train.folds is not None, "the training table has no folds"
    vals = np.concatenate([train.folds.val(number) for number in range(train.folds.n)])
    together = np.concatenate(oof)
    total = np.zeros((len(train.y), *together.shape[1:]))
    np.add.at(total, vals, together)
    places = train.folds.validated
    times = np.bincount(vals, minlength=len(train.y))[places]
    return places, total[places] / times.reshape(-1, *[1] * (together.ndim - 1))


def _errors(y: NDArray[np.generic], prediction: Array) -> Array:
    """The absolute error, or the probability that goes to other classes than the true one."""
    if prediction.ndim == 1:
        return np.abs(y.astype(np.float64) - prediction)
    errors: Array = 1 - prediction[np.arange(len(y)), y.astype(np.int64)]
    return errors


def _suspects(
    train: Dataset, places: NDArray[np.int64], prediction: Array
) -> tuple[list[dict[str, Any]], int]:
    y, rows = train.y[places], train.rows[places]
    if prediction.ndim == 1:
        order, spreads = suspect_rows.outlying(y.astype(np.float64), prediction)
        return [
            {
                "row": int(rows[place]),
                "given": float(y[place]),
                "predicted": float(prediction[place]),
                "spreads": round(float(spread), 1),
            }
            for place, spread in zip(order[:MAX_SUSPECTS], spreads, strict=False)
        ], len(order)
    codes, classes = y.astype(np.int64), train.schema.classes
    order, likelier = suspect_rows.mislabelled(codes, prediction)
    return [
        {
            "row": int(rows[place]),
            "given": classes[codes[place]],
            "likelier": classes[other],
            "probability_given": float(prediction[place, codes[place]]),
            "probability_likelier": float(prediction[place, other]),
        }
        for place, other in zip(order[:MAX_SUSPECTS].tolist(), likelier.tolist(), strict=False)
    ], len(order)


def _gain(sample: HeldOut, metric: str, positive: int | None) -> float:
    """By how much the champion is better than a prediction that is the same for all rows."""
    sign = 1 if named(metric).direction == "maximize" else -1
    gains = []
    for own in sample.sets:
        prediction = own.predict(own.X)
        constant = np.broadcast_to(_constant(own.y, prediction), prediction.shape).copy()
        scores = (score(metric, own.y, said, positive) for said in (prediction, constant))
        gains.append(sign * (next(scores) - next(scores)))
    return float(np.nanmean(gains))


def _constant(y: NDArray[np.generic], prediction: Array) -> Array:
    if prediction.ndim == 1:
        return np.array(y.astype(np.float64).mean())
    shares: Array = np.bincount(y.astype(np.int64), minlength=prediction.shape[1]) / len(y)
    return shares


def _dominating(found: Sequence[Importance], metric: str, gain: float) -> list[str]:
    """A sentence if one column carries the model."""
    first, *others = found
    bounded = named(metric).direction == "maximize" and metric != "r2"
    least = gain * (MIN_SHARE if bounded else MIN_SHARE_OF_ERROR)
    next_best = max((one.mean for one in others), default=0.0)
    if not first.is_sure or first.mean < least or first.mean < MIN_LEAD * next_best:
        return []
    return [
        f"{first.column!r} carries the champion: shuffling it costs {first.mean:.4f} of {metric}, "
        f"where all columns together gain {gain:.4f} over a constant prediction. If its value is "
        "not known when a prediction is needed, it gives the target away: name it in "
        "clean.drop_columns"
    ]
