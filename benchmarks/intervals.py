"""Whether intervals hold the truth as often as they say, and the corrected score what it promises.

Run from the project's root:

    python benchmarks/intervals.py coverage   # intervals of test scores, at 80 and 95 %
    python benchmarks/intervals.py choice     # the best of n that know nothing, or differ a little

Scores of rows are drawn, nothing is trained: some minutes on one core.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd

from tenfold import metrics
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.metrics import Array
from tenfold.selection import bias_correction, bootstrap
from tenfold.selection.bias_correction import CorrectedScore
from tenfold.selection.bootstrap import Interval
from tenfold.selection.comparison import Scoreboard
from tenfold.selection.fold_scores import FoldScorer

REPEATS = 200
# Fewer than stage select_model draws, so that all of it takes minutes.
bootstrap.MAX_RESAMPLES = bias_correction.MAX_RESAMPLES = 300
LEVELS = (0.8, 0.95)
# The truth is the score of as many rows.
N_POPULATION = 1_000_000
CLASSES, VALUES = ("auroc", "log_loss", "accuracy"), ("mse", "mae", "r2")


def coverage() -> None:
    """The share of intervals that hold the score of all rows."""
    print(f"{'':34}" + "".join(f"{name:>18}" for name in (*CLASSES, *VALUES)))
    print(f"{'nominal':34}" + f"{'0.80 0.95':>18}" * 6)
    for n in (20, 50, 100, 300, 1000):
        _print_coverage(f"{n} rows", n, 0, grouped=False)
    for n_groups in (20, 50, 100):
        _print_coverage(f"{n_groups} groups of 10, rows drawn", n_groups, 10, grouped=False)
        _print_coverage(f"{n_groups} groups of 10, groups drawn", n_groups, 10, grouped=True)


def _print_coverage(name: str, n: int, size: int, *, grouped: bool) -> None:
    found = []
    for names, classes in ((CLASSES, ("no", "yes")), (VALUES, ())):
        truth = metrics.scores(names, *_rows(np.random.default_rng(0), N_POPULATION, size, classes))
        held = np.zeros((len(names), len(LEVELS)))
        told = np.zeros(len(names))
        for repeat in range(REPEATS):
            rng = np.random.default_rng([1, repeat])
            y, prediction = _rows(rng, n * max(1, size), size, classes)
            groups = np.arange(len(y)) // size if grouped else None
            table = _table(y, classes, groups=groups)
            for place, level in enumerate(LEVELS):
                intervals = bootstrap.intervals(names, table, prediction, level=level)
                for number, own in enumerate(names):
                    interval = intervals[own]
                    if isinstance(interval, Interval):
                        held[number, place] += interval.low <= truth[own] <= interval.high
                        told[number] += place == 0
        found += [
            " ".join(f"{share:.2f}" for share in own / max(1, count))
            for own, count in zip(held, told.tolist(), strict=True)
        ]
    print(f"{name:34}" + "".join(f"{text:>18}" for text in found))


def _rows(
    rng: np.random.Generator, n: int, size: int, classes: tuple[str, ...]
) -> tuple[NDArray[Any], Array]:
    """Targets and predictions that are right on average; rows of a group err alike."""
    signal = rng.normal(size=n)
    error = rng.normal(size=n)
    if size:
        shared = np.repeat(rng.normal(size=n // size), size)
        error = np.sqrt(0.5) * (error + shared)
    if not classes:
        return signal + error, signal
    # Of the probit model a probability is the share of errors below.
    p = _sigmoid(2 * signal)
    return (2 * signal > 1.7 * error).astype(np.int64), np.stack([1 - p, p], axis=1)


def _sigmoid(logits: Array) -> Array:
    return 1 / (1 + np.exp(-logits))


def choice() -> None:
    """The best of configurations: its score, the corrected one, and the truth, by AUROC."""
    print(f"{'':44}{'truth':>8}{'best':>8}{'corrected':>10}{'in interval':>13}")
    for n in (200, 1000):
        for n_configurations in (1, 5, 20):
            for spread in (0.0, 0.2):
                rows = np.array(list(_choices(n, n_configurations, spread)))
                truth, best, corrected, held = rows.mean(axis=0)
                kind = "that know nothing" if spread == 0 else "that differ"
                said = f"{n} rows, {n_configurations} configurations {kind}"
                print(f"{said:44}{truth:8.4f}{best:8.4f}{corrected:10.4f}{held:13.2f}")


def _choices(n: int, n_configurations: int, spread: float) -> Iterator[list[float]]:
    """Truth and score of the best, its corrected score, whether the interval holds the truth."""
    from scipy.special import ndtr

    folds = Folds.of(np.arange(n) // 2 % 10)
    y = np.arange(n) % 2
    table = _table(y, ("no", "yes"), folds=folds)
    for repeat in range(REPEATS):
        rng = np.random.default_rng(repeat)
        shared = rng.normal(size=n)
        shifts = rng.normal(size=n_configurations) * spread
        contenders, cv = {}, {}
        for number, shift in enumerate(shifts.tolist()):
            # Configurations err alike, as those of a family do.
            score = np.sqrt(0.5) * (shared + rng.normal(size=n)) + shift * y
            p = _sigmoid(score)
            parts = [np.stack([1 - p[val], p[val]], axis=1) for val in map(folds.val, range(10))]
            name = f"c{number}"
            contenders[name] = [parts]
            cv[name] = metrics.summarise(
                [
                    metrics.scores(["auroc"], y[folds.val(fold)], part)
                    for fold, part in enumerate(parts)
                ]
            )
        board = Scoreboard.of(cv, "auroc", table)
        champion = board.ranked[0]
        scorer = FoldScorer(["auroc"], table)
        found = bias_correction.correct(board, champion, "best", contenders, scorer)
        assert isinstance(found, CorrectedScore)
        truth = float(ndtr(shifts[int(champion[1:])] / np.sqrt(2)))
        held = found.low <= truth <= found.high
        yield [truth, float(board.fold_scores.mean(axis=1).max()), found.score, held]


def _table(
    y: NDArray[Any],
    classes: tuple[str, ...],
    folds: Folds | None = None,
    groups: NDArray[np.int64] | None = None,
) -> Dataset:
    schema = Schema("binary" if classes else "regression", "y", ("x",), (), classes, ())
    rows = np.arange(len(y))
    return Dataset(schema, pd.DataFrame({"x": rows}), y, rows, folds, groups)


if __name__ == "__main__":
    {"coverage": coverage, "choice": choice}[sys.argv[1]]()
