"""k folds of one configuration: out-of-fold predictions and per-fold scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenfold import metrics, preprocessing, runtime
from tenfold.dataset import Dataset
from tenfold.metrics import Array
from tenfold.models import (
    Configuration,
    Diverged,
    Family,
    FitSettings,
    Fitted,
    Fold,
    FoldPredictions,
)
from tenfold.params import Preprocessing


@dataclass(frozen=True)
class Evaluation:
    """The result of cross-validating one configuration.

    `oof` holds, for every row and each fold that validates it, in table order, the prediction of a
    model that never saw it: (n,) values or (n, C) probabilities. `folds` holds each fold's scores.
    Families that train in epochs add each fold's best epoch and the folds' mean learning curve;
    `bag` holds the folds' models, if the family keeps them. `findings` says what went wrong.
    """

    oof: Array
    folds: list[dict[str, float]]
    epochs: list[int] | None
    history: list[dict[str, float]]
    findings: list[str]
    bag: Fitted | None = None

    def score(self, metric: str) -> float:
        """The mean of a metric over the folds."""
        return float(np.mean([fold[metric] for fold in self.folds]))


def prepare(
    dataset: Dataset,
    declared: Preprocessing,
    *,
    seed: int = 0,
    given: Sequence[Any] = (),
    **options: Any,
) -> tuple[list[Any], list[Fold]]:
    """Every fold's preprocessing, fitted on its training part alone, and the fold it makes.

    Args:
        dataset: with folds.
        declared: the preprocessing.
        seed: of what is drawn for each fold.
        given: transformers fitted on other data, which the folds take in turn instead.
        options: of `preprocessing.build`.
    """
    assert dataset.folds is not None, "the training table has no folds"
    fitted, folds = [], []
    for number in range(dataset.folds.n):
        train, val = dataset.folds.train(number), dataset.folds.val(number)
        X, y = dataset.X.iloc[train], dataset.y[train]
        if given:
            transformer = given[number % len(given)]
            X_train = transformer.transform(X)
        else:
            own = runtime.derive_seed(seed, number)
            transformer, X_train = preprocessing.fit(
                dataset.schema, declared, X, y, seed=own, **options
            )
        X_val = transformer.transform(dataset.X.iloc[val])
        fitted.append(transformer)
        folds.append(Fold(X_train, y, X_val, dataset.y[val], val))
    return fitted, folds


def cross_validate(
    family: Family,
    configurations: Sequence[Configuration],
    folds: Sequence[Fold],
    settings: FitSettings,
    metric_names: Sequence[str],
    positive: int | None = None,
) -> list[Evaluation | Diverged]:
    """Fit every fold's training part, predict and score its validation part.

    `positive` is the code of the positive class of two, for metrics that ask for it.

    `Diverged` is returned for a configuration with a prediction or score that is not finite.
    """
    results = family.predict_folds(configurations, folds, settings)
    return [
        result if isinstance(result, Diverged) else _evaluate(result, folds, metric_names, positive)
        for result in results
    ]


def _evaluate(
    result: FoldPredictions,
    folds: Sequence[Fold],
    metric_names: Sequence[str],
    positive: int | None,
) -> Evaluation | Diverged:
    scores = []
    for fold, prediction in zip(folds, result.predictions, strict=True):
        scores.append(metrics.scores(metric_names, fold.y_val, prediction, positive))
        if not np.isfinite(list(scores[-1].values())).all():
            return Diverged(f"a score is not a finite number: {scores[-1]}")
    oof = _out_of_fold(folds, result.predictions)
    return Evaluation(oof, scores, result.epochs, result.history, result.findings, result.bag)


def _out_of_fold(folds: Sequence[Fold], predictions: Sequence[Array]) -> Array:
    """All predictions in the order of `Folds.validations`."""
    order = np.argsort(np.concatenate([fold.val for fold in folds]), kind="stable")
    found: Array = np.concatenate(predictions)[order]
    return found
