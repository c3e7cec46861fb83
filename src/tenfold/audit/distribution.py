"""Checks of distributions: test rows against training rows, and the sizes of classes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tenfold.audit import predictiveness
from tenfold.audit.audited_column import AuditedColumn
from tenfold.audit.finding import Observation, named, rounded, share
from tenfold.audit.split_table import SplitTable
from tenfold.audit.table_summary import draw_sorted

# A smaller shift changes scores less than they differ between folds.
MIN_AUROC = 0.6
# Small tables reach 0.6 by chance, so the AUROC must also be this far above 0.5.
MIN_STANDARD_ERRORS = 5
MIN_ROWS = 20
MAX_ROWS_PER_SIDE = 10_000
MAX_CELLS_PER_SIDE = 500_000
MAX_CATEGORIES = 100
# A class is rare if the commonest has more than this many times its rows.
MAX_RATIO = 20


def shift(table: SplitTable) -> Iterator[Observation]:
    """Adversarial validation: whether a classifier tells test rows from training rows."""
    meant = {*table.group_columns, *table.time_columns}
    columns = [c for c in table.columns if c.name not in meant and c.distinct > 0]
    rows = _rows(table, len(columns))
    is_test = (rows >= table.n_train).astype(np.float64)
    n_test, n_train = int(is_test.sum()), int(len(rows) - is_test.sum())
    if min(n_train, n_test) < MIN_ROWS or not columns:
        return
    error = math.sqrt((n_train + n_test + 1) / (12 * n_train * n_test))
    least = max(MIN_AUROC, 0.5 + MIN_STANDARD_ERRORS * error)
    found = _told_apart(np.stack([_ranks(c, rows) for c in columns], axis=1), is_test, table)
    if found < least:
        return
    alone = {
        column.name: predictiveness.score(
            column.values[rows],
            column.kind == "text",
            is_test.astype(np.int64),
            "binary",
            table.seed_for("shift", column.name),
        )
        for column in columns
    }
    ranked = sorted(alone, key=lambda name: (-alone[name], name))
    telling = [name for name in ranked if alone[name] >= least] or ranked[:1]
    yield Observation(
        telling,
        f"test rows differ from training rows (a classifier tells them apart with auroc "
        f"{found:.3f}), above all in {named(telling)}: the folds will not foretell the test: if "
        f"the split is meant so, expect it; if a column only counts or dates rows, name it in "
        "clean.drop_columns",
        {
            "auroc": rounded(found),
            "alone": {name: rounded(alone[name]) for name in telling},
        },
    )


def imbalance(table: SplitTable) -> Iterator[Observation]:
    """Classes that are rare compared to the commonest."""
    if table.task == "regression":
        return
    counts = np.bincount(table.summary.y)
    by_size = np.argsort(counts, kind="stable")
    rare = by_size[counts[by_size] * MAX_RATIO < counts.max()]
    if not len(rare):
        return
    labels = [str(table.summary.classes[code]) for code in rare]
    rarest = int(counts[rare[0]])
    yield Observation(
        (table.target,),
        f"class {named(labels)} {'is' if len(rare) == 1 else 'are'} rare: {rarest} of "
        f"{len(table.in_test)} rows ({share(rarest, len(table.in_test))}) for the rarest: accuracy "
        "will look good whatever is learnt: decide by log_loss or auroc (metrics), and try "
        "class_weight: balanced",
        {"counts": {str(c): int(n) for c, n in zip(table.summary.classes, counts, strict=True)}},
    )


def _rows(table: SplitTable, n_columns: int) -> NDArray[np.int64]:
    """Places in the sample of training and test rows, as many of each as time allows."""
    most = max(1000, min(MAX_ROWS_PER_SIDE, MAX_CELLS_PER_SIDE // max(n_columns, 1)))
    draw = np.random.default_rng(table.seed_for("shift"))
    sides = np.split(np.arange(len(table.summary.sample)), [table.n_train])
    return np.concatenate([draw_sorted(draw, side, most) for side in sides])


def _ranks(column: AuditedColumn, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ranks of numbers, and of texts by how common they are; -1 where missing."""
    codes = column.codes[rows]
    if column.kind != "text":
        return codes.astype(np.float64)
    counts = np.bincount(codes[codes >= 0], minlength=len(column.labels) + 1)
    # Order of appearance would tell training rows from test rows.
    order = np.lexsort((np.array([*column.labels, ""]), -counts))
    place = np.empty(len(order), dtype=np.float64)
    place[order] = np.minimum(np.arange(len(order)), MAX_CATEGORIES)
    return np.where(codes < 0, -1.0, place[np.maximum(codes, 0)])


def _told_apart(X: NDArray[np.float64], is_test: NDArray[np.float64], table: SplitTable) -> float:
    """Out-of-sample AUROC of a boosted classifier of training against test rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    seed = table.seed_for("shift", "classifier")
    model = HistGradientBoostingClassifier(
        max_iter=30, max_leaf_nodes=8, early_stopping=False, random_state=seed
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    # Threads gain nothing at this size, and wait for each other on busy cores.
    with threadpool_limits(1):
        predicted = cross_val_predict(model, X, is_test, cv=folds, method="predict_proba")
    return predictiveness.auroc(is_test, predicted[:, 1])
