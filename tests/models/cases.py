"""Small tables, folds and parameters for every family and task."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold import models
from tenfold.metrics import Array, Task
from tenfold.models import FitSettings, Fold

TASKS: tuple[Task, ...] = ("regression", "binary", "multiclass")
CLASSES: dict[Task, tuple[str, ...]] = {
    "regression": (),
    "binary": ("n", "y"),
    "multiclass": ("a", "b", "c", "d"),
}
WIDTH = 6
# Small enough to be quick; a family that is not named runs with its defaults.
SMALL: dict[str, dict[str, Any]] = {
    "random_forest": {"n_estimators": 8},
    "extra_trees": {"n_estimators": 8},
    "knn": {"n_neighbors": 5},
    "catboost": {"n_estimators": 8, "learning_rate": 0.2, "depth": 4},
    "lightgbm": {"n_estimators": 8, "learning_rate": 0.2},
    "hist_gradient_boosting": {"max_iter": 6, "min_samples_leaf": 3},
    "mlp": {"d_block": 16, "dropout": 0.2, "learning_rate": 0.01},
    "resnet": {"d_block": 16, "n_blocks": 1, "dropout": 0.2, "learning_rate": 0.01},
    "cnn": {
        "shape": [1, 2, 3],
        "n_blocks": 1,
        "channels": 8,
        "d_block": 16,
        "learning_rate": 0.01,
    },
    "rnn": {"shape": [3, 2], "d_block": 16, "learning_rate": 0.01},
    "realmlp": {"d_block": 16, "n_blocks": 2, "n_epochs": 8},
    "tabm": {"k": 3, "d_block": 16, "n_blocks": 2, "learning_rate": 0.01},
}
NETWORKS = ["cnn", "mlp", "realmlp", "resnet", "rnn", "tabm"]


def data(task: Task, n: int = 90, width: int = WIDTH, seed: int = 0) -> tuple[Array, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, width))
    signal = X[:, 0] + 0.1 * rng.normal(size=n)
    if task == "regression":
        return X, 50 + 10 * signal
    n_classes = len(CLASSES[task])
    edges = np.quantile(signal, np.arange(1, n_classes) / n_classes)
    return X, np.digitize(signal, edges)


def folds(family: str, task: Task) -> list[Fold]:
    """Three folds of unequal size, the last of fewer columns where the family allows it."""
    X, y = data(task)
    widths = (WIDTH, WIDTH, WIDTH if family in ("cnn", "rnn") else WIDTH - 1)
    vals = np.split(np.random.default_rng(1).permutation(90), [20, 50])
    return [
        Fold(
            np.delete(X[:, :width], val, axis=0),
            np.delete(y, val),
            X[val][:, :width],
            y[val],
            val,
        )
        for val, width in zip(vals, widths, strict=True)
    ]


def setting(task: Task, **trainer: Any) -> FitSettings:
    return FitSettings(task, CLASSES[task], {"max_epochs": 8, "accelerator": "cpu"} | trainer)


def parameters(family: str, **changes: Any) -> Any:
    return models.parameters(family).model_validate(SMALL.get(family, {}) | changes)
