"""How well one column alone predicts a target, on rows that were not used to learn it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.audit.audited_column import dense
from tenfold.metrics import Task

Array = NDArray[np.float64]

# Few rows need most of themselves to find where a column's values change their meaning.
N_SPLITS, N_SPLITS_OF_FEW, FEW = 3, 10, 2_000
# Enough leaves for curves of any shape: 64 steps leave r2 at 0.9998 of a straight line.
MAX_LEAVES = 64
# The commonest classes are told apart; all others count as one.
MOST_CLASSES = 20


def score(values: Array, is_text: bool, y: NDArray[Any], task: Task, seed: int) -> float:
    """Out-of-sample AUROC (macro, one against the rest) or r2 of the target's ranks.

    Numbers are cut by a small decision tree, so a curve counts as much as a line; a text predicts
    what its other rows have, so one that never comes again predicts nothing. Missing is a value of
    its own. Ranks of the target keep one extreme row from deciding.
    """
    n_splits = N_SPLITS_OF_FEW if len(y) <= FEW else N_SPLITS
    fold = np.random.default_rng(seed).permutation(len(y)) % n_splits
    if task == "regression":
        target = _ranks(y)[:, None]
    else:
        target = np.eye(int(y.max()) + 1 if y.max() < MOST_CLASSES else MOST_CLASSES + 1)[_few(y)]
    predicted = np.empty_like(target)
    cells = dense(values) if is_text else _scaled(values)
    for number in range(n_splits):
        held_out = fold == number
        learn = _by_category if is_text else _by_tree
        predicted[held_out] = learn(cells[~held_out], target[~held_out], cells[held_out])
    if task == "regression":
        return _r2(target[:, 0], predicted[:, 0])
    if target.shape[1] == 2:
        return auroc(target[:, 1], predicted[:, 1])
    known = [code for code in range(target.shape[1]) if 0 < target[:, code].sum() < len(y)]
    return float(np.mean([auroc(target[:, code], predicted[:, code]) for code in known]))


def auroc(is_one: Array, predicted: Array) -> float:
    """Area under the ROC curve by ranks, ties in the middle."""
    from scipy.stats import rankdata

    ones, others = float(is_one.sum()), float(len(is_one) - is_one.sum())
    ranks = rankdata(predicted)
    return float((ranks[is_one == 1].sum() - ones * (ones + 1) / 2) / (ones * others))


def _few(y: NDArray[Any]) -> NDArray[np.int64]:
    """Class codes, all but the commonest classes as one."""
    if y.max() < MOST_CLASSES:
        return np.asarray(y, dtype=np.int64)
    common = np.argsort(-np.bincount(y), kind="stable")[:MOST_CLASSES]
    few = np.full(len(y), MOST_CLASSES, dtype=np.int64)
    for number, code in enumerate(common):
        few[y == code] = number
    return few


def _ranks(y: NDArray[Any]) -> Array:
    from scipy.stats import rankdata

    return np.asarray(rankdata(y) / len(y), dtype=np.float64)


def _r2(y: Array, predicted: Array) -> float:
    total = float(np.sum((y - y.mean()) ** 2))
    return 1 - float(np.sum((y - predicted) ** 2)) / total if total > 0 else 0.0


def _scaled(values: Array) -> NDArray[np.float32]:
    """Numbers from 0 to 1 for the tree, which has float32: as they are, or their ranks.

    Gaps between values tell where a meaning ends, so ranks are for what float32 would merge.
    """
    present = ~np.isnan(values)
    scaled = np.full(len(values), -1, dtype=np.float32)
    if not present.any():
        return scaled
    low, high = float(values[present].min()), float(values[present].max())
    scaled[present] = (values[present] - low) / max(high - low, 1e-300)
    ranks = dense(values)
    if len(np.unique(scaled[present])) < ranks.max() + 1:
        scaled[present] = ranks[present]
    return scaled


def _by_tree(cells: NDArray[Any], target: Array, asked: NDArray[Any]) -> Array:
    """What a small tree of one column, and of whether it has a value, predicts."""
    from sklearn.tree import DecisionTreeRegressor

    tree = DecisionTreeRegressor(
        max_leaf_nodes=MAX_LEAVES,
        min_samples_leaf=int(np.clip(len(cells) // 200, 2, 20)),
        random_state=0,
    )
    tree.fit(_with_missing(cells), target)
    return np.asarray(tree.predict(_with_missing(asked)), dtype=np.float64).reshape(len(asked), -1)


def _with_missing(cells: NDArray[Any]) -> NDArray[np.float32]:
    return np.stack([cells, cells < 0], axis=1).astype(np.float32)


def _by_category(cells: NDArray[Any], target: Array, asked: NDArray[Any]) -> Array:
    """The mean target of each category, drawn towards the mean of all by one row's weight."""
    n_codes = int(max(cells.max(), asked.max(initial=-1))) + 2
    counts = np.bincount(cells + 1, minlength=n_codes)[:, None]
    prior = target.mean(axis=0)
    sums = np.stack(
        [np.bincount(cells + 1, weights=part, minlength=n_codes) for part in target.T], axis=1
    )
    return np.asarray(((sums + prior) / (counts + 1))[asked + 1], dtype=np.float64)
