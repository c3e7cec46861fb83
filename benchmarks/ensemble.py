"""The ensemble's weights: how long they take, and what they find where there is nothing to find.

Run from the project's root:

    python benchmarks/ensemble.py speed           # 50 candidates, 40,000 rows, ten folds
    python benchmarks/ensemble.py random_labels   # 200 rows, 20 columns, 50 repeats: AUROC
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from tenfold import models
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.metrics import METRICS, Array
from tenfold.models import FitSettings
from tenfold.params import Preprocessing
from tenfold.selection import cross_fitting, greedy, row_losses
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.evaluation import Evaluator, Inputs

N_ROWS, N_CANDIDATES, N_FOLDS = 40_000, 50, 10
REPEATS = 50
# Families, and the configurations of each among which the best would be chosen.
FAMILIES: dict[str, list[dict[str, Any]]] = {
    "linear": [{"alpha": alpha} for alpha in (0.01, 1.0, 30.0, 1000.0)],
    "random_forest": [{"n_estimators": 30, "min_samples_leaf": leaf} for leaf in (1, 3, 10)],
    "hist_gradient_boosting": [{"max_iter": 20, "max_leaf_nodes": leaves} for leaves in (4, 16)],
}


def speed() -> None:
    """Seconds of all weights, cross-fitting included, of candidates that differ in quality."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=N_ROWS)
    noise = [rng.normal(size=N_ROWS) * rng.uniform(0.3, 1.5) for _ in range(N_CANDIDATES)]
    y = (rng.random(N_ROWS) < _sigmoid(signal)).astype(np.int64)
    probabilities = [np.stack([1 - p, p], axis=1) for p in map(_sigmoid, signal + np.array(noise))]
    values = [signal + own for own in noise]
    for metric, target, predictions in (
        ("log_loss", y, probabilities),
        ("mse", signal, values),
        ("mae", signal, values),
        ("brier", y, probabilities),
    ):
        parts = [np.array_split(own, N_FOLDS) for own in predictions]
        task = METRICS[metric].tasks[0]
        started, worked = time.perf_counter(), time.process_time()
        candidates = greedy.Candidates(
            parts, np.array_split(target, N_FOLDS), row_losses.row_loss(metric, task)
        )
        found = cross_fitting.cross_fit(candidates, np.eye(N_FOLDS, dtype=bool), N_CANDIDATES)
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        members = np.count_nonzero(found.of_all)
        print(f"{metric:10} {seconds:5.2f} s ({cpu:.2f} s of a core), {members} members")


def _sigmoid(logits: Array) -> Array:
    return 1 / (1 + np.exp(-logits))


def random_labels() -> None:
    """Mean AUROC of labels that nothing predicts: 0.5 if nothing flatters itself."""
    found: dict[str, list[float]] = {}
    for repeat in range(REPEATS):
        data = _random(repeat)
        results = list(_evaluations(data, repeat))
        assert data.folds is not None
        folds = data.folds
        y = [data.y[folds.val(number)] for number in range(folds.n)]
        parts = [folds.by_fold(result.oof) for _, result in results]
        weights = cross_fitting.cross_fit(
            greedy.Candidates(parts, y, row_losses.LOG), np.eye(folds.n, dtype=bool), 10
        )
        fitted = [
            cross_fitting.mean(own, fold)
            for own, fold in zip(weights.of_folds, zip(*parts, strict=True), strict=True)
        ]
        seen = [cross_fitting.mean(weights.of_all, fold) for fold in zip(*parts, strict=True)]
        scores = {name: _mean(result) for name, result in results}
        ensemble = _auroc(y, fitted)
        best = max(scores.values())
        scores |= {
            "best configuration": best,
            "ensemble, cross-fitted": ensemble,
            "ensemble, of weights that saw the rows": _auroc(y, seen),
            "champion": max(best, ensemble),
        }
        for name, score in scores.items():
            found.setdefault(name, []).append(score)
    for name, values in found.items():
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        print(f"{name:40} {np.mean(values):.4f} ± {error:.4f}")


def _random(seed: int) -> Dataset:
    import pandas as pd

    rng = np.random.default_rng(seed)
    names = tuple(f"x{number}" for number in range(20))
    X = pd.DataFrame(rng.normal(size=(200, 20)), columns=list(names))
    y = rng.permutation(np.arange(200) % 2)
    # Each fold has as many of either class.
    fold = np.empty(200, dtype=np.int64)
    for label in (0, 1):
        fold[y == label] = rng.permutation(np.arange(100) % N_FOLDS)
    schema = Schema("binary", "y", names, (), ("no", "yes"), ())
    return Dataset(schema, X, y, np.arange(200), Folds.of(fold))


def _evaluations(data: Dataset, seed: int) -> Iterator[tuple[str, Evaluation]]:
    settings = FitSettings("binary", data.schema.classes)
    for family, configurations in FAMILIES.items():
        inputs = Inputs(data, Preprocessing(), seed=seed)
        evaluate = Evaluator(models.family(family), inputs, settings, ["auroc"], seed)
        for trial, values in enumerate(configurations):
            parameters = models.parameters(family).model_validate(values)
            [result] = evaluate([(trial, parameters)])
            assert isinstance(result, Evaluation)
            yield f"{family} {trial}", result


def _mean(result: Evaluation) -> float:
    return float(np.mean([fold["auroc"] for fold in result.folds]))


def _auroc(y: list[Any], predictions: list[Array]) -> float:
    pairs = zip(y, predictions, strict=True)
    return float(
        np.mean([METRICS["auroc"].function(true, prediction) for true, prediction in pairs])
    )


if __name__ == "__main__":
    {"speed": speed, "random_labels": random_labels}[sys.argv[1]]()
