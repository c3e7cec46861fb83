"""Refusals of splits on which a metric is not defined, or a score means nothing."""

from __future__ import annotations

from tests.cures.refusals import Change, refusal, table

REGRESSION = {"task": "regression", "models": {"dummy": {}}}
PARTS = ["test", "test", "test", "test", "1", "1", "1", "1", "2", "2", "2", "2"]
GIVEN = {"split": {"strategy": "given", "column": "f"}}

NUMBERS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 0]
LIKE_NONE = "is no class of 'y'"

CASES = [
    refusal(
        "shares of a target that may be 0",
        Change(
            "metric mape is not defined where the target is 0, as 'y' is in 1 of 12 rows",
            {**REGRESSION, "metrics": ["mape"]},
            table(y=NUMBERS),
        ),
        Change("name metric mae in place of mape", {"metrics": ["mae"]}),
        Change(r'clean.require: ["\"y\" <> 0"]', {"clean.require": ["y <> 0"]}),
    ),
    refusal(
        "logarithms of a target that may be negative",
        Change(
            "metric rmsle is not defined where the target is less than 0",
            {**REGRESSION, "metrics": ["rmse", "rmsle"]},
            table(y=[-1, *NUMBERS[1:]]),
        ),
        Change("remove the metric rmsle", {"metrics": ["rmse"]}),
        Change(r'clean.require: ["\"y\" >= 0"]', {"clean.require": ["y >= 0"]}),
    ),
    refusal(
        "a positive class that is none",
        Change(LIKE_NONE, {"metrics": ["f1"], "data.positive_class": "yse"}),
        Change("did you mean 'yes'", {"data.positive_class": "yes"}),
    ),
    refusal(
        "r2 of a fold with one target value",
        Change(
            "metric r2 is not defined where the target has one value only: fold 0 validates 4 rows",
            {**REGRESSION, **GIVEN, "metrics": ["r2"]},
            table(f=PARTS, y=[3, 1, 4, 1, 0, 0, 0, 0, 5, 9, 2, 6]),
        ),
        Change("name metric mse in place of r2", {"metrics": ["mse"]}),
    ),
    refusal(
        "r2 of a test with one target value",
        Change(
            "one value only: the test has 4 rows, all of which have 0",
            {**REGRESSION, **GIVEN, "metrics": ["mse", "r2"]},
            table(f=PARTS, y=[0, 0, 0, 0, 3, 1, 4, 1, 5, 9, 2, 6]),
        ),
        Change("remove the metric r2", {"metrics": ["mse"]}),
    ),
    refusal(
        "a common value, and rarer ones than there are folds",
        Change(
            "of the target has 1 row, too few for training and test",
            {**REGRESSION, "metrics": ["mae"], "split": {"strategy": "stratified", "n_splits": 2}},
            table(y=[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]),
        ),
        Change("set split.strategy: random", {"split": {"strategy": "random", "n_splits": 2}}),
    ),
]
