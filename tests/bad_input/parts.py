"""Bad inputs: a column that is to part the rows, and cannot."""

from __future__ import annotations

from typing import Any

from tests.bad_input.making import N, X, Y, both
from tests.bad_input.outcomes import Kept, Refused, Warned

GROUPS = [f"g{number // 2}" for number in range(N)]
DAYS = [f"2024-01-{number:02d}" for number in range(1, N + 1)]
FOLDS = ["test", "test", *["1", "2"] * 5]
COPIED = [*X[:4], X[0], *X[5:]]


def grouped(**more: Any) -> dict[str, Any]:
    return {"strategy": "grouped", "group": "g", **more}


def timed(**more: Any) -> dict[str, Any]:
    return {"strategy": "time", "time": "t", **more}


# These folds are not drawn, so that no share is held out by lot.
GIVEN = {"strategy": "given", "column": "f", "test_size": 0.2}

CASES = [
    both(
        "a group column that is not there",
        {},
        Refused("split.group: the clean table has no column 'g'; ", "split"),
        split=grouped(),
    ),
    both(
        "a row without a group",
        {"g": [*GROUPS[:2], None, *GROUPS[3:]]},
        Refused("'g' decides where a row belongs, but is empty in 1 rows (first: line ", "split"),
        split=grouped(),
    ),
    both(
        "one group",
        {"g": ["one"] * N},
        Refused("split.group: 'g' has one group only, but training and test need one", "split"),
        split=grouped(),
    ),
    both(
        "fewer groups than folds",
        {"g": ["a", "b", "c"] * 4},
        Refused("split.n_splits: 3 folds need 3 groups to train on, but there are 2: l", "split"),
        split=grouped(n_splits=3),
    ),
    both(
        "a group of its own for every class",
        {"g": Y},
        Refused("2 folds need 2 groups to train on, but there are 1: choose another st", "split"),
        split=grouped(),
    ),
    both(
        "a group column and nothing else",
        {"x": GROUPS},
        Refused("split.group: no feature column is left beside 'x' and the target 'y'", "split"),
        split=grouped(group="x"),
    ),
    both(
        "groups written in two ways",
        {"g": ["a", "a ", "b", " b", *GROUPS[4:]]},
        Kept(["2 mended: g: white space trimmed"], {"g": ["a", "a", "b", "b", *GROUPS[4:]]}),
        split=grouped(),
    ),
    both(
        "a time that is none",
        {"t": [*DAYS[:5], "soon", *DAYS[6:]]},
        Refused("split.time: 't' must hold numbers or dates such as 2024-01-31", "split"),
        split=timed(),
    ),
    both(
        "times whose days and months may be exchanged",
        {"t": [f"{number:02d}.01.2024" for number in range(1, N + 1)]},
        Refused(
            "has '01.01.2024': write it so, declare its format in clean.types, or name", "split"
        ),
        split=timed(),
    ),
    both(
        "a row without a time",
        {"t": [*DAYS[:5], None, *DAYS[6:]]},
        Refused("'t' decides where a row belongs, but is empty in 1 rows (first: line ", "split"),
        split=timed(),
    ),
    both(
        "one time for all rows",
        {"t": DAYS[:1] * N},
        Refused("split.n_splits: 2 folds in time order need 4 different times", "split"),
        split=timed(),
    ),
    both(
        "times that do not rise",
        {"t": DAYS[::-1]},
        Kept(["'t' is text, 0 missing, 12 distinct"], {"t": DAYS[::-1], "x": X}),
        split=timed(),
    ),
    both(
        "a gap longer than the time before it",
        {"t": DAYS},
        Refused("split.gap: 20 before the test leaves 0 different times to train on", "split"),
        split=timed(gap=20),
    ),
    both(
        "a gap in days between numbers",
        {"t": list(range(N))},
        Refused("split.gap: '2 days' needs dates, but 't' holds numbers", "split"),
        split=timed(gap="2 days"),
    ),
    both(
        "a row without a fold",
        {"f": [*FOLDS[:5], None, *FOLDS[6:]]},
        Refused("'f' decides where a row belongs, but is empty in 1 rows (first: line ", "split"),
        split=GIVEN,
    ),
    both(
        "given folds and no test",
        {"f": ["1", "2"] * 6},
        Refused("split.column: no row of 'f' says 'test'", "split"),
        split=GIVEN,
    ),
    both(
        "a test and nothing else",
        {"f": ["test"] * N},
        Refused("split.column: every row of 'f' says 'test'", "split"),
        split=GIVEN,
    ),
    both(
        "one given fold",
        {"f": ["test", "test", *["1"] * 10]},
        Refused("split.column: 'f' says fold '1' of every row but the test's, which", "split"),
        split=GIVEN,
    ),
    both(
        "given folds whose numbers have gaps",
        {"f": ["test", "test", *["3", "3", "9", "9", "9"] * 2]},
        Kept(["'f' is text, 0 missing, 3 distinct"], {"x": X}),
        split=GIVEN,
    ),
    both(
        "a row and its copy on two sides",
        {"x": COPIED, "f": ["test", "test", *["1", "1", "2", "2"] * 2, "1", "2"]},
        Warned(
            ["audit: 1 of 2 test rows (50%) also stand among the training rows, cell for cell"],
            {"x": COPIED},
        ),
        split=GIVEN,
    ),
]
