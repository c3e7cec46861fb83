"""Hold-out and folds by chance: random, or stratified by class or by bins of the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset.folds import Folds
from tenfold.params import Split
from tenfold.runtime import UserError, derive_seed
from tenfold.splitting import feasibility
from tenfold.splitting.strategy import SplitColumns, TrainTestSplit


def random(columns: SplitColumns, rules: Split, seed: int) -> TrainTestSplit:
    """Every row alike."""
    parts = _assign(columns, rules, seed, None)
    if columns.classes:
        rows = columns.y[parts.in_train]
        feasibility.check_rarest(rows, rules.n_splits, columns.classes)
    return parts


def stratified(columns: SplitColumns, rules: Split, seed: int) -> TrainTestSplit:
    """Every part with the table's shares of classes, or of quantile bins of the target."""
    y = columns.y[columns.copies.first]
    strata = y if columns.classes else bins(y, rules.n_bins)
    return _assign(columns, rules, seed, strata)


def bins(y: NDArray[Any], n_bins: int) -> NDArray[np.int16]:
    """The quantile bin of every value, shape (n,); equal values share one."""
    edges = np.unique(np.quantile(y, np.linspace(0, 1, n_bins + 1)[1:-1]))
    return np.searchsorted(edges, y, side="right").astype(np.int16)


def _assign(
    columns: SplitColumns, rules: Split, seed: int, strata: NDArray[Any] | None
) -> TrainTestSplit:
    """Assign the first of all copies of a row; the others follow."""
    copies = columns.copies
    n_units = len(columns.y[copies.first])
    held_out = hold_out(n_units, strata, rules.test_size, seed, columns.classes)
    in_test = held_out[copies.inverse]
    return TrainTestSplit(~in_test, in_test, draw(columns, strata, ~held_out, rules, seed))


def hold_out(
    n: int, strata: NDArray[Any] | None, test_size: float, seed: int, classes: Any = ()
) -> NDArray[np.bool_]:
    """Which of n rows are for the last test, shape (n,); each of the strata gives its share.

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
    feasibility.check_strata(strata, n_test, test_size, classes)
    in_test = _shares(strata, n_test, seed)
    feasibility.check_held_out(strata, in_test, test_size, classes)
    return in_test


def _shares(strata: NDArray[Any], n_test: int, seed: int) -> NDArray[np.bool_]:
    """The rows held out, as scikit-learn's StratifiedShuffleSplit draws them.

    That one makes lists of Python's integers on its way, which is long for long tables.
    """
    from sklearn.utils.extmath import _approximate_mode

    _, counts = feasibility.count(strata)
    chance = np.random.RandomState(seed)
    train = _approximate_mode(counts, len(strata) - n_test, chance)
    test = _approximate_mode(counts - train, n_test, chance)
    in_test = np.zeros(len(strata), dtype=np.bool_)
    for rows, n, first, held in zip(_members(strata), counts, train, test, strict=True):
        # Half as long as those that RandomState.permutation makes, and drawn alike.
        order = np.arange(n, dtype=np.int32)
        chance.shuffle(order)
        own = np.zeros(n, dtype=np.bool_)
        own[order[first : first + held]] = True
        in_test[rows] = own
    return in_test


def _members(strata: NDArray[Any]) -> list[NDArray[Any]]:
    """The rows of each of the strata that occur, by their codes: flags, or places where many."""
    codes, counts = feasibility.count(strata)
    if len(codes) <= feasibility.MAX_COMPARED_CODES:
        return [strata == code for code in codes]
    return np.split(np.argsort(strata, kind="stable"), np.cumsum(counts)[:-1])


def draw(
    columns: SplitColumns,
    strata: NDArray[Any] | None,
    available: NDArray[np.bool_],
    rules: Split,
    seed: int,
) -> Callable[[], Folds]:
    """(Repeated) k-fold over the rows whose copies' first is available: checked now, drawn later.

    Args:
        columns: the table.
        strata: of the first of all copies of a row, shape (units,).
        available: which of them there are to train on, shape (units,).
        rules: how many folds, and how often.
        seed: of the experiment.
    """
    copies = columns.copies
    feasibility.check_folds(
        int(available.sum()), "training rows", rules, apart=copies.all_different
    )
    feasibility.check_size(rules.n_splits * rules.n_repeats, int(available[copies.inverse].sum()))
    own = None if strata is None else strata[available]
    if own is not None:
        feasibility.check_rarest(own, rules.n_splits, columns.classes, apart=copies.all_different)

    def folds() -> Folds:
        drawn = []
        for repeat in range(rules.n_repeats):
            # The first one's is that of folds that are drawn once.
            chance = derive_seed(seed, "split", "folds", *([repeat] if repeat else []))
            fold = np.full(len(available), -1, dtype=np.int16)
            fold[available] = _dealt(int(available.sum()), own, rules.n_splits, chance)
            rows = fold[copies.inverse]
            drawn.append(Folds.of(rows[rows >= 0]).membership)
        return Folds(np.concatenate(drawn))

    return folds


def _dealt(n: int, strata: NDArray[Any] | None, n_splits: int, seed: int) -> NDArray[np.int16]:
    """The fold that validates each of n rows, as scikit-learn's (Stratified)KFold draws it.

    Those tell the rows of one fold after the other, in passes over all rows that are long for
    long tables.
    """
    chance = np.random.RandomState(seed)
    fold = np.empty(n, dtype=np.int16)
    if strata is None:
        order = chance.permutation(n)
        for number, held in enumerate(np.array_split(order, n_splits)):
            fold[held] = number
        return fold
    dealt, places = 0, np.arange(n_splits, dtype=np.int16)
    _, counts = feasibility.count(strata)
    strata_of = sorted(zip(_members(strata), counts, strict=True), key=lambda one: _first(one[0]))
    # Strata by first appearance; what one's last round leaves over, the next one goes on with.
    for rows, count in strata_of:
        times = np.full(n_splits, count // n_splits)
        times[(dealt + np.arange(count % n_splits)) % n_splits] += 1
        own = np.repeat(places, times)
        chance.shuffle(own)
        fold[rows] = own
        dealt += count
    return fold


def _first(rows: NDArray[Any]) -> int:
    """The first of some rows, told by flags or by rising places."""
    return int(np.argmax(rows) if rows.dtype == np.bool_ else rows[0])
