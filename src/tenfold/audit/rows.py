"""Checks of rows: equal ones in training and test, groups and times on both sides, conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.audit.finding import Observation, rounded, share
from tenfold.audit.split_table import SplitTable

# Twins by chance are reported from this share of the test rows on: a model that memorises rows
# gains that much.
MIN_CHANCE_SHARE = 0.05
# Fewer conflicting rows change a score less than it differs between folds.
MIN_CONFLICT_SHARE = 0.001
# Honest tables have one or two twins, too (iris has one), and fewer than one test row in a hundred
# hardly change a score: no reason to refuse the run.
MIN_COPIES = 3
MIN_COPIED_SHARE = 0.01
# Twins whose neighbours are counted.
MAX_PROBED = 5000
ORIGINS = {
    "copied": "the test would score what was learnt by heart: drop them with "
    "clean.drop_duplicates, or keep what belongs together on one side with split.copies: together",
    "chance": "the columns are so coarse that different things look alike, and a model that learns "
    "rows by heart looks better than it is: keep a column that tells them apart, or keep what is "
    "the same thing on one side with split.copies: together",
    "unknown": "if they are the same thing, drop them with clean.drop_duplicates, or keep what "
    "belongs together on one side with split.copies: together",
}


def identical_rows(table: SplitTable) -> Iterator[Observation]:
    """Test rows that equal a training row in all features and the target."""
    rows, _ = table.twins
    in_test = table.in_test[rows]
    twin = np.isin(table.twin_identities[in_test], table.twin_identities[~in_test])
    copied = rows[in_test][twin]
    n_test = int(table.in_test.sum())
    if not len(copied):
        return
    origin = _origin(table, copied)
    if origin == "chance" and (table.independent or len(copied) < MIN_CHANCE_SHARE * n_test):
        return
    yield Observation(
        (),
        f"{len(copied)} of {n_test} test rows ({share(len(copied), n_test)}) also stand among "
        f"the training rows, cell for cell: {ORIGINS[origin]}",
        {"test_rows": len(copied), "share": rounded(len(copied) / n_test), "origin": origin},
        doubtful=origin != "copied" or table.independent,
    )


def group_crossing(table: SplitTable) -> Iterator[Observation]:
    """Declared groups with rows on both sides."""
    if table.groups is None:
        return
    train, test = table.groups[~table.in_test], table.groups[table.in_test]
    crossing = np.intersect1d(train, test)
    crossing = crossing[crossing >= 0]
    if not len(crossing):
        return
    rows = int(np.isin(test, crossing).sum())
    yield Observation(
        table.group_columns,
        f"{len(crossing)} {'group has' if len(crossing) == 1 else 'groups have'} rows in training "
        f"and in test ({rows} of {len(test)} test rows): the test would score how well they are "
        "recognised: set split.strategy: grouped",
        {"groups": len(crossing), "test_rows": rows},
    )


def time_crossing(table: SplitTable) -> Iterator[Observation]:
    """Training rows that are later than a test row, where a time is declared."""
    if table.time is None:
        return
    known = table.time >= 0
    train, test = table.time[~table.in_test & known], table.time[table.in_test & known]
    if not len(train) or not len(test):
        return
    later = int(np.sum(train > test.min()))
    if not later:
        return
    yield Observation(
        table.time_columns,
        f"{later} of {len(train)} training rows ({share(later, len(train))}) are later than the "
        "first test row: the model would know the future: set split.strategy: time",
        {"training_rows": later, "share": rounded(later / len(train))},
    )


def label_conflicts(table: SplitTable) -> Iterator[Observation]:
    """Rows with the same features and different classes."""
    # Different things that look alike may well differ in their labels.
    if table.task == "regression" or table.independent:
        return
    rows, number = table.twins
    if not len(rows):
        return
    starts = np.flatnonzero(np.concatenate([[True], number[1:] != number[:-1]]))
    y = table.summary.y[rows]
    mixed = np.minimum.reduceat(y, starts) != np.maximum.reduceat(y, starts)
    sizes = np.diff(np.append(starts, len(rows)))
    conflicting = int(sizes[mixed].sum())
    if conflicting < max(2, MIN_CONFLICT_SHARE * len(table.in_test)):
        return
    yield Observation(
        (),
        f"{conflicting} rows ({share(conflicting, len(table.in_test))}) have the features of a row "
        "with another label: no model can be right about both: look for labelling mistakes, or "
        "for a column that tells them apart",
        {"rows": conflicting, "sets": int(mixed.sum())},
    )


def _origin(table: SplitTable, copied: NDArray[np.int64]) -> Literal["copied", "chance", "unknown"]:
    """Whether twins are copies, or equal by chance, judged from the rows that almost equal them."""
    sample, n_train = table.summary.sample, table.n_train
    places = np.flatnonzero(np.isin(sample[n_train:], copied)) + n_train
    places = places[:MAX_PROBED]
    met = len(places) * n_train / int(np.sum(~table.in_test))
    if 2 * table.expected_twins(places, np.arange(n_train)) >= max(1, met):
        return "chance"
    many = len(copied) >= MIN_COPIED_SHARE * int(table.in_test.sum())
    return "copied" if many and met >= MIN_COPIES else "unknown"
