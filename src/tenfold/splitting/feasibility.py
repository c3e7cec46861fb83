"""What a target, its strata and the parts of a table must be, so that a model can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset.folds import UNUSED, VAL
from tenfold.metrics import METRICS, Task
from tenfold.params import Split
from tenfold.runtime import UserError
from tenfold.splitting.strategy import SplitColumns, TrainTestSplit

MAX_CLASSES = 1000
# Of these every row has a byte a fold.
MAX_FOLD_CELLS = 2**30
# So few codes are soon looked for one by one.
MAX_COMPARED_CODES = 8
# Codes that are counted at once.
PIECE = 2**18


def check_target(columns: SplitColumns, task: Task) -> None:
    """Check that a target can be what `task` says it is.

    Raises:
        UserError: if it cannot, with the task that fits.
    """
    y, classes, target = columns.y, columns.classes, columns.target
    if task == "regression" and (y == y[0]).all():
        raise UserError(_constant(target, "value", y[0]))
    if task == "regression":
        return
    if len(classes) == 1:
        raise UserError(_constant(target, "class", classes[0]))
    if len(classes) > MAX_CLASSES or 2 * len(classes) > max(len(y), 6):
        raise UserError(
            f"task {task} needs rows that share classes, but {target!r} has {len(classes)} "
            f"different values in {len(y)} rows: is this task: regression, or the wrong target?"
        )
    if task == "binary" and len(classes) > 2:
        raise UserError(
            f"task binary needs two classes, but {target!r} has {len(classes)} "
            f"({_some(classes)}): set task: multiclass"
        )
    if task == "multiclass" and len(classes) == 2:
        raise UserError(
            f"task multiclass needs three classes or more, but {target!r} has two "
            f"({_some(classes)}): set task: binary"
        )


def _constant(target: str, what: str, value: object) -> str:
    return (
        f"data.target: {target!r} has one {what} only, {value!s}: there is nothing to "
        "learn; check data.target and the rules of clean"
    )


def _some(classes: Sequence[Any]) -> str:
    return ", ".join(map(repr, classes[:5])) + (", ..." if len(classes) > 5 else "")


# Chapter: strata, which are classes or, for regression, bins


def count(strata: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The codes that occur, sorted, and how often each does."""
    counts = count_codes(strata)
    codes = np.flatnonzero(counts)
    return codes, counts[codes]


def count_codes(codes: NDArray[Any], least: int = 0) -> NDArray[np.int64]:
    """How often each code occurs, shape (codes,), `least` of them.

    numpy counts in 64 bits; a piece at a time these take the same memory again.
    """
    n = max(least, int(codes.max()) + 1 if len(codes) else 0)
    counts = np.zeros(n, np.int64)
    for start in range(0, len(codes), PIECE):
        counts += np.bincount(codes[start : start + PIECE], minlength=n)
    return counts


def check_strata(
    strata: NDArray[Any], n_test: int, test_size: float, classes: Sequence[Any]
) -> None:
    """Each of the strata needs a row on both sides of the hold-out."""
    codes, counts = count(strata)
    rarest = int(np.argmin(counts))
    what = "classes" if classes else "bins of the target"
    if counts[rarest] < 2:
        raise UserError(
            f"{_stratum(codes[rarest], classes)} has 1 row, too few for training and test: "
            f"{_reject(classes)}, or add rows"
        )
    if n_test < len(codes):
        raise UserError(
            f"split.test_size: {test_size} of {len(strata)} rows is {n_test}, fewer than the "
            f"{len(codes)} {what}: raise split.test_size"
        )
    if len(strata) - n_test < len(codes):
        raise UserError(
            f"split.test_size: {test_size} leaves {len(strata) - n_test} training rows, fewer "
            f"than the {len(codes)} {what}: lower split.test_size"
        )


def check_held_out(
    strata: NDArray[Any], in_test: NDArray[np.bool_], test_size: float, classes: Sequence[Any]
) -> None:
    """Each of the strata must have come into the test."""
    codes, counts = count(strata)
    for code in np.setdiff1d(codes, count(strata[in_test])[0])[:1]:
        raise UserError(
            f"{_stratum(code, classes)} has {counts[codes == code][0]} rows and none in the test "
            f"share of {test_size}: raise split.test_size, or {_reject(classes)}"
        )


