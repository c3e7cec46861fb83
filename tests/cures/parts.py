"""Refusals of `split:` and of targets: rows, groups, times and classes that are too few."""

from __future__ import annotations

from typing import Any

from tests.bad_input.making import as_csv
from tests.cures.refusals import COLUMNS, REMOVED, Change, Refusal, refusal, table

REGRESSION: dict[str, Any] = {"task": "regression", "metrics": ["mse"], "data.target": "x"}
MULTICLASS: dict[str, Any] = {"task": "multiclass"}
GROUPED: dict[str, Any] = {"split.strategy": "grouped", "split.group": "g"}
TIMED: dict[str, Any] = {"split.strategy": "time", "split.time": "t"}
# The folds are not drawn, so that neither a share nor their number is declared.
GIVEN: dict[str, Any] = {"split": {"strategy": "given", "column": "f"}}
AUTO: dict[str, Any] = {"split.strategy": "auto", "split.time": REMOVED}


def of_target(
    name: str, says: str, cells: list[Any], params: dict[str, Any], *cures: Change
) -> Refusal:
    """A refusal of a target's cells."""
    files = table(y=cells) if len(cells) == 12 else of_rows(len(cells), y=cells)
    return refusal(name, Change(says, params, files), *cures)


def of_rows(n: int, **columns: list[Any]) -> dict[str, str]:
    """A table of n rows that differ, of these columns and y."""
    return {
        "t.csv": as_csv(
            {
                "x": list(range(n)),
                "w": [number * number % 97 for number in range(n)],
                "y": ["no", "yes"] * (n // 2),
                **columns,
            }
        )
    }


def more(**columns: list[Any]) -> dict[str, str]:
    """A table of 48 rows, in which everything occurs four times as often."""
    cells = {name: [*COLUMNS[name], *columns.get(name, COLUMNS[name])] * 2 for name in COLUMNS}
    return {"t.csv": as_csv({**cells, "x": list(range(48))})}


CASES = [
    # Targets.
    of_target(
        "one class",
        "data.target: 'y' has one class only, yes",
        ["yes"] * 12,
        {},
        Change("check data.target", {"data.target": "z", "task": "multiclass"}),
    ),
    refusal(
        "one class is left",
        Change("data.target: 'y' has one class only, yes", {"clean.require": ["y = 'yes'"]}),
        Change("the rules of clean", {"clean.require": []}),
    ),
    of_target(
        "a constant target",
        "data.target: 'y' has one value only, 1.5",
        [1.5] * 12,
        {"task": "regression", "metrics": ["mse"]},
        Change("check data.target", {"data.target": "x"}),
    ),
    of_target(
        "a target that is unique",
        "'y' has 12 different values in 12 rows",
        [f"name {number}" for number in range(12)],
        MULTICLASS,
        Change("the wrong target?", {"data.target": "z"}),
    ),
    of_target(
        "numbers as classes",
        "'y' has 12 different values in 12 rows",
        list(range(12)),
        MULTICLASS,
        Change("task: regression", {"task": "regression", "metrics": ["mse"]}),
    ),
    of_target(
        "fractions as classes",
        "'y' holds numbers such as 0.5, not classes",
        [number + 0.5 for number in range(12)],
        {},
        Change("set task: regression", {"task": "regression", "metrics": ["mse"]}),
        Change("name another target", {"data.target": "z", "task": "multiclass"}),
    ),
    of_target(
        "three classes for a binary task",
        "task binary needs two classes, but 'y' has 3",
        ["a", "b", "c"] * 4,
        {},
        Change("set task: multiclass", MULTICLASS),
    ),
    refusal(
        "two classes for a multiclass task",
        Change("task multiclass needs three classes or more", MULTICLASS),
        Change("set task: binary", {"task": "binary"}),
    ),
    # Strata.
    of_target(
        "a class of one row, of two classes",
        "class 'yes' has 1 row, too few for training and test",
        ["no"] * 11 + ["yes"],
        {},
        Change("add rows of it", files=table()),
    ),
    of_target(
        "a class of one row, of four",
        "class 'c' has 1 row, too few for training and test",
        ["c", *"aabbddabdab"],
        MULTICLASS,
        Change("reject the class in clean.require", {"clean.require": ["y <> 'c'"]}),
    ),
    of_target(
        "a class without a row in the test",
        "class 'b' has 3 rows and none in the test share of 0.05",
        [*["a"] * 90, *["b"] * 3],
        {"split.test_size": 0.05},
        Change("raise split.test_size", {"split.test_size": 0.4}),
        Change("add rows of it", files=of_rows(94)),
    ),
    refusal(
        "a class of equal rows",
        Change(
            "class 'yes' has 1 row (rows that are equal in all features count once)",
            {"clean.drop_duplicates": False, "split.copies": "together"},
            {"t.csv": as_csv({"x": [*range(8), *[9] * 4], "y": ["no"] * 8 + ["yes"] * 4})},
        ),
        Change("set split.copies: independent", {"split.copies": "independent"}),
        Change("add rows of it", files=of_rows(12)),
    ),
    refusal(
        "a test smaller than the classes",
        Change(
            "split.test_size: 0.05 of 12 rows is 1, fewer than the 2 classes",
            {"split.test_size": 0.05},
        ),
        Change("raise split.test_size", {"split.test_size": 0.25}),
    ),
    refusal(
        "a test that leaves too few",
        Change(
            "split.test_size: 0.95 leaves 1 training rows, fewer than the 2 classes",
            {"split.test_size": 0.95},
        ),
        Change("lower split.test_size", {"split.test_size": 0.25}),
    ),
    refusal(
        "a test that leaves nothing",
        Change(
            "split.test_size: 0.99 of 12 rows leaves none to train on",
            {**REGRESSION, "split.test_size": 0.99},
        ),
        Change("lower it", {"split.test_size": 0.25}),
    ),
    refusal(
        "fewer training rows than folds",
        Change(
            "split.n_splits: 10 folds need 10 training rows, but there are 9",
            {**REGRESSION, "split.n_splits": 10},
        ),
        Change("lower split.n_splits to 9 or less", {"split.n_splits": 9}),
        Change("add rows", {"data.target": "x"}, of_rows(24)),
    ),
    of_target(
        "a class rarer than the folds",
        "class 'yes' has 2 training rows, fewer than 3 folds",
        ["no"] * 9 + ["yes"] * 3,
        {"split.n_splits": 3},
        Change("lower split.n_splits to 2 or less", {"split.n_splits": 2}),
        Change("add rows of it", files=table()),
    ),
    of_target(
        "a class rarer than the folds, of four",
        "class 'c' has 2 training rows, fewer than 4 folds",
        [*"ccc", *"abd" * 15],
        {**MULTICLASS, "split.n_splits": 4},
        Change("reject the class in clean.require", {"clean.require": ["y <> 'c'"]}),
    ),
    refusal(
        "a bin of the target rarer than the folds",
        Change(
            "of the target has",
            {**REGRESSION, "split.strategy": "stratified", "split.n_bins": 4, "split.n_splits": 6},
            of_rows(24),
        ),
        Change("lower split.n_splits to 4 or less", {"split.n_splits": 4}),
        Change("lower split.n_bins", {"split.n_bins": 2}),
        Change(
            "set split.strategy: random and remove split.n_bins",
            {"split.strategy": "random", "split.n_bins": REMOVED},
        ),
    ),
    refusal(
        "folds beyond the memory",
        Change(
            "GiB of memory, and one is the most",
            {**REGRESSION, "split.n_splits": 2000, "split.n_repeats": 1000},
            {"t.csv": as_csv({"x": list(range(3000)), "z": list(range(3000, 6000))})},
        ),
        Change("split.n_splits, split.n_repeats", {"split.n_splits": 2, "split.n_repeats": 1}),
    ),
    # Metrics.
    refusal(
        "a metric that needs two test rows",
        Change(
            "metric r2 needs 2 test rows, but there are 1",
            {**REGRESSION, "metrics": ["r2"], "split.test_size": 0.05},
        ),
        Change("raise split.test_size to 0.3", {"split.test_size": 0.3}),
    ),
    refusal(
        "a metric that needs folds of two rows",
        Change(
            "metric r2 needs folds of 2 rows, but the smallest has 1",
            {**REGRESSION, "metrics": ["r2"], "split.n_splits": 8},
        ),
        Change("lower split.n_splits to 4", {"split.n_splits": 4}),
    ),
    refusal(
        "a metric of folds that are constant",
        Change(
            "is not defined where the target has one value only: fold 0",
            {**TIMED, **REGRESSION, "split.time": "z", "metrics": ["r2"], "split.n_splits": 4},
            of_rows(48, z=list(range(48)), x=[*range(7), *[7] * 8, *range(33)]),
        ),
        Change("lower split.n_splits to 3", {"split.n_splits": 3}),
        Change("raise split.test_size to 0.3", {"split.test_size": 0.3}),
        Change("name metric mse in place of r2", {"metrics": ["mse"]}),
    ),
    of_target(
        "a metric of a test that is constant",
        "the test has 6 rows, all of which have 7",
        [*range(18), *[7] * 6],
        {**TIMED, **REGRESSION, "split.time": "x", "data.target": "y", "metrics": ["r2"]},
        Change("raise split.test_size to 0.3", {"split.test_size": 0.3}),
        Change("set split.strategy: auto and remove split.time", AUTO),
    ),
    refusal(
        "a metric of a test without a class",
        Change(
            "metric auroc needs every class in the test, but there is no row of class 'yes'",
            {**TIMED, "metrics": ["auroc"]},
            table(y=[*["no", "yes"] * 4, "yes", *["no"] * 3]),
        ),
        Change("raise split.test_size to 0.3", {"split.test_size": 0.3}),
        Change("set split.strategy: auto and remove split.time", AUTO),
    ),
    refusal(
        "a metric of a fold without a class",
        Change(
            "metric auroc needs every class in every fold, but fold",
            {**TIMED, "metrics": ["auroc"], "split.n_splits": 3},
            table(y=["no", "yes", "no", *["no"] * 2, *["yes", "no"] * 2, "yes", "no", "yes"]),
        ),
        Change("lower split.n_splits to 2", {"split.n_splits": 2}),
        Change("set split.strategy: auto and remove split.time", AUTO),
    ),
    of_target(
        "a fold without a class to learn from",
        "split: fold 0 has no row of class 'yes' to learn from",
        [*["no"] * 9, "yes", "yes", *["no", "yes"] * 18],
        {**TIMED, "split.time": "x", "split.n_splits": 4},
        Change("lower split.n_splits to 3", {"split.n_splits": 3}),
        Change(r'clean.require: ["\"x\" >= 5"]', {"clean.require": ['"x" >= 5']}),
        Change("set split.strategy: auto and remove split.time", AUTO),
    ),
    of_target(
        "a rare class that a fold has not seen",
        "split: fold 0 has no row of class 'c' to learn from",
        [*"abdabdabdabd", *"abdabdabdabd", *"cabdcabdcabd", *"abdabdabdabd"],
        {**MULTICLASS, **TIMED, "split.time": "x"},
        Change(r'clean.require: ["\"x\" >= 19"]', {"clean.require": ['"x" >= 19']}),
        Change("set split.strategy: auto and remove split.time", AUTO),
    ),
    of_target(
        "folds of one class",
        "split: all rows that the folds validate are of class 'no'",
        [*["no", "yes"] * 6, *["no"] * 24, *["no", "yes"] * 6],
        {**TIMED, "split.time": "x"},
        Change("raise split.test_size to 0.4", {"split.test_size": 0.4}),
        Change(r'clean.require: ["\"x\" >= 10"]', {"clean.require": ['"x" >= 10']}),
        Change("set split.strategy: auto and remove split.time", AUTO),
    ),
    # Groups.
    refusal(
        "a group that is not there",
        Change("split.group: the clean table has no column 'gg'", {**GROUPED, "split.group": "gg"}),
        Change("did you mean 'g'?", {"split.group": "g"}),
    ),
    refusal(
        "a group and nothing else",
        Change(
            "split.group: no feature column is left beside 'g' and the target",
            {**GROUPED, "clean.drop_columns": ["x", "z", "t", "f"]},
        ),
        Change("drop fewer in clean.drop_columns", {"clean.drop_columns": ["z"]}),
        Change("name another column", {"split.group": "x", "clean.drop_columns": ["z", "t", "f"]}),
    ),
    refusal(
        "rows without a group",
        Change(
            "split: 'g' decides where a row belongs, but is empty in 1 rows",
            GROUPED,
            table(g=[None, *COLUMNS["g"][1:]]),
        ),
        Change("fill it in", files=table()),
        Change("clean.require: ['\"g\" IS NOT NULL']", {"clean.require": ['"g" IS NOT NULL']}),
    ),
    refusal(
        "one group",
        Change("split.group: 'g' has one group only", GROUPED, table(g=["one"] * 12)),
        Change("name another column", {"split.group": "t"}),
    ),
    refusal(
        "groups of the same rows",
        Change(
            "since groups that hold equal rows count as one",
            {**GROUPED, "split.copies": "together"},
            {"t.csv": as_csv({"x": [1, 2] * 6, "g": COLUMNS["g"], "y": COLUMNS["y"]})},
        ),
        Change("set split.copies: independent", {"split.copies": "independent"}),
    ),
    refusal(
        "fewer groups than folds",
        Change(
            "split.n_splits: 6 folds need 6 groups to train on, but there are 5",
            {**GROUPED, "split.n_splits": 6},
            more(),
        ),
        Change("lower split.n_splits to 5 or less", {"split.n_splits": 5}),
        Change("choose another strategy", {"split.strategy": "auto", "split.group": REMOVED}),
    ),
    # Times.
    refusal(
        "a time that is none",
        Change("split.time: 'z' must hold numbers or dates", {**TIMED, "split.time": "z"}),
        Change("name another column", {"split.time": "t"}),
        Change("write it so", files=table(z=COLUMNS["t"])),
    ),
    refusal(
        "dates as they are not written",
        Change(
            "split.time: 't' must hold numbers or dates such as 2024-01-31",
            TIMED,
            table(t=[f"{number:02d}.01.2024" for number in range(1, 13)]),
        ),
        Change(
            "declare its format in clean.types",
            {"clean.types": {"t": {"type": "date", "format": "%d.%m.%Y"}}},
        ),
    ),
    refusal(
        "one time",
        Change(
            "split.n_splits: 2 folds in time order need 4 different times",
            TIMED,
            table(t=["2024-01-01"] * 12),
        ),
        Change("name another column", {"split.time": "x"}),
        Change("choose another strategy", {"split.strategy": "auto", "split.time": REMOVED}),
    ),
    refusal(
        "fewer times than folds",
        Change(
            "split.n_splits: 8 folds in time order need 10 different times",
            {**TIMED, "split.time": "w", "split.n_splits": 8},
            table(w=[n // 2 for n in range(12)]),
        ),
        Change("lower split.n_splits", {"split.n_splits": 2}),
    ),
    refusal(
        "a gap longer than the time",
        Change(
            "split.gap: 20 before the test leaves 0 different times", {**TIMED, "split.gap": 20}
        ),
        Change("lower split.gap", {"split.gap": 1}),
    ),
    refusal(
        "a gap that leaves too few times",
        Change(
            "before the test leaves 4 different times to train on, but 4 folds need 5",
            {**TIMED, **REGRESSION, "split.gap": 5, "split.n_splits": 4},
        ),
        Change("lower split.gap", {"split.gap": 1}),
    ),
    refusal(
        "a gap that leaves too few times for many folds",
        Change(
            "before the test leaves 8 different times to train on, but 8 folds need 9",
            {**TIMED, **REGRESSION, "split.gap": 1, "split.n_splits": 8},
        ),
        Change("lower split.gap", {"split.gap": 0}),
        Change("lower split.n_splits to 6", {"split.n_splits": 6}),
    ),
    refusal(
        "a gap that leaves a fold nothing",
        Change(
            "split.gap: 4 leaves fold 0 no row to train on",
            {**TIMED, **REGRESSION, "split.time": "z", "split.gap": 4, "split.n_splits": 6},
            of_rows(24, z=list(range(24))),
        ),
        Change("lower split.gap", {"split.gap": 1}),
        Change("split.n_splits", {"split.n_splits": 2}),
    ),
    refusal(
        "days between numbers",
        Change(
            "split.gap: '1 day' needs dates, but 'x' holds numbers",
            {**TIMED, "split.time": "x", "split.gap": "1 day"},
        ),
        Change("give the gap in rows", {"split.gap": 1}),
    ),
    refusal(
        "one column as group and time",
        Change("split.group and split.time must differ", {**TIMED, "split.group": "t"}),
        Change("name another column", {"split.group": "g"}),
    ),
    refusal(
        "a time and nothing else",
        Change(
            "split.time: no feature column is left beside 'x' and the target",
            {**TIMED, "split.time": "x"},
            {"t.csv": as_csv({"x": COLUMNS["x"], "y": COLUMNS["y"]})},
        ),
        Change("set split.time_is_feature: true", {"split.time_is_feature": True}),
        Change("add a column", files=table()),
    ),
    # Given.
    refusal(
        "a given part without a test",
        Change("split.column: no row of 'f' says 'test'", GIVEN, table(f=["1", "2"] * 6)),
        Change("correct the column", files=table()),
    ),
    refusal(
        "a test alone",
        Change("split.column: every row of 'f' says 'test'", GIVEN, table(f=["test"] * 12)),
        Change("correct the column", files=table()),
    ),
    refusal(
        "one given fold",
        Change(
            "split.column: 'f' says fold '1' of every row but the test's",
            GIVEN,
            table(f=["test", "test", *["1"] * 10]),
        ),
        Change("name two folds or more", files=table()),
    ),
    refusal(
        "another number of folds than given",
        Change("split.n_splits is 3, but 'f' says 2 folds (1, 2)", {**GIVEN, "split.n_splits": 3}),
        Change("remove split.n_splits", {"split.n_splits": REMOVED}),
    ),
]
