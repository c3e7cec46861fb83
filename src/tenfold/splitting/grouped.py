"""The strategy `grouped`: hold-out and folds of whole groups, balanced in rows and classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset.folds import Folds
from tenfold.params import Split
from tenfold.runtime import UserError, derive_seed
from tenfold.splitting import feasibility
from tenfold.splitting.equal_rows import merge_groups
from tenfold.splitting.strategy import SplitColumns, TrainTestSplit

# If groups times classes exceed this, groups are balanced by their rows alone.
MAX_COUNTS = 2**27


def grouped(columns: SplitColumns, rules: Split, seed: int) -> TrainTestSplit:
    """Keep every group on one side; groups that contain copies of the same row count as one.

    Raises:
        UserError: if there are fewer groups than parts.
    """
    assert columns.groups is not None, "the strategy read no groups"
    groups = merge_groups(columns.groups, columns.copies)
    counts = _counts(groups, columns)
    tied = len(counts) < int(columns.groups.max()) + 1
    if len(counts) == 1:
        raise UserError(
            f"split.group: {rules.group!r} has one group only"
            f"{', since groups that hold equal rows count as one' if tied else ''}, but training "
            "and test need one each: "
            f"{'set split.copies: independent' if tied else 'name another column'}"
        )
    shares = np.array([1 - rules.test_size, rules.test_size])
    # Without a minimum, a group as large as all others would leave nothing to train on.
    least = np.array([rules.n_splits, 1])
    held_out = deal(counts, shares, derive_seed(seed, "split", "test"), least) == 1
    available = np.flatnonzero(~held_out)
    feasibility.check_folds(len(available), "groups to train on", rules, all_different=not tied)
    in_test = held_out[groups]
    feasibility.check_size(rules.n_splits * rules.n_repeats, int((~in_test).sum()))
    if columns.classes:
        feasibility.check_rarest(columns.y[~in_test], rules.n_splits, columns.classes)

    def folds() -> Folds:
        drawn, alike = [], np.ones(rules.n_splits, dtype=np.int64)
        for repeat in range(rules.n_repeats):
            fold = np.full(len(counts), -1, dtype=np.int16)
            fold_seed = derive_seed(seed, "split", "folds", repeat)
            fold[available] = deal(counts[available], alike / rules.n_splits, fold_seed, alike)
            drawn.append(Folds.of(fold[groups][~in_test]).membership)
        return Folds(np.concatenate(drawn))

    return TrainTestSplit(~in_test, in_test, folds)


def _counts(groups: NDArray[np.int64], columns: SplitColumns) -> NDArray[np.int64]:
    """Each group's rows, and its rows of every class: (groups, 1 + classes)."""
    size = np.bincount(groups)
    n_classes = len(columns.classes)
    if not n_classes or len(size) * n_classes > MAX_COUNTS:
        return size[:, None]
    cells = groups * n_classes + columns.y
    by_class = np.bincount(cells, minlength=len(size) * n_classes)
    return np.column_stack([size, by_class.reshape(len(size), n_classes)])


def deal(
    counts: NDArray[np.int64],
    shares: NDArray[np.float64],
    seed: int,
    least: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Assign every group to a part, (groups,), so that each part gets its share of every column.

    A greedy algorithm: from large to small, in random order among groups of similar size, each
    group goes to the part where the sum over parts and columns of rows^2 / (share * total^2) grows
    least. The sum is smallest where all shares are met. Groups with equal counts are assigned
    together.

    Args:
        counts: (groups, columns) the rows of each group, in all and of every class.
        shares: (parts,) what each part should get; they add up to 1.
        seed: of the order.
        least: (parts,) how many groups each part needs, if there are that many.
    """
    draw = np.random.default_rng(seed)
    kinds, kind, times = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
    shuffled = draw.permutation(len(counts))
    members = np.split(shuffled[np.argsort(kind[shuffled], kind="stable")], np.cumsum(times)[:-1])
    order = draw.permutation(len(kinds))
    order = order[np.argsort(-np.log2(kinds[order, 0]).astype(np.int64), kind="stable")]
    weights = 1 / np.maximum(counts.sum(axis=0), 1).astype(np.float64) ** 2
    part = np.empty(len(counts), dtype=np.int64)
    held = np.zeros((len(shares), counts.shape[1]))
    for number in order:
        own = kinds[number] * weights
        growth = own @ kinds[number]
        taken = _cheapest((2 * (held @ own) + growth) / shares, 2 * growth / shares, times[number])
        part[members[number]] = np.repeat(np.arange(len(shares)), taken)
        held += taken[:, None] * kinds[number]
    # Every part gets one group before any gets a second.
    for needed in (np.minimum(least, 1), least):
        _fill(part, counts[:, 0], needed)
    return part


def _cheapest(
    cost: NDArray[np.float64], step: NDArray[np.float64], count: int
) -> NDArray[np.int64]:
    """How many of `count` equal groups each part takes if each goes to the cheapest.

    The cost of a part, shape (parts,), rises by its `step` with every group it takes.
    """
    taken = np.zeros(len(cost), dtype=np.int64)
    if count > len(cost):
        low, high = 0.0, float((cost + step * count).max())
        for _ in range(60):
            level = (low + high) / 2
            found = np.maximum(np.ceil((level - cost) / step), 0).astype(np.int64)
            if found.sum() <= count:
                low, taken = level, found
            else:
                high = level
    for _ in range(count - int(taken.sum())):
        taken[np.argmin(cost + taken * step)] += 1
    return taken


def _fill(part: NDArray[np.int64], size: NDArray[np.int64], least: NDArray[np.int64]) -> None:
    """Move the smallest groups that other parts can spare to every part that has too few."""
    for number, needed in enumerate(least):
        while (held := np.bincount(part, minlength=len(least)))[number] < needed:
            spare = np.flatnonzero((held > least)[part])
            if not len(spare):
                break
            part[spare[np.argmin(size[spare])]] = number