def check_folds(found: int, what: str, rules: Split, *, apart: bool) -> None:
    """There must be as many rows, or groups, to train on as folds."""
    if found < rules.n_splits:
        cure = "lower split.n_splits" if found > 1 else "two are the least: choose another strategy"
        raise UserError(
            f"split.n_splits: {rules.n_splits} folds need {rules.n_splits} {what}, but there are "
            f"{found}{_once(apart)}: {cure}"
        )


def check_size(n_folds: int, n_rows: int) -> None:
    """What every row is to every fold must be held in memory."""
    if n_folds * n_rows > MAX_FOLD_CELLS:
        raise UserError(
            f"split: {n_folds} folds of {n_rows} training rows would take "
            f"{n_folds * n_rows / 2**30:.3g} GiB of memory, and one is the most: have fewer folds "
            "(split.n_splits, split.n_repeats)"
        )


def check_rarest(
    strata: NDArray[Any], n_splits: int, classes: Sequence[Any], *, apart: bool = True
) -> None:
    """Each of the strata must have as many rows to train on as there are folds."""
    for code, rows in zip(*count(strata), strict=True):
        if rows < n_splits:
            raise UserError(
                f"split.n_splits: {_stratum(code, classes)} has {rows} training rows"
                f"{_once(apart)}, fewer than {n_splits} folds: lower split.n_splits, or "
                f"{_reject(classes)}"
            )


def _once(apart: bool) -> str:
    return "" if apart else " (copies of a row count once)"


def _stratum(code: Any, classes: Sequence[Any]) -> str:
    return f"class {classes[code]!r}" if classes else f"quantile bin {code} of the target"


def _reject(classes: Sequence[Any]) -> str:
    return "reject the class in clean.require" if classes else "lower split.n_bins"


# Chapter: parts, whatever the strategy


def check_parts(parts: TrainTestSplit, columns: SplitColumns, metrics: Sequence[str]) -> None:
    """Every fold must learn from every class, and every metric be defined on what it judges."""
    folds, classes = parts.folds, columns.classes
    n_test = int(parts.in_test.sum())
    if not n_test:
        raise UserError("split.test_size leaves no row for the test: raise it")
    smallest = min(folds.count(VAL))
    for metric in metrics:
        needed = METRICS[metric].smallest_fold
        if smallest < needed:
            raise UserError(
                f"metric {metric} needs folds of {needed} rows, but the smallest has {smallest}: "
                "lower split.n_splits, or remove the metric"
            )
        if n_test < needed:
            raise UserError(
                f"metric {metric} needs {needed} test rows, but there are {n_test}: raise "
                "split.test_size, or remove the metric"
            )
    if classes:
        _check_classes(parts, columns, columns.y[parts.in_train], metrics)


def _check_classes(
    parts: TrainTestSplit, columns: SplitColumns, y: NDArray[Any], metrics: Sequence[str]
) -> None:
    folds, classes = parts.folds, columns.classes
    picky = [metric for metric in metrics if METRICS[metric].every_class]
    every = count_codes(y, len(classes))
    for number, own in enumerate(folds.membership):
        judged = _among(own == VAL, y, len(classes))
        learnt = every - judged - _among(own == UNUSED, y, len(classes))
        if not learnt.all():
            raise UserError(
                f"split: fold {number} has no row of class {_absent(learnt, classes)!r} to learn "
                "from: lower split.n_splits, reject the class in clean.require, or choose another "
                "strategy"
            )
        if picky and not judged.all():
            raise UserError(
                f"metric {picky[0]} needs every class in every fold, but fold {number} validates "
                f"no row of class {_absent(judged, classes)!r}: lower split.n_splits, choose "
                "another strategy, or remove the metric"
            )
    tested = count_codes(columns.y[parts.in_test], len(classes))
    if picky and not tested.all():
        raise UserError(
            f"metric {picky[0]} needs every class in the test, but class "
            f"{_absent(tested, classes)!r} has no row there: raise split.test_size, choose "
            "another strategy, or remove the metric"
        )


def _among(rows: NDArray[np.bool_], y: NDArray[Any], n: int) -> NDArray[np.int64]:
    """How often each of n classes is there among the flagged rows, shape (n,)."""
    if n > MAX_COMPARED_CODES:
        return count_codes(y[rows], n)
    return np.array([np.count_nonzero(rows & (y == code)) for code in range(n)])


def _absent(counts: NDArray[np.int64], classes: Sequence[Any]) -> Any:
    """The first class that has no row."""
    return classes[int(np.argmin(counts))]
