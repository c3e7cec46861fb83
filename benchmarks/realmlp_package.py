"""Family realmlp beside its authors' package `pytabkit`: test scores and seconds.

Run from the project's root, with the package installed (`pip install pytabkit`):
`python benchmarks/realmlp_package.py --tables diabetes digits --epochs 64 256`. Both train ten
folds as one stack and answer with the mean of the ten models. The package runs its 256 epochs;
tenfold those of `--epochs`, since what counts is the time that an equal score takes. One thread.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from tenfold import models
from tenfold.metrics import Task
from tenfold.models import Configuration, FitSettings, Fold, FoldPredictions

TASKS: dict[str, Task] = {
    "diabetes": "regression",
    "breast_cancer": "binary",
    "digits": "multiclass",
}
N_FOLDS = 10
Values = NDArray[Any]
# Training rows, their targets and the test rows -> predictions of the test rows.
Contender = Callable[[Values, Values, Values], Values]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--epochs", nargs="+", type=int, default=[64, 128, 256])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for name in asked.tables:
        contenders = {"pytabkit, 256 epochs": package(TASKS[name])} | {
            f"tenfold, {n_epochs} epochs": tenfold(TASKS[name], n_epochs)
            for n_epochs in asked.epochs
        }
        for contender, fit in contenders.items():
            found = [measure(name, fit, seed) for seed in asked.seeds]
            scores, seconds = zip(*found, strict=True)
            sd = statistics.stdev(scores) if len(scores) > 1 else 0.0
            print(
                f"{name:14} {contender:22} {'mse' if TASKS[name] == 'regression' else 'log loss'} "
                f"{statistics.mean(scores):9.5g} ± {sd:.2g}  {statistics.mean(seconds):6.1f} s",
                flush=True,
            )


def measure(name: str, fit: Contender, seed: int) -> tuple[float, float]:
    """The score on a fifth of the rows, drawn by `seed`, and seconds of the processor."""
    task = TASKS[name]
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    classes = None if task == "regression" else y
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.2, random_state=seed, stratify=classes
    )
    start = time.process_time()
    predicted = fit(X, y, X_test)
    seconds = time.process_time() - start
    if task == "regression":
        return float(mean_squared_error(y_test, predicted)), seconds
    return float(log_loss(y_test, predicted, labels=np.unique(y))), seconds


def tenfold(task: Task, n_epochs: int) -> Contender:
    """Our own."""

    def fit(X: Values, y: Values, X_test: Values) -> Values:
        family, schema = models.family("realmlp"), models.parameters("realmlp")
        kind = KFold if task == "regression" else StratifiedKFold
        folds = [
            Fold(X[train], y[train], X[val], y[val], val)
            for train, val in kind(N_FOLDS, shuffle=True, random_state=0).split(X, y)
        ]
        asked = Configuration(schema.model_validate({"n_epochs": n_epochs}), range(N_FOLDS))
        classes = () if task == "regression" else tuple(map(str, np.unique(y)))
        settings = FitSettings(task, classes, {"accelerator": "cpu"}, n_numeric=X.shape[1])
        [found] = family.predict_folds([asked], folds, settings)
        assert isinstance(found, FoldPredictions)
        assert found.bag is not None
        return found.bag.predict([X_test] * N_FOLDS)

    return fit


def package(task: Task) -> Contender:
    """Its authors'."""
    kind = "Regressor" if task == "regression" else "Classifier"

    def fit(X: Values, y: Values, X_test: Values) -> Values:
        learner = getattr(importlib.import_module("pytabkit"), f"RealMLP_TD_{kind}")
        model = learner(n_cv=N_FOLDS, device="cpu", n_threads=1, random_state=0, verbosity=0)
        model.fit(X, y)
        predicted: Values = (
            model.predict(X_test) if task == "regression" else (model.predict_proba(X_test))
        )
        return predicted

    return fit


if __name__ == "__main__":
    main()
