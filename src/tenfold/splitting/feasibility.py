"""Check that a target suits the task, and that every part has the rows and classes it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset.folds import UNUSED, VAL
from tenfold.metrics import Task, is_constant, named
from tenfold.params import Split
from tenfold.runtime import UserError
from tenfold.splitting.strategy import SplitColumns, TrainTestSplit

MAX_CLASSES = 1000
# Bytes: the folds take one for each row and fold.
MAX_FOLD_CELLS = 2**30
# Up to this many codes are faster found one by one than by sorting.
MAX_COMPARED_CODES = 8
# A class begins late, or ends early, if so many of the rows are outside.
MIN_SHARE = 0.01
# numpy counts in 64 bits; chunks reuse the same memory.
CHUNK_ROWS = 2**18


def check_target(columns: SplitColumns, task: Task) -> None:
    """Check that the target suits the task.

    Raises:
        UserError: naming the task that fits.
    """
    y, classes, target = columns.y, columns.classes, columns.target
    if task == "regression":
        if is_constant(y):
            raise UserError(_constant(target, "value", y[0]))
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
            f"({_listed(classes)}): set task: multiclass"
        )
    if task == "multiclass" and len(classes) == 2:
        raise UserError(
            f"task multiclass needs three classes or more, but {target!r} has two "
            f"({_listed(classes)}): set task: binary"
        )


def _constant(target: str, what: str, value: object) -> str:
    return (
        f"data.target: {target!r} has one {what} only, {value!s}: there is nothing to "
        "learn; check data.target and the rules of clean"
    )


def _listed(classes: Sequence[Any]) -> str:
    return ", ".join(map(repr, classes[:5])) + (", ..." if len(classes) > 5 else "")


# Chapter: strata, which are classes or quantile bins


def count_strata(strata: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The codes that occur, sorted, and how often each does."""
    counts = count_codes(strata)
    codes = np.flatnonzero(counts)
    return codes, counts[codes]


def count_codes(codes: NDArray[Any], least: int = 0) -> NDArray[np.int64]:
    """How often each code 0, 1, ... occurs, for at least `least` codes."""
    n = max(least, int(codes.max()) + 1 if len(codes) else 0)
    counts = np.zeros(n, np.int64)
    for start in range(0, len(codes), CHUNK_ROWS):
        counts += np.bincount(codes[start : start + CHUNK_ROWS], minlength=n)
    return counts


