"""What the choice of an epoch adds to a network's cross-validated score, where nothing is to learn.

Run from the project's root: `python benchmarks/random_labels.py`. Tables of 200 rows, 20 columns
and random labels of two classes, ten folds each, an mlp. The truth is 0.5; what is above it is
flattery. Once each fold keeps the epoch that is best for its own validation rows, once the one
that is best for the other folds, as tenfold does. It takes some minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from tenfold import metrics, models
from tenfold.models import Configuration, FitSettings, Fold, FoldPredictions

ROWS, COLUMNS, FOLDS = 200, 20, 10
NAMES = ["auroc", "accuracy", "log_loss"]
PARAMETERS = {"n_blocks": 1, "d_block": 32, "batch_size": 32, "patience": 10}
SETTINGS = FitSettings("binary", ("n", "y"), {"max_epochs": 30, "accelerator": "cpu"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=50)
    repeats = parser.parse_args().repeats
    found: dict[str, list[list[float]]] = {"its own rows": [], "the other folds": []}
    for seed in range(repeats):
        folds = table(seed)
        # Folds that say they share their rows have none to be stopped by but themselves.
        shared = [replace(fold, val=folds[0].val) for fold in folds]
        for rule, own in zip(found, (shared, folds), strict=True):
            found[rule].append(scores(own, seed))
    print(f"{'epoch chosen by':18}" + "".join(f"{name:>20}" for name in NAMES))
    for rule, rows in found.items():
        mean, error = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / np.sqrt(repeats)
        shown = (f"{m:.4f} ± {e:.4f}" for m, e in zip(mean, error, strict=True))
        print(f"{rule:18}" + "".join(f"{text:>20}" for text in shown))


def table(seed: int) -> list[Fold]:
    """The folds of one table of noise."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(ROWS, COLUMNS)), rng.permutation(np.arange(ROWS) % 2)
    parts = np.array_split(rng.permutation(ROWS), FOLDS)
    return [
        Fold(np.delete(X, val, axis=0), np.delete(y, val), X[val], y[val], val) for val in parts
    ]


def scores(folds: Sequence[Fold], seed: int) -> list[float]:
    """The mean of each metric over the folds."""
    parameters = models.parameters("mlp").model_validate(PARAMETERS)
    seeds = [100 * seed + fold for fold in range(len(folds))]
    [found] = models.family("mlp").predict_folds(
        [Configuration(parameters, seeds)], folds, SETTINGS
    )
    assert isinstance(found, FoldPredictions)
    pairs = zip(folds, found.predictions, strict=True)
    every = [metrics.scores(NAMES, fold.y_val, own) for fold, own in pairs]
    return [float(np.mean([own[name] for own in every])) for name in NAMES]


if __name__ == "__main__":
    main()
