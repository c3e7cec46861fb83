"""k folds of one configuration: out-of-fold predictions and per-fold scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold import metrics, preprocessing
from tenfold.dataset import Dataset
from tenfold.metrics import Array
from tenfold.models import Diverged, Family, Fold, Setting
from tenfold.params import Preprocessing


@dataclass(frozen=True)
class Evaluation:
    """What one configuration achieved.

    `oof` holds, for every training row, the prediction of the one model that never saw it:
    (n,) values or (n, C) probabilities. `folds` holds each fold's scores. Families that train in
    epochs add each fold's best one, and the folds' mean learning curve.
    """

    oof: Array
    folds: list[dict[str, float]]
    epochs: list[int] | None
    history: list[dict[str, float]]


def prepare(dataset: Dataset, declared: Preprocessing) -> list[Fold]:
    """Preprocess every fold by what its training part alone says, once for all configurations."""
    assert dataset.fold is not None, "the training table has no fold column"
    return [_fold(dataset, declared, number) for number in range(int(dataset.fold.max()) + 1)]


def _fold(dataset: Dataset, declared: Preprocessing, number: int) -> Fold:
    val = np.flatnonzero(dataset.fold == number)
    train = np.flatnonzero(dataset.fold != number)
    transformer = preprocessing.build(dataset.schema, declared)
    return Fold(
        X_train=transformer.fit_transform(dataset.X.iloc[train]),
        y_train=dataset.y[train],
        X_val=transformer.transform(dataset.X.iloc[val]),
        y_val=dataset.y[val],
        val=val,
    )


def cross_validate(
    family: Family,
    parameters: Any,
    folds: Sequence[Fold],
    seeds: Sequence[int],
    setting: Setting,
    metric_names: Sequence[str],
) -> Evaluation:
    """Fit every fold's training part, predict and score its validation part.

    Raises:
        Diverged: if a prediction or a score is not finite.
    """
    result = family.predict_folds(parameters, folds, seeds, setting)
    n_rows = sum(len(fold.val) for fold in folds)
    oof = np.empty((n_rows, *result.predictions[0].shape[1:]))
    scores = []
    for fold, prediction in zip(folds, result.predictions, strict=True):
        oof[fold.val] = prediction
        scores.append(metrics.scores(metric_names, fold.y_val, prediction))
        if not np.isfinite(list(scores[-1].values())).all():
            raise Diverged(f"a score is not a finite number: {scores[-1]}")
    return Evaluation(oof, scores, result.epochs, result.history)