def check_strata(
    strata: NDArray[Any],
    n_test: int,
    test_size: float,
    classes: Sequence[Any],
    *,
    all_different: bool = True,
) -> None:
    """Check that every stratum can have a row in training and in the test."""
    codes, counts = count_strata(strata)
    rarest = int(np.argmin(counts))
    what = "classes" if classes else "bins of the target"
    if counts[rarest] < 2:
        raise UserError(
            f"{_stratum(codes[rarest], classes)} has 1 row{_once(all_different)}, too few for "
            f"training and test: {_apart(all_different)}{_reject(classes)}"
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
    """Check that every stratum has a row in the test."""
    codes, counts = count_strata(strata)
    for code in np.setdiff1d(codes, count_strata(strata[in_test])[0])[:1]:
        raise UserError(
            f"{_stratum(code, classes)} has {counts[codes == code][0]} rows and none in the test "
            f"share of {test_size}: raise split.test_size, or {_reject(classes)}"
        )


def check_folds(found: int, what: str, rules: Split, *, all_different: bool) -> None:
    """Check that there are as many rows, or groups, to train on as folds."""
    if found < rules.n_splits:
        lower = f"lower split.n_splits to {found} or less, or " if found > 1 else ""
        raise UserError(
            f"split.n_splits: {rules.n_splits} folds need {rules.n_splits} {what}, but there are "
            f"{found}{_once(all_different)}: {lower}{_apart(all_different)}"
            f"{'choose another strategy' if what.startswith('groups') else 'add rows'}"
        )


def check_size(n_folds: int, n_rows: int) -> None:
    """Check that the folds fit into memory."""
    if n_folds * n_rows > MAX_FOLD_CELLS:
        raise UserError(
            f"split: {n_folds} folds of {n_rows} training rows would take "
            f"{n_folds * n_rows / 2**30:.3g} GiB of memory, and one is the most: have fewer folds "
            "(split.n_splits, split.n_repeats)"
        )


def check_rarest(
    strata: NDArray[Any], n_splits: int, classes: Sequence[Any], *, all_different: bool = True
) -> None:
    """Check that every stratum has as many training rows as there are folds."""
    codes, counts = count_strata(strata)
    rarest = int(np.argmin(counts))
    rows = counts[rarest]
    if rows < n_splits:
        lower = f"lower split.n_splits to {rows} or less, or " if rows > 1 else ""
        raise UserError(
            f"split.n_splits: {_stratum(codes[rarest], classes)} has {rows} training rows"
            f"{_once(all_different)}, fewer than {n_splits} folds: {lower}"
            f"{_apart(all_different)}{_reject(classes)}"
        )


def _once(all_different: bool) -> str:
    return "" if all_different else " (rows that are equal in all features count once)"


def _apart(all_different: bool) -> str:
    return "" if all_different else "set split.copies: independent, or "


def _stratum(code: Any, classes: Sequence[Any]) -> str:
    return f"class {classes[code]!r}" if classes else f"quantile bin {code} of the target"


def _reject(classes: Sequence[Any]) -> str:
    """What to do about a stratum that is too rare; without one of two classes none is left."""
    if not classes:
        return "lower split.n_bins, or set split.strategy: random and remove split.n_bins"
    return "reject the class in clean.require" if len(classes) > 2 else "add rows of it"


# Chapter: parts, whatever the strategy


class UnfitParts(UserError):
    """A refusal without a cure: which changes help is found by trying."""


def check_parts(parts: TrainTestSplit, columns: SplitColumns, metrics: Sequence[str]) -> None:
    """Check that every fold trains on every class, and that metrics are defined on every part.

    Raises:
        UnfitParts: naming the fold or the part, and what it lacks.
    """
    n_test = int(parts.in_test.sum())
    if not n_test:
        raise UnfitParts("split.test_size leaves no row for the test")
    smallest = min(parts.folds.count(VAL))
    for metric in metrics:
        needed = named(metric).smallest_fold
        if smallest < needed:
            raise UnfitParts(
                f"metric {metric} needs folds of {needed} rows, but the smallest has {smallest}"
            )
        if n_test < needed:
            raise UnfitParts(f"metric {metric} needs {needed} test rows, but there are {n_test}")
    if columns.classes:
        _check_classes(parts, columns, columns.y[parts.in_train], metrics)
    else:
        _check_different_values(parts, columns.y, metrics)


def _check_different_values(parts: TrainTestSplit, y: NDArray[Any], metrics: Sequence[str]) -> None:
    different = [metric for metric in metrics if named(metric).different_values]
    if not different:
        return
    needs = f"metric {different[0]} is not defined where the target has one value only: "
    trained = y[parts.in_train]
    for number, own in enumerate(parts.folds.membership):
        judged = trained[own == VAL]
        if is_constant(judged):
            raise UnfitParts(
                f"{needs}fold {number} validates {len(judged)} rows, all of which have "
                f"{judged[0]!s}"
            )
    tested = y[parts.in_test]
    if is_constant(tested):
        raise UnfitParts(f"{needs}the test has {len(tested)} rows, all of which have {tested[0]!s}")


def _check_classes(
    parts: TrainTestSplit, columns: SplitColumns, y: NDArray[Any], metrics: Sequence[str]
) -> None:
    folds, classes = parts.folds, columns.classes
    every_class = [metric for metric in metrics if named(metric).every_class]
    total, validated = count_codes(y, len(classes)), np.zeros(len(classes), np.int64)
    for number, own in enumerate(folds.membership):
        judged = _among(own == VAL, y, len(classes))
        validated += judged
        learnt = total - judged - _among(own == UNUSED, y, len(classes))
        if not learnt.all():
            raise UnfitParts(
                f"split: fold {number} has no row of class "
                f"{_absent(learnt, columns, ' to learn from')}"
            )
        if every_class and not judged.all():
            raise UnfitParts(
                f"metric {every_class[0]} needs every class in every fold, but fold {number} "
                f"validates no row of class {_absent(judged, columns)}"
            )
    if np.count_nonzero(validated) == 1:
        only = classes[int(validated.argmax())]
        raise UnfitParts(
            f"split: all rows that the folds validate are of class {only!r}, so no score tells "
            "whether a model is right"
        )
    tested = count_codes(columns.y[parts.in_test], len(classes))
    if every_class and not tested.all():
        raise UnfitParts(
            f"metric {every_class[0]} needs every class in the test, but there is no row of class "
            f"{_absent(tested, columns)}"
        )


def _among(rows: NDArray[np.bool_], y: NDArray[Any], n: int) -> NDArray[np.int64]:
    """How often each of n classes occurs in the flagged rows, shape (n,)."""
    if n > MAX_COMPARED_CODES:
        return count_codes(y[rows], n)
    return np.array([np.count_nonzero(rows & (y == code)) for code in range(n)])


def _absent(counts: NDArray[np.int64], columns: SplitColumns, purpose: str = "") -> str:
    """A class that has no row; in time order, when it begins and ends."""
    code = int(np.argmin(counts))
    named = f"{columns.classes[code]!r}{purpose}"
    if columns.times is None:
        return named
    times = columns.times
    own = times.values[columns.y == code]
    before, after = np.mean(times.values < own.min()), np.mean(times.values > own.max())
    limits = []
    if before >= MIN_SHARE:
        limits.append(f"begins at {times.shown(own.min())}, after {before:.0%} of all rows")
    if after >= MIN_SHARE:
        limits.append(f"ends at {times.shown(own.max())}, before the last {after:.0%}")
    return named + (f", which {' and '.join(limits)}" if limits else "")
