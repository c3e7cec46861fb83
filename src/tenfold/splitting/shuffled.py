"""The strategies `random` and `stratified`: hold-out and k-fold, as scikit-learn draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset.folds import Folds
from tenfold.params import Split
from tenfold.runtime import UserError, derive_seed
from tenfold.splitting import feasibility
from tenfold.splitting.strategy import EqualRows, SplitColumns, TrainTestSplit


def random(columns: SplitColumns, rules: Split, seed: int) -> TrainTestSplit:
    """Draw test rows and folds from all rows alike."""
    parts = _assign(columns, rules, seed, None)
    if columns.classes:
        rows = columns.y[parts.in_train]
        feasibility.check_rarest(rows, rules.n_splits, columns.classes)
    return parts


def stratified(columns: SplitColumns, rules: Split, seed: int) -> TrainTestSplit:
    """Draw both so that each has the table's shares of classes, or of quantile bins."""
    y = columns.y[columns.copies.first]
    strata = y if columns.classes else quantile_bins(y, rules.n_bins)
    return _assign(columns, rules, seed, strata)


def quantile_bins(y: NDArray[Any], n_bins: int) -> NDArray[np.int16]:
    """The quantile bin of every value, shape (n,); equal values share one.

    If half of the rows or more share one value, such as 0, the rare values on either side of it
    have bins of their own.
    """
    edges = np.unique(np.quantile(y, np.linspace(0, 1, n_bins + 1)[1:-1]))
    common = np.median(y)
    if np.mean(y == common) >= 0.5:
        below, above = edges[edges < common], edges[edges > common]
        if len(below) and np.sum((y >= below[-1]) & (y < common)) < len(y) / n_bins / 2:
            # Too few rows for a bin: they join the one before it.
            below = below[:-1]
        if not len(above):
            above = np.array([np.nextafter(common, np.inf)])
        edges = np.array([*below, common, *above])
    return np.searchsorted(edges, y, side="right").astype(np.int16)


def _assign(
    columns: SplitColumns, rules: Split, seed: int, strata: NDArray[Any] | None
) -> TrainTestSplit:
    """Draw for the first copy of each row; the other copies follow."""
    copies = columns.copies
    n_sets = len(columns.y[copies.first])
    held_out = hold_out(
        n_sets,
        strata,
        rules.test_size,
        seed,
        columns.classes,
        all_different=copies.all_different,
    )
    in_train = ~held_out[copies.inverse]
    own = None if strata is None else strata[~held_out]
    plan = plan_folds(
        copies.among(in_train), int(in_train.sum()), own, columns.classes, rules, seed
    )
    return TrainTestSplit(in_train, ~in_train, plan)


def hold_out(
    n: int,
    strata: NDArray[Any] | None,
    test_size: float,
    seed: int,
    classes: Any = (),
    *,
    all_different: bool = True,
) -> NDArray[np.bool_]:
    """Which of n rows are test rows, shape (n,); every stratum gives its share.

    Raises:
        UserError: if there are too few rows.
    """
    n_test = max(1, round(n * test_size))
    if n_test >= n:
        raise UserError(
            f"split.test_size: {test_size} of {n} rows leaves none to train on: lower it"
        )
    seed = derive_seed(seed, "split", "test")
    in_test = np.zeros(n, dtype=np.bool_)
    if strata is None:
        from sklearn.model_selection import ShuffleSplit

        in_test[next(ShuffleSplit(1, test_size=n_test, random_state=seed).split(in_test))[1]] = True
        return in_test
    feasibility.check_strata(strata, n_test, test_size, classes, all_different=all_different)
    in_test = _stratified_hold_out(strata, n_test, seed)
    feasibility.check_held_out(strata, in_test, test_size, classes)
    return in_test


