"""The strategy `time`: hold-out and forward-chaining folds in time order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset.folds import TRAIN, VAL, Folds
from tenfold.params import Split
from tenfold.runtime import UserError
from tenfold.splitting import feasibility
from tenfold.splitting.feasibility import UnfitParts
from tenfold.splitting.strategy import SplitColumns, TrainTestSplit


def chronological(columns: SplitColumns, rules: Split, seed: int) -> TrainTestSplit:
    """The latest rows are the test; the folds of the others are forward-chaining.

    The rows before the test are cut into n_splits + 1 blocks; fold i trains on all rows before
    block i + 1 and validates that block, as in scikit-learn's TimeSeriesSplit. That one would
    separate rows of the same time; here each cut moves to the nearest change of time.

    Raises:
        UserError: if there are fewer different times than parts, or the gap leaves no rows.
    """
    assert columns.times is not None, "the strategy read no times"
    if rules.gap_microseconds is not None and not columns.times.dated:
        raise UserError(
            f"split.gap: {rules.gap!r} needs dates, but {rules.time!r} holds numbers: give the "
            "gap in rows"
        )
    times = columns.times.values
    order = None if (times[1:] >= times[:-1]).all() else np.argsort(times, kind="stable")
    ordered = times if order is None else times[order]
    changes = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1], True])
    n_times = len(changes) - 1
    if n_times < rules.n_splits + 2:
        lower = f"lower split.n_splits to {n_times - 2} or less, or " if n_times > 3 else ""
        raise UserError(
            f"split.n_splits: {rules.n_splits} folds in time order need {rules.n_splits + 2} "
            f"different times, test included, but {rules.time!r} has {n_times}: {lower}"
            "name another column, or choose another strategy"
        )
    n = len(times)
    # Below the test there must be as many changes of time as blocks.
    [start] = cuts(changes[rules.n_splits + 1 :], [n - max(1, round(n * rules.test_size))])
    end = _before(start, ordered, changes, rules)
    membership = _chain(end, ordered, changes, rules)
    rows = np.arange(n) if order is None else order
    in_train, in_test = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    in_train[rows[:end]] = True
    in_test[rows[start:]] = True
    position = np.cumsum(in_train) - 1
    unordered = np.empty_like(membership)
    unordered[:, position[rows[:end]]] = membership
    return TrainTestSplit(in_train, in_test, lambda: Folds(unordered))


def _chain(
    end: int, ordered: NDArray[Any], changes: NDArray[np.int64], rules: Split
) -> NDArray[np.int8]:
    """The role of each of the earliest `end` rows in every fold, (n_splits, end)."""
    n_splits, within = rules.n_splits, changes[changes <= end]
    if len(within) - 1 < n_splits + 1:
        raise UnfitParts(
            f"split.gap: {rules.gap!r} before the test leaves {max(len(within) - 1, 0)} different "
            f"times to train on, but {n_splits} folds need {n_splits + 1}"
        )
    feasibility.check_size(n_splits, end)
    block = end // (n_splits + 1)
    starts = cuts(within[1:], [end - (n_splits - i) * block for i in range(n_splits)])
    membership = np.zeros((n_splits, end), dtype=np.int8)
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], end], strict=True)):
        learnt = _before(start, ordered, changes, rules)
        if learnt == 0:
            raise UnfitParts(f"split.gap: {rules.gap!r} leaves fold {number} no row to train on")
        membership[number, :learnt] = TRAIN
        membership[number, start:stop] = VAL
    return membership


def cuts(changes: NDArray[np.int64], wanted: list[int]) -> list[int]:
    """For every wanted cut the nearest change, but not the last one; all cuts are different."""
    count, room = len(wanted), len(changes) - 1
    above = np.clip(np.searchsorted(changes, wanted), 1, room)
    below = above - 1
    nearer = np.abs(changes[below] - wanted) <= np.abs(changes[above] - wanted)
    steps = np.arange(count)
    chosen = np.maximum.accumulate(np.where(nearer, below, above) - steps) + steps
    return [int(cut) for cut in changes[np.minimum(chosen, room - count + steps)]]


def _before(start: int, ordered: NDArray[Any], changes: NDArray[np.int64], rules: Split) -> int:
    """How many of the earliest rows lie before row `start` and its gap."""
    if rules.gap_microseconds is not None:
        return int(np.searchsorted(ordered, ordered[start] - rules.gap_microseconds))
    assert isinstance(rules.gap, int)
    last = np.searchsorted(changes, max(start - rules.gap, 0), side="right") - 1
    return int(changes[last])
