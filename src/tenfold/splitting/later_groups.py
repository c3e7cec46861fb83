"""The strategy `time` with a `group`: later rows of groups that were not learnt from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset.folds import TRAIN, UNUSED, VAL, Folds
from tenfold.params import Split
from tenfold.runtime import derive_seed
from tenfold.splitting.chronological import chronological
from tenfold.splitting.feasibility import UnfitParts
from tenfold.splitting.strategy import SplitColumns, TrainTestSplit


def later_rows_of_new_groups(columns: SplitColumns, rules: Split, seed: int) -> TrainTestSplit:
    """Split by time, and hold out groups: no earlier row of a judged group is learnt from.

    Of the later rows, those are the test whose group has no earlier row. Where these are fewer than
    test_size of them, groups drawn by chance join, and their earlier rows are left out. The later
    rows of all other groups are left out, too. So in every fold, where the later rows are the block
    that it validates.

    Raises:
        UserError: as `chronological` does, or if no group is left to learn from.
    """
    assert columns.groups is not None, "the strategy read no groups"
    by_time, groups = chronological(columns, rules, seed), columns.groups
    n_groups = int(groups.max()) + 1
    drawn = np.random.default_rng(derive_seed(seed, "split", "test")).permutation(n_groups)
    new = _held_out(groups, by_time.in_train, by_time.in_test, drawn, rules.test_size)
    in_train, in_test = by_time.in_train & ~new[groups], by_time.in_test & new[groups]
    _check_learnt(in_train, "the test", rules)

    def folds() -> Folds:
        own = groups[in_train]
        membership = by_time.folds.membership[:, in_train[by_time.in_train]]
        order = np.random.default_rng(derive_seed(seed, "split", "folds")).permutation(n_groups)
        for number, roles in enumerate(membership):
            # Every fold begins with other groups.
            turned = np.roll(order, -number * n_groups // len(membership))
            learnt, judged = roles == TRAIN, roles == VAL
            new = _held_out(own, learnt, judged, turned, rules.test_size)[own]
            roles[(learnt & new) | (judged & ~new)] = UNUSED
            _check_learnt(roles == TRAIN, f"fold {number}", rules)
        return Folds(membership)

    return TrainTestSplit(in_train, in_test, folds)


def _held_out(
    groups: NDArray[np.int64],
    earlier: NDArray[np.bool_],
    later: NDArray[np.bool_],
    order: NDArray[np.int64],
    share: float,
) -> NDArray[np.bool_]:
    """Which groups are held out, (groups,): those that begin later, and others in an order.

    Others join until the held-out groups have about `share` of the later rows.
    """
    n_groups = len(order)
    before = np.bincount(groups[earlier], minlength=n_groups)
    after = np.bincount(groups[later], minlength=n_groups)
    held_out: NDArray[np.bool_] = (before == 0) & (after > 0)
    missing = share * after.sum() - after[held_out].sum()
    known = order[(after[order] > 0) & (before[order] > 0)]
    reached = np.cumsum(after[known])
    n_joining = int(np.searchsorted(reached, missing)) if missing > 0 else 0
    # The last one joins if that comes nearer, or if there is none yet.
    if n_joining < len(known) and missing > 0:
        short = missing - (reached[n_joining - 1] if n_joining else 0)
        n_joining += int(2 * short >= after[known[n_joining]] or not held_out.any())
    held_out[known[: max(n_joining, 1 - int(held_out.any()))]] = True
    return held_out


def _check_learnt(learnt: NDArray[np.bool_], part: str, rules: Split) -> None:
    if not learnt.any():
        raise UnfitParts(
            f"split.group: every earlier row belongs to a group of {rules.group!r} that {part} "
            "holds, so that none is left to learn from"
        )
