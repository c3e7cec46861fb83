"""The strategy `given`: a column of the table names the test rows and the folds."""

from __future__ import annotations

import json

import numpy as np

from tenfold.dataset.folds import Folds
from tenfold.params import Split
from tenfold.runtime import UserError
from tenfold.splitting import feasibility, shuffled
from tenfold.splitting.strategy import SplitColumns, TrainTestSplit

IN_TEST, IN_TRAIN = "test", "train"


def given(columns: SplitColumns, rules: Split, seed: int) -> TrainTestSplit:
    """Rows with `test` are the test; any word but `train` names the fold that validates a row.

    A row is trained on in every fold that does not validate it. If the column contains no folds,
    only `test` and `train`, they are drawn as by `auto`. Whether copies of a row may be on both
    sides is the audit's to judge.

    Raises:
        UserError: if there are no test or no training rows, or the folds are named otherwise.
    """
    assert columns.given is not None, "the strategy read no parts"
    labels = np.array(columns.labels, dtype=object)
    in_test = (labels == IN_TEST)[columns.given]
    if not in_test.any() or in_test.all():
        raise UserError(
            f"split.column: {'every' if in_test.any() else 'no'} row of {rules.column!r} says "
            f"{IN_TEST!r}, but some must be held out and some trained on{_cure(columns, rules)}"
        )
    names = sorted(set(columns.labels) - {IN_TEST, IN_TRAIN}, key=_order)
    if not names:
        copies = columns.copies.among(~in_test)
        strata = columns.y[~in_test][copies.first] if columns.classes else None
        n_rows = int((~in_test).sum())
        plan = shuffled.plan_folds(copies, n_rows, strata, columns.classes, rules, seed)
        return TrainTestSplit(~in_test, in_test, plan)
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


def _cure(columns: SplitColumns, rules: Split) -> str:
    """What the column says, and how to write it in the words of a split."""
    shown = ", ".join(map(repr, columns.labels[:5])) + (", ..." if len(columns.labels) > 5 else "")
    swaps = {
        label: word
        for word in (IN_TEST, IN_TRAIN)
        for label in columns.labels
        if label.strip().lower().startswith(word) and label != word
    }
    replaced = f" with clean.replace: {json.dumps({rules.column: swaps})}"
    return (
        f" (it says {shown}): correct the column{replaced if IN_TEST in swaps.values() else ''}, "
        "or make one with clean.derive, such as part: CASE WHEN ... THEN 'test' ELSE 'train' END"
    )


def _order(name: str) -> tuple[int, str]:
    """Sorts numbers by value, before words: 2 before 10."""
    return (int(name), name) if name.isdecimal() else (2**63, name)
