"""The hold-out test rows, and the fold of every training row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenfold.dataset import FOLD, ROW
from tenfold.metrics import METRICS, Task
from tenfold.params import Split
from tenfold.runtime import Refused, derive_seed

MOST_CLASSES = 1000


@dataclass(frozen=True)
class Parts:
    """The clean table in two: `train` with its fold column, and `test`; both in source order."""

    train: Any
    test: Any
    report: dict[str, Any]


def split(
    table: Any, target: str, task: Task, rules: Split, metrics: Sequence[str], seed: int
) -> Parts:
    """Part a clean Arrow table into training rows with folds, and test rows.

    Raises:
        Refused: if the target does not fit the task, or rows or classes are too few.
    """
    table = _with_labels(table, target) if task != "regression" else table
    y = table[target].to_numpy()
    check_target(y, target, task)
    in_test = hold_out(y, task, rules.test_size, seed)
    fold = folds(y[~in_test], task, rules.n_splits, seed)
    _check_sizes(fold, int(in_test.sum()), metrics)
    train = table.filter(pa.array(~in_test)).append_column(FOLD, pa.array(fold))
    test = table.filter(pa.array(in_test))
    report = _report(table, target, task, y, in_test, fold)
    return Parts(train, test, report)


def check_target(y: NDArray[Any], target: str, task: Task) -> None:
    """Check that a target can be what `task` says it is.

    Raises:
        Refused: if it cannot, with the task that fits.
    """
    classes = np.unique(y)
    if len(classes) == 1:
        what = "value" if task == "regression" else "class"
        raise Refused(
            f"data.target: {target!r} has one {what} only, {classes[0]!s}: there is nothing to "
            "learn; check data.target and the rules of clean"
        )
    if task == "regression":
        return
    if len(classes) > MOST_CLASSES or 2 * len(classes) > max(len(y), 6):
        raise Refused(
            f"task {task} needs rows that share classes, but {target!r} has {len(classes)} "
            f"different values in {len(y)} rows: is this task: regression, or the wrong target?"
        )
    if task == "binary" and len(classes) > 2:
        raise Refused(
            f"task binary needs two classes, but {target!r} has {len(classes)} "
            f"({_some(classes)}): set task: multiclass"
        )
    if task == "multiclass" and len(classes) == 2:
        raise Refused(
            f"task multiclass needs three classes or more, but {target!r} has two "
            f"({_some(classes)}): set task: binary"
        )


def hold_out(y: NDArray[Any], task: Task, test_size: float, seed: int) -> NDArray[np.bool_]:
    """Which rows are for the last test, shape (n,): stratified by class for classification.

    Raises:
        Refused: if a class would have no row on one of the two sides.
    """
    from sklearn.model_selection import train_test_split

    n_test = max(1, round(len(y) * test_size))
    if n_test >= len(y):
        raise Refused(
            f"split.test_size: {test_size} of {len(y)} rows leaves none to train on: lower it"
        )
    if task != "regression":
        _check_strata(y, n_test, test_size)
    chosen = train_test_split(
        np.arange(len(y)),
        test_size=n_test,
        stratify=None if task == "regression" else y,
        random_state=derive_seed(seed, "split", "test"),
    )[1]
    in_test = np.zeros(len(y), dtype=np.bool_)
    in_test[chosen] = True
    if task != "regression":
        for label in np.unique(y):
            if not np.any(y[in_test] == label):
                raise Refused(_absent(label, int(np.sum(y == label)), test_size))
    return in_test


def folds(y_train: NDArray[Any], task: Task, n_splits: int, seed: int) -> NDArray[np.int64]:
    """The fold 0..n_splits-1 of every training row, shape (n,): stratified for classification.

    Raises:
        Refused: if there are fewer rows, or rows of a class, than folds.
    """
    from sklearn.model_selection import KFold, StratifiedKFold

    if len(y_train) < n_splits:
        raise Refused(
            f"split.n_splits: {n_splits} folds need {n_splits} training rows, but there are "
            f"{len(y_train)}: lower split.n_splits"
        )
    if task != "regression":
        for label, count in zip(*np.unique(y_train, return_counts=True), strict=True):
            if count < n_splits:
                raise Refused(
                    f"split.n_splits: class {_shown(label)} has {count} training rows, fewer than "
                    f"{n_splits} folds: lower split.n_splits, or reject the class in clean.require"
                )
    splitter = (KFold if task == "regression" else StratifiedKFold)(
        n_splits, shuffle=True, random_state=derive_seed(seed, "split", "folds")
    )
    fold = np.empty(len(y_train), dtype=np.int64)
    for number, (_, rows) in enumerate(splitter.split(y_train, y_train)):
        fold[rows] = number
    return fold


def _with_labels(table: Any, target: str) -> Any:
    """The table with class labels that are integers or texts: 1.0 becomes 1."""
    column = table[target]
    if not pa.types.is_floating(column.type):
        return table
    broken = pc.filter(column, pc.not_equal(pc.floor(column), column))
    if len(broken):
        raise Refused(
            f"data.target: {target!r} holds numbers such as {broken[0].as_py()}, not classes: "
            "set task: regression, or name another target"
        )
    position = table.schema.get_field_index(target)
    return table.set_column(position, target, column.cast(pa.int64()))


def _check_strata(y: NDArray[Any], n_test: int, test_size: float) -> None:
    labels, counts = np.unique(y, return_counts=True)
    rarest = int(np.argmin(counts))
    if counts[rarest] < 2:
        raise Refused(
            f"class {_shown(labels[rarest])} has 1 row, too few for training and test: reject it "
            "in clean.require, or add rows"
        )
    if n_test < len(labels):
        raise Refused(
            f"split.test_size: {test_size} of {len(y)} rows is {n_test}, fewer than the "
            f"{len(labels)} classes: raise split.test_size"
        )
    if len(y) - n_test < len(labels):
        raise Refused(
            f"split.test_size: {test_size} leaves {len(y) - n_test} training rows, fewer than the "
            f"{len(labels)} classes: lower split.test_size"
        )


def _absent(label: object, count: int, test_size: float) -> str:
    return (
        f"class {_shown(label)} has {count} rows and none in the test share of {test_size}: "
        "raise split.test_size, or reject the class in clean.require"
    )


def _check_sizes(fold: NDArray[np.int64], n_test: int, metrics: Sequence[str]) -> None:
    """Every metric must be defined on the smallest fold and on the test rows."""
    smallest = int(np.bincount(fold).min())
    for metric in metrics:
        needed = METRICS[metric].smallest_fold
        if smallest < needed:
            raise Refused(
                f"metric {metric} needs folds of {needed} rows, but the smallest has {smallest}: "
                "lower split.n_splits, or remove the metric"
            )
        if n_test < needed:
            raise Refused(
                f"metric {metric} needs {needed} test rows, but there are {n_test}: raise "
                "split.test_size, or remove the metric"
            )


def _report(
    table: Any,
    target: str,
    task: Task,
    y: NDArray[Any],
    in_test: NDArray[np.bool_],
    fold: NDArray[np.int64],
) -> dict[str, Any]:
    names = [name for name in table.column_names if name not in (ROW, target)]
    check_kinds(table, names)
    text = {name for name in names if pa.types.is_string(table.schema.field(name).type)}
    report: dict[str, Any] = {
        "rows": {"train": int(np.sum(~in_test)), "test": int(np.sum(in_test))},
        "folds": np.bincount(fold).tolist(),
        "classes": [],
        "features": {
            "numeric": [name for name in names if name not in text],
            "categorical": [name for name in names if name in text],
        },
        "target": target,
        "task": task,
    }
    if task != "regression":
        report["classes"] = np.unique(y).tolist()
        report["class_counts"] = {
            "train": _class_counts(y[~in_test]),
            "test": _class_counts(y[in_test]),
        }
    return report


def check_kinds(table: Any, features: Sequence[str]) -> None:
    """Check that every feature holds numbers or texts.

    Raises:
        Refused: if one holds dates, which would be read as a count of nanoseconds.
    """
    for feature in features:
        if pa.types.is_temporal(table.schema.field(feature).type):
            raise Refused(
                f"{feature!r} holds dates, and a model reads numbers and texts: let clean.derive "
                f"make what matters of it, such as year({feature}), and name it in "
                "clean.drop_columns"
            )


def _class_counts(y: NDArray[Any]) -> dict[str, int]:
    labels, counts = np.unique(y, return_counts=True)
    return {str(label): int(count) for label, count in zip(labels, counts, strict=True)}


def _shown(label: object) -> str:
    return repr(label.item() if isinstance(label, np.generic) else label)


def _some(classes: NDArray[Any]) -> str:
    shown = [_shown(label) for label in classes[:5]]
    return ", ".join(shown) + (", ..." if len(classes) > 5 else "")
