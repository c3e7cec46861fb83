"""Checks of how rows are distributed: test against training, and class against class."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tenfold.audit import predictiveness
from tenfold.audit.audited_column import AuditedColumn
from tenfold.audit.finding import Observation, named, rounded, share
from tenfold.audit.split_table import SplitTable

# Below this a shift changes scores less than the folds' own spread does.
SHIFTED = 0.6
# Few rows reach 0.6 by chance: five standard errors above a coin's.
STANDARD_ERRORS = 5
FEWEST_ROWS = 20
SIDE_ROWS = 10_000
SIDE_CELLS = 500_000
MOST_CATEGORIES = 100
# A class is rare when the commonest has twenty rows for each of its own.
IMBALANCED = 20


def shift(table: SplitTable) -> Iterator[Observation]:
    """Adversarial validation: how well a classifier tells test rows from training rows."""
    meant = {*table.group_columns, *table.time_columns}
    columns = [c for c in table.columns if c.name not in meant and c.distinct > 0]
    rows = _rows(table, len(columns))
    is_test = (rows >= table.n_train).astype(np.float64)
    n_test, n_train = int(is_test.sum()), int(len(rows) - is_test.sum())
    if min(n_train, n_test) < FEWEST_ROWS or not columns:
        return
    error = math.sqrt((n_train + n_test + 1) / (12 * n_train * n_test))
    least = max(SHIFTED, 0.5 + STANDARD_ERRORS * error)
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
    """Classes that are rare beside the commonest."""
    if table.task == "regression":
        return
    counts = np.bincount(table.summary.y)
    rare = [code for code in np.argsort(counts, kind="stable") if _is_rare(counts, int(code))]
    if not rare:
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


def _is_rare(counts: NDArray[np.int64], code: int) -> bool:
    return bool(counts[code] * IMBALANCED < counts.max())


def _rows(table: SplitTable, n_columns: int) -> NDArray[np.int64]:
    """Places in the sample of training and test rows, as many of each as time allows."""
    most = max(1000, min(SIDE_ROWS, SIDE_CELLS // max(n_columns, 1)))
    draw = np.random.default_rng(table.seed_for("shift"))
    n_all = len(table.summary.sample)
    sides = (np.arange(table.n_train), np.arange(table.n_train, n_all))
    parts = [
        side if len(side) <= most else np.sort(draw.choice(side, most, replace=False))
        for side in sides
    ]
    return np.concatenate(parts)


def _ranks(column: AuditedColumn, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Numbers by rank, texts by how common they are; -1 where missing."""
    codes = column.codes[rows]
    if column.kind != "text":
        return codes.astype(np.float64)
    counts = np.bincount(codes[codes >= 0], minlength=len(column.labels) + 1)
    # Not in order of appearance, which is training rows first.
    order = np.lexsort((np.array([*column.labels, ""]), -counts))
    place = np.empty(len(order), dtype=np.float64)
    place[order] = np.minimum(np.arange(len(order)), MOST_CATEGORIES)
    return np.where(codes < 0, -1.0, place[np.maximum(codes, 0)])


def _told_apart(X: NDArray[np.float64], is_test: NDArray[np.float64], table: SplitTable) -> float:
    """Out-of-sample AUROC of a boosted classifier of training against test rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    seed = table.seed_for("shift", "classifier")
    predicted = np.empty(len(X))
    # Threads gain nothing at this size, and wait ruinously for each other on busy cores.
    with threadpool_limits(1):
        for train, held_out in StratifiedKFold(3, shuffle=True, random_state=seed).split(
            X, is_test
        ):
            model = HistGradientBoostingClassifier(
                max_iter=30, max_leaf_nodes=8, early_stopping=False, random_state=seed
            )
            model.fit(X[train], is_test[train])
            predicted[held_out] = model.predict_proba(X[held_out])[:, 1]
    return predictiveness.auroc(is_test, predicted)
