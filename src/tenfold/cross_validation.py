"""k folds of one configuration: out-of-fold predictions and per-fold scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold import metrics, preprocessing
from tenfold.dataset import Dataset
from tenfold.metrics import Array
from tenfold.models import (
    Configuration,
    Diverged,
    Family,
    Fitted,
    Fold,
    FoldPredictions,
    Setting,
)
from tenfold.params import Preprocessing


@dataclass(frozen=True)
class Evaluation:
    """What one configuration achieved.

    `oof` holds, for every row that a fold validates, the prediction of a model that never saw it:
    (n,) values or (n, C) probabilities; of a row validated repeatedly the mean. `folds` holds
    each fold's scores. Families that train in epochs add each fold's best one, the folds' mean
    learning curve, what it says in words, and where the folds' models are kept as one.
    """

    oof: Array
    folds: list[dict[str, float]]
    epochs: list[int] | None
    history: list[dict[str, float]]
    findings: list[str]
    bag: Fitted | None = None


def transformers(
    dataset: Dataset,
    declared: Preprocessing,
    *,
    codes: bool = False,
    given: Sequence[Any] = (),
) -> list[Any]:
    """Every fold's preprocessing, fitted on its training part alone.

    Args:
        dataset: with folds.
        declared: the preprocessing.
        codes: encode categories as codes.
        given: transformers fitted on other data, which are taken in turn instead.
    """
    assert dataset.folds is not None, "the training table has no folds"
    if given:
        return [given[number % len(given)] for number in range(dataset.folds.n)]
    return [
        preprocessing.build(dataset.schema, declared, codes=codes).fit(
            dataset.X.iloc[dataset.folds.train(number)]
        )
        for number in range(dataset.folds.n)
    ]


def prepare(dataset: Dataset, fitted: Sequence[Any]) -> list[Fold]:
    """Every fold as its transformer makes it, once for all configurations."""
    return [_fold(dataset, transformer, number) for number, transformer in enumerate(fitted)]


def _fold(dataset: Dataset, transformer: Any, number: int) -> Fold:
    assert dataset.folds is not None, "the training table has no folds"
    train, val = dataset.folds.train(number), dataset.folds.val(number)
    return Fold(
        X_train=transformer.transform(dataset.X.iloc[train]),
        y_train=dataset.y[train],
        X_val=transformer.transform(dataset.X.iloc[val]),
        y_val=dataset.y[val],
        val=val,
    )


def cross_validate(
    family: Family,
    configurations: Sequence[Configuration],
    folds: Sequence[Fold],
    setting: Setting,
    metric_names: Sequence[str],
) -> list[Evaluation | Diverged]:
    """Fit every fold's training part, predict and score its validation part.

    A configuration with a prediction or score that is not finite is answered by `Diverged`.
    """
    results = family.predict_folds(configurations, folds, setting)
    return [
        result if isinstance(result, Diverged) else _evaluate(result, folds, metric_names)
        for result in results
    ]


def _evaluate(
    result: FoldPredictions, folds: Sequence[Fold], metric_names: Sequence[str]
) -> Evaluation | Diverged:
    scores = []
    for fold, prediction in zip(folds, result.predictions, strict=True):
        scores.append(metrics.scores(metric_names, fold.y_val, prediction))
        if not np.isfinite(list(scores[-1].values())).all():
            return Diverged(f"a score is not a finite number: {scores[-1]}")
    oof = _out_of_fold(folds, result.predictions)
    return Evaluation(oof, scores, result.epochs, result.history, result.findings, result.bag)


def _out_of_fold(folds: Sequence[Fold], predictions: Sequence[Array]) -> Array:
    """The mean prediction of every row that is validated, in table order."""
    validated, times = np.unique(np.concatenate([fold.val for fold in folds]), return_counts=True)
    total = np.zeros((len(validated), *predictions[0].shape[1:]))
    for fold, prediction in zip(folds, predictions, strict=True):
        total[np.searchsorted(validated, fold.val)] += prediction
    mean: Array = total / times.reshape(-1, *[1] * (total.ndim - 1))
    return mean
