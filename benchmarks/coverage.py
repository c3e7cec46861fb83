"""Whether intervals and sets hold as many truths as declared, and when calibration is kept.

Run from the project's root:

    python benchmarks/coverage.py intervals     # of ridge regressions, on new rows
    python benchmarks/coverage.py sets          # of logistic regressions
    python benchmarks/coverage.py calibration   # of probabilities that are, or are not, calibrated

Small tables are drawn, 200 for each line; some minutes on one core.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from tenfold import metrics
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.metrics import Array
from tenfold.params.postprocessing import Intervals
from tenfold.postprocessing.calibrators import CALIBRATORS
from tenfold.postprocessing.conformal import Conformal, group_keys
from tenfold.selection.postprocessing import calibration as choosing
from tenfold.selection.postprocessing import uncertainty
from tenfold.selection.postprocessing.out_of_fold import OutOfFold
from tenfold.selection.postprocessing.reliability import calibration_error

REPEATS = 200
LEVELS = (0.8, 0.9)
N_FOLDS = 10
N_NEW = 2000
N_COLUMNS = 5
GROUP_SIZE = 10
# Of rows in a hundred, those of the noisy kind.
NOISY = 20


def intervals() -> None:
    """Coverage and width on new rows, of bags by CV+ and of refits by residuals."""
    print(f"{'':46}{'0.8':>8}{'width':>8}{'0.9':>8}{'width':>8}")
    for n in (50, 200, 1000):
        for bag in (True, False):
            found = [_intervals(n, repeat, bag=bag) for repeat in range(REPEATS)]
            _print(f"{n} rows, {'bag (cv+)' if bag else 'refit (residuals)'}", found)
    for by in (None, "z"):
        for kind in ("calm", "noisy"):
            found = [_intervals(500, r, bag=True, by=by, kind=kind) for r in range(REPEATS)]
            _print(f"500 rows, the {kind} ones, {'by their kind' if by else 'one for all'}", found)
    for grouped in (False, True):
        found = [_of_groups(30, repeat, grouped=grouped) for repeat in range(REPEATS)]
        name = "groups count" if grouped else "rows count"
        _print(f"30 groups of {GROUP_SIZE}, new groups, {name}", found)


def _intervals(
    n: int, repeat: int, *, bag: bool, by: str | None = None, kind: str = ""
) -> list[list[float]]:
    """Coverage and mean width at each level, on new rows or those of one kind."""
    rng = np.random.default_rng([n, repeat])
    X, z, y = _numbers(rng, n)
    new_X, new_z, new_y = _numbers(rng, N_NEW)
    if kind:
        chosen = new_z == kind
        new_X, new_z, new_y = new_X[chosen], new_z[chosen], new_y[chosen]
    table = _table("regression", z, y)
    each, oof = _ridges(table, X, y, new_X)
    prediction = each.mean(axis=0) if bag else new_X @ _ridge(X, y)
    return [
        _held(_fit(level, table, oof, by, bag=bag), new_y, prediction, each, new_z)
        for level in LEVELS
    ]


def _of_groups(n_groups: int, repeat: int, *, grouped: bool) -> list[list[float]]:
    """Likewise where rows of a group share an error, and new rows are of new groups."""
    rng = np.random.default_rng([n_groups, repeat])
    groups = np.arange(n_groups * GROUP_SIZE) // GROUP_SIZE
    X, z, y = _numbers(rng, len(groups))
    new_X, new_z, new_y = _numbers(rng, N_NEW)
    y = y + 2 * rng.normal(size=n_groups)[groups]
    new_y = new_y + 2 * np.repeat(rng.normal(size=N_NEW // GROUP_SIZE), GROUP_SIZE)
    table = _table("regression", z, y, groups=groups, grouped=grouped)
    each, oof = _ridges(table, X, y, new_X)
    return [
        _held(_fit(level, table, oof, None, bag=True), new_y, each.mean(axis=0), each, new_z)
        for level in LEVELS
    ]


def _numbers(rng: np.random.Generator, n: int) -> tuple[Array, NDArray[Any], Array]:
    """Columns, the kind of each row, and a target that is noisier for one kind."""
    X = np.column_stack([np.ones(n), rng.normal(size=(n, N_COLUMNS))])
    z = np.where(rng.integers(0, 100, n) < NOISY, "noisy", "calm").astype(object)
    noise = rng.normal(size=n) * np.where(z == "noisy", 3, 1)
    return X, z, np.asarray(X.sum(axis=1) + noise, dtype=np.float64)


def _ridge(X: Array, y: Array) -> Array:
    weights = np.linalg.solve(X.T @ X + np.eye(X.shape[1]), X.T @ y)
    return np.asarray(weights, dtype=np.float64)


def _ridges(table: Dataset, X: Array, y: Array, new_X: Array) -> tuple[Array, list[Array]]:
    """Each fold's prediction of new rows, and of its own."""
    assert table.folds is not None
    folds = table.folds
    fitted = [_ridge(X[folds.train(k)], y[folds.train(k)]) for k in range(folds.n)]
    own = [X[folds.val(k)] @ weights for k, weights in enumerate(fitted)]
    return np.stack([new_X @ weights for weights in fitted]), own


def _fit(level: float, table: Dataset, oof: list[Array], by: str | None, *, bag: bool) -> Conformal:
    known = OutOfFold.of(table, oof)
    found, _ = uncertainty.fit(Intervals(coverage=level, by=by), known, fold_models=bag)
    assert isinstance(found, Conformal), found
    return found


def _held(
    found: Conformal, y: Array, prediction: Array, each: Array, z: NDArray[Any]
) -> list[float]:
    lower, upper = found.bounds(prediction, each, group_keys(z))
    return [float(((lower <= y) & (y <= upper)).mean()), float((upper - lower).mean())]