def _stratified_hold_out(strata: NDArray[Any], n_test: int, seed: int) -> NDArray[np.bool_]:
    """The rows that scikit-learn's StratifiedShuffleSplit holds out, (n,).

    Of 10^6 rows it takes 0.4 s instead of 2.7: no position becomes a Python integer.
    """
    from sklearn.utils.extmath import _approximate_mode

    _, counts = feasibility.count_strata(strata)
    chance = np.random.RandomState(seed)
    train = _approximate_mode(counts, len(strata) - n_test, chance)
    test = _approximate_mode(counts - train, n_test, chance)
    in_test = np.zeros(len(strata), dtype=np.bool_)
    for rows, n, first, held in zip(_rows_by_stratum(strata), counts, train, test, strict=True):
        # Half the memory of RandomState.permutation, with the same draws.
        order = np.arange(n, dtype=np.int32)
        chance.shuffle(order)
        own = np.zeros(n, dtype=np.bool_)
        own[order[first : first + held]] = True
        in_test[rows] = own
    return in_test


def _rows_by_stratum(strata: NDArray[Any]) -> list[NDArray[Any]]:
    """The rows of each stratum: flags (n,) if there are few strata, else increasing positions."""
    codes, counts = feasibility.count_strata(strata)
    if len(codes) <= feasibility.MAX_COMPARED_CODES:
        return [strata == code for code in codes]
    return np.split(np.argsort(strata, kind="stable"), np.cumsum(counts)[:-1])


def plan_folds(
    copies: EqualRows,
    n_rows: int,
    strata: NDArray[Any] | None,
    classes: Sequence[Any],
    rules: Split,
    seed: int,
) -> Callable[[], Folds]:
    """Check that (repeated) k-fold is possible, and return the function that draws it.

    Args:
        copies: the training rows that stay on one side.
        n_rows: how many training rows there are.
        strata: (sets,) the stratum of the first copy of each row, if stratified.
        classes: the labels, if the strata are classes.
        rules: how many folds, and how often.
        seed: of the experiment.
    """
    n_sets = n_rows if isinstance(copies.first, slice) else len(copies.first)
    feasibility.check_folds(n_sets, "training rows", rules, all_different=copies.all_different)
    feasibility.check_size(rules.n_splits * rules.n_repeats, n_rows)
    if strata is not None:
        feasibility.check_rarest(
            strata, rules.n_splits, classes, all_different=copies.all_different
        )

    def folds() -> Folds:
        drawn = []
        for repeat in range(rules.n_repeats):
            # The first repeat draws what a split without repeats does.
            chance = derive_seed(seed, "split", "folds", *([repeat] if repeat else []))
            fold = _k_fold(n_sets, strata, rules.n_splits, chance)
            drawn.append(Folds.of(fold[copies.inverse]).membership)
        return Folds(np.concatenate(drawn))

    return folds


def _k_fold(n: int, strata: NDArray[Any] | None, n_splits: int, seed: int) -> NDArray[np.int16]:
    """The fold that validates each of n rows in scikit-learn's (Stratified)KFold.

    Of 10^6 rows it takes 0.4 s instead of 1.1: one pass over the rows, and not one for each fold.
    """
    chance = np.random.RandomState(seed)
    fold = np.empty(n, dtype=np.int16)
    if strata is None:
        order = chance.permutation(n)
        for number, held in enumerate(np.array_split(order, n_splits)):
            fold[held] = number
        return fold
    n_before, numbers = 0, np.arange(n_splits, dtype=np.int16)
    _, counts = feasibility.count_strata(strata)
    by_stratum = zip(_rows_by_stratum(strata), counts, strict=True)
    # By first appearance; each stratum continues with the fold at which the one before it ended.
    for rows, count in sorted(by_stratum, key=lambda one: _first(one[0])):
        times = np.full(n_splits, count // n_splits)
        times[(n_before + np.arange(count % n_splits)) % n_splits] += 1
        own = np.repeat(numbers, times)
        chance.shuffle(own)
        fold[rows] = own
        n_before += count
    return fold


def _first(rows: NDArray[Any]) -> int:
    """The first of some rows, given as flags or as increasing positions."""
    return int(np.argmax(rows) if rows.dtype == np.bool_ else rows[0])
