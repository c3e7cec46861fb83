"""The strategy `given`: a column of the table names the test rows and the folds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset.folds import Folds
from tenfold.params import Split
from tenfold.runtime import UserError
from tenfold.splitting import feasibility, shuffled
from tenfold.splitting.strategy import EqualRows, SplitColumns, TrainTestSplit

IN_TEST, IN_TRAIN = "test", "train"


def given(columns: SplitColumns, rules: Split, seed: int) -> TrainTestSplit:
    """Rows with `test` are the test; any word but `train` names the fold that validates a row.

    A row is trained on in every fold that does not validate it. If the column contains no folds,
    only `test` and `train`, they are drawn as by `auto`.

    Raises:
        UserError: if there are no test or no training rows, or copies of a row are separated.
    """
    assert columns.given is not None, "the strategy read no parts"
    labels = np.array(columns.labels, dtype=object)
    _check_copies(columns, rules)
    in_test = (labels == IN_TEST)[columns.given]
    if not in_test.any() or in_test.all():
        raise UserError(
            f"split.column: {'every' if in_test.any() else 'no'} row of {rules.column!r} says "
            f"{IN_TEST!r}, but some must be held out and some trained on: correct the column"
        )
    names = sorted(set(columns.labels) - {IN_TEST, IN_TRAIN}, key=_order)
    if not names:
        return TrainTestSplit(~in_test, in_test, _drawn(columns, ~in_test, rules, seed))
    number = {name: place for place, name in enumerate(names)}
    fold = np.array([number.get(label, -1) for label in columns.labels])[columns.given[~in_test]]
    if (fold == 0).all():
        raise UserError(
            f"split.column: {rules.column!r} says fold {names[0]!r} of every row but the test's, "
            "which leaves none to learn from: name two folds or more"
        )
    if rules.n_splits not in (Split.model_fields["n_splits"].default, len(names)):
        raise UserError(
            f"split.n_splits is {rules.n_splits}, but {rules.column!r} says {len(names)} folds "
            f"({', '.join(names[:5])}{', ...' if len(names) > 5 else ''}): remove split.n_splits"
        )
    feasibility.check_size(len(names), len(fold))
    return TrainTestSplit(~in_test, in_test, lambda: Folds.of(fold))


def _order(name: str) -> tuple[int, str]:
    """Sorts numbers by value, before words: 2 before 10."""
    return (int(name), name) if name.isdecimal() else (2**63, name)


def _drawn(
    columns: SplitColumns, available: NDArray[np.bool_], rules: Split, seed: int
) -> Callable[[], Folds]:
    copies = columns.copies
    strata = columns.y[copies.first] if columns.classes else None
    return shuffled.plan_folds(columns, strata, available[copies.first], rules, seed)


def _check_copies(columns: SplitColumns, rules: Split) -> None:
    assert columns.given is not None
    copies: EqualRows = columns.copies
    parted = np.flatnonzero(columns.given != columns.given[copies.first][copies.inverse])
    if len(parted):
        row = int(parted[0])
        first = int(np.arange(len(columns.given))[copies.first][copies.inverse][row])
        one, other = (columns.labels[columns.given[i]] for i in (first, row))
        raise UserError(
            f"split.column: {len(parted)} rows are copies of an earlier row in all features, but "
            f"{rules.column!r} says otherwise of them: line {columns.rows[first]} of the source "
            f"is {one!r} and its copy in line {columns.rows[row]} {other!r}: give both the same, "
            "or reject one in clean.require"
        )
