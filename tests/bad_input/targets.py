"""Bad inputs: a target that cannot be learned, or not as the task says."""

from __future__ import annotations

from tests.bad_input.making import N, X, Y, both, without
from tests.bad_input.outcomes import Kept, Mended, Refused, Warned

INF = float("inf")
NO_ROW = "no row is left of 12; rejected: {"
CASES = [
    both(
        "a target that is not there",
        {},
        Refused("data.target: t.", "clean"),
        data={"target": "z"},
    ),
    both("a target in another case", {}, Refused("has no column 'Y'; "), data={"target": "Y"}),
    both(
        "a target without some of its values",
        {"y": ["no", "yes", None, *Y[3:]]},
        Mended(["1 rejected: missing target"], {"x": without(4)}),
    ),
    both(
        "a target without any value", {"y": [None] * N}, Refused(NO_ROW + "'missing target': 12}")
    ),
    both(
        "an infinite target",
        {"x": list(range(N)), "y": [*X[:2], "inf", *X[3:]]},
        Mended(["1 rejected: infinite: y"], {"y": [*X[:2], *X[3:]]}),
        {"y": [*X[:2], INF, *X[3:]]},
        task="regression",
    ),
    both(
        "one class",
        {"y": ["yes"] * N},
        Refused("'y' has one class only, yes: there is nothing to learn", "split"),
    ),
    both(
        "a constant target",
        {"y": [1.5] * N},
        Refused("'y' has one value only, 1.5: there is nothing to learn", "split"),
        task="regression",
    ),
    both(
        "a target that is unique per row",
        {"y": [f"name {n}" for n in range(N)]},
        Refused("has 12 different values in 12 rows: is this task: regression", "split"),
        task="multiclass",
    ),
    both(
        "fractions as classes",
        {"y": [0.5, 1.5] * 6},
        Refused("'y' holds numbers such as 0.5, not classes: set task: regression", "split"),
    ),
    both(
        "whole numbers with a point as classes",
        {"y": [1.0, 2.0] * 6},
        Kept(["'y' is double, 0 missing, 2 distinct", "classes: [1, 2]"], {"y": [1, 2] * 6}),
    ),
    both(
        "1 and 1.0 as classes",
        {"y": ["1", "1.0", "0"] * 4},
        Warned(["note: the target y: '1' and '1.0' are one class"], {"y": [1, 1, 0] * 4}),
    ),
    both(
        "1 and 1.0 as classes beside texts",
        {"y": ["1", "1.0", "a", "b"] * 3},
        Mended(
            ["3 mended: y: written as one category (3.0 is 3, TRUE is true)"],
            {"y": ["1", "1", "a", "b"] * 3},
        ),
        task="multiclass",
    ),
    both(
        "classes that differ only in case",
        {"y": ["yes", "Yes", "no"] * 4},
        Warned(["note: the target y: 'Yes' and 'yes' look alike"], {"y": ["yes", "Yes", "no"] * 4}),
        task="multiclass",
    ),
    both(
        "classes that differ only in white space",
        {"y": ["yes", "yes ", "no"] * 4},
        Mended(["4 mended: y: white space trimmed"], {"y": ["yes", "yes", "no"] * 4}),
    ),
    both(
        "classes that differ in a space that does not break",
        {"y": ["yes", "yes\u00a0", "no"] * 4},
        Warned(
            ["note: the target y: 'yes' and 'yes\\xa0' look alike"],
            {"y": ["yes", "yes\u00a0", "no"] * 4},
        ),
        task="multiclass",
    ),
    both(
        "true and false as classes",
        {"y": ["true", "false"] * 6},
        Kept(["classes: ['false', 'true']"], {"y": ["true", "false"] * 6}),
        {"y": [True, False] * 6},
    ),
    both(
        "three classes for a binary task",
        {"y": ["a", "b", "c"] * 4},
        Refused("task binary needs two classes, but 'y' has 3 ('a', 'b', 'c')", "split"),
    ),
    both(
        "two classes for a multiclass task",
        {},
        Refused("task multiclass needs three classes or more", "split"),
        task="multiclass",
    ),
    both(
        "text for regression",
        {},
        Refused("task regression needs a numeric target, but 'y' is 'no' in"),
        task="regression",
    ),
    both(
        "a decimal comma for regression",
        {"x": list(range(N)), "y": [f"{n},5" for n in range(N)]},
        Refused("needs a numeric target, but 'y' is '0,5' in"),
        task="regression",
    ),
    both(
        "ids too large for a double as a regression's target",
        {"y": [2**60 + n for n in range(N)]},
        Refused("task regression needs a numeric target, but 'y' is '1152921504606846976'"),
        task="regression",
    ),
    both(
        "a class of one row",
        {"y": ["no"] * 11 + ["yes"]},
        Refused("class 'yes' has 1 row, too few for training and test", "split"),
    ),
    both(
        "a class rarer than the folds",
        {"y": ["no"] * 9 + ["yes"] * 3},
        Refused("class 'yes' has 2 training rows, fewer than 3 folds: lower", "split"),
        split={"n_splits": 3},
    ),
    both(
        "fewer rows than folds",
        {"y": X},
        Refused("10 folds need 10 training rows, but there are 9: lower split.n_splits", "split"),
        task="regression",
        split={"n_splits": 10},
    ),
    both(
        "a test share without a row of a class",
        {"y": ["a", "b", "c", "d"] * 3},
        Refused("is 1, fewer than the 4 classes: raise split.test_size", "split"),
        task="multiclass",
        split={"test_size": 0.1},
    ),
    both(
        "too few test rows for the metric",
        {"y": X},
        Refused("metric r2 needs 2 test rows, but there are 1: raise split.test_size", "split"),
        task="regression",
        metrics=["r2"],
        split={"test_size": 0.05},
    ),
]