def sets() -> None:
    """Coverage and mean size of sets on new rows."""
    print(f"{'':46}{'0.8':>8}{'size':>8}{'0.9':>8}{'size':>8}{'accuracy':>10}")
    for n_classes in (2, 4):
        for n in (100, 500):
            for signal in (0.5, 2.0):
                found = [_sets(n, n_classes, signal, repeat) for repeat in range(REPEATS)]
                accuracy = np.mean([own[1] for own in found])
                _print(
                    f"{n} rows of {n_classes} classes, signal {signal:g}",
                    [own[0] for own in found],
                    f"{accuracy:10.3f}",
                )


def _sets(n: int, n_classes: int, signal: float, repeat: int) -> tuple[list[list[float]], float]:
    rng = np.random.default_rng([n, n_classes, repeat])
    centres = signal * np.random.default_rng(0).normal(size=(n_classes, N_COLUMNS)) / 1.5
    y, new_y = rng.integers(0, n_classes, n), rng.integers(0, n_classes, N_NEW)
    y[: 2 * n_classes] = np.arange(2 * n_classes) % n_classes
    X, new_X = (centres[own] + rng.normal(size=(len(own), N_COLUMNS)) for own in (y, new_y))
    task = "binary" if n_classes == 2 else "multiclass"
    table = _table(task, np.full(n, "all", dtype=object), y, n_classes=n_classes)
    assert table.folds is not None
    folds = table.folds
    fitted = [
        LogisticRegression().fit(X[folds.train(k)], y[folds.train(k)]) for k in range(folds.n)
    ]
    own = [_all_classes(one, X[folds.val(k)], n_classes) for k, one in enumerate(fitted)]
    p = np.mean([_all_classes(one, new_X, n_classes) for one in fitted], axis=0)
    found = []
    for level in LEVELS:
        held = _fit(level, table, own, None, bag=True).sets(p, None)
        found.append([float(held[np.arange(N_NEW), new_y].mean()), float(held.sum(axis=1).mean())])
    return found, float((p.argmax(axis=1) == new_y).mean())


def _all_classes(fitted: Any, X: Array, n_classes: int) -> Array:
    """Probabilities of all classes, also of those that a fold has not seen."""
    p = np.zeros((len(X), n_classes))
    p[:, fitted.classes_] = fitted.predict_proba(X)
    return p


def calibration() -> None:
    """How often a calibrator is kept, and what it does to new rows."""
    print(f"{'':34}{'kept':>7}{'log loss':>10}{'then':>8}{'best':>8}{'ece':>8}{'then':>8}")
    for n in (100, 500, 3000):
        for name in DISTORTIONS:
            rows = np.array([_calibration(n, name, repeat) for repeat in range(REPEATS)])
            kept, before, after, best, ece, then = rows.mean(axis=0)
            numbers = f"{before:10.4f}{after:8.4f}{best:8.4f}{ece:8.4f}{then:8.4f}"
            print(f"{f'{n} rows, {name}':34}{kept:7.2f}{numbers}")


# What is predicted of true log odds.
DISTORTIONS: dict[str, Callable[[Array], Array]] = {
    "calibrated": expit,
    "odds 1.5 times too large": lambda odds: expit(1.5 * odds),
    "odds 3 times too large": lambda odds: expit(3 * odds),
    "probabilities squared": lambda odds: expit(odds) ** 2,
}


def _calibration(n: int, name: str, repeat: int) -> list[float]:
    rng = np.random.default_rng([n, repeat])
    odds, new_odds = rng.normal(size=n) * 1.5, rng.normal(size=N_NEW) * 1.5
    y, new_y = ((rng.random(len(own)) < expit(own)).astype(np.int64) for own in (odds, new_odds))
    p, new, best = (
        np.stack([1 - own, own], axis=1)
        for own in (DISTORTIONS[name](odds), DISTORTIONS[name](new_odds), expit(new_odds))
    )
    table = _table("binary", np.full(n, "all", dtype=object), y, n_classes=2)
    assert table.folds is not None
    known = OutOfFold.of(table, [p[table.folds.val(k)] for k in range(N_FOLDS)])
    method = choosing.choose("auto", known).method
    after = new if method is None else CALIBRATORS[method].fit(known.prediction, known.y)(new)
    losses = [metrics.scores(["log_loss"], new_y, own)["log_loss"] for own in (new, after, best)]
    errors = [calibration_error(own, new_y) for own in (new, after)]
    return [float(method is not None), *losses, *errors]


def _table(
    task: Any,
    z: NDArray[Any],
    y: NDArray[Any],
    *,
    n_classes: int = 0,
    groups: NDArray[np.int64] | None = None,
    grouped: bool = False,
) -> Dataset:
    """A table in ten folds; rows of a group are in one."""
    schema = Schema(task, "y", (), ("z",), tuple(range(n_classes)), ())
    numbers = np.arange(len(y)) if groups is None else groups
    folds = Folds.of(numbers % N_FOLDS)
    own = groups if grouped else None
    return Dataset(schema, pd.DataFrame({"z": z}), y, np.arange(len(y)), folds, own)


def _print(name: str, found: list[list[list[float]]], more: str = "") -> None:
    """A line: coverage and size at each level, means over all tables."""
    means = np.mean(found, axis=0)
    numbers = "".join(f"{held:8.3f}{size:8.2f}" for held, size in means.tolist())
    print(f"{name:46}{numbers}{more}", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    {"intervals": intervals, "sets": sets, "calibration": calibration}[sys.argv[1]]()
