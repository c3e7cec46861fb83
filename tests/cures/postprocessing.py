"""Refusals of what `select_model:` declares of the champion's predictions."""

from __future__ import annotations

from tests.cures.refusals import REMOVED, Change, refusal, table

COSTS, DECISION = "select_model.decision.costs", "select_model.decision"
CALIBRATION, INTERVALS = "select_model.calibration", "select_model.intervals"
REGRESSION = {"task": "regression", "metrics": ["mse"]}
NUMBERS = table(y=[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8])
MULTICLASS = {"task": "multiclass", "metrics": ["log_loss"]}
COLOURS = table(y=["a", "b", "c"] * 4)
THREE = [[0, 1, 1], [1, 0, 1], [5, 5, 0]]

CASES = [
    refusal(
        "calibration of numbers",
        Change(
            "select_model.calibration is of the probabilities of classes, but got 'auto'",
            {**REGRESSION, CALIBRATION: "auto"},
            NUMBERS,
        ),
        Change("leave it out", {CALIBRATION: REMOVED}),
    ),
    refusal(
        "a calibration of two classes for three",
        Change(
            "select_model.calibration: isotonic is for two classes, but task is 'multiclass'",
            {**MULTICLASS, CALIBRATION: "isotonic"},
            COLOURS,
        ),
        Change("set temperature", {CALIBRATION: "temperature"}),
        Change("or auto", {CALIBRATION: "auto"}),
    ),
    refusal(
        "a calibration that is none",
        Change(
            "select_model.calibration must be 'off', 'auto', 'temperature', 'isotonic' or 'beta'",
            {CALIBRATION: "temprature"},
        ),
        Change("did you mean 'temperature'?", {CALIBRATION: "temperature"}),
    ),
    refusal(
        "a decision of numbers",
        Change(
            "select_model.decision is of classes, but task is 'regression'",
            {**REGRESSION, DECISION: {"threshold": 0.3}},
            NUMBERS,
        ),
        Change("leave it out", {DECISION: REMOVED}),
    ),
    refusal(
        "a threshold of three classes",
        Change(
            "select_model.decision: a threshold is for two classes, but task is 'multiclass'",
            {**MULTICLASS, DECISION: {"threshold": 0.3}},
            COLOURS,
        ),
        Change("give costs", {DECISION: {"costs": THREE}}),
        Change("or leave it out", {DECISION: REMOVED}),
    ),
    refusal(
        "two decisions",
        Change(
            "made by one of threshold, metric and costs, but got threshold and metric: give one",
            {DECISION: {"threshold": 0.3, "metric": "f1"}},
        ),
        Change("give one", {DECISION: {"metric": "f1"}}),
    ),
    refusal(
        "costs that are no square",
        Change(
            "as many columns as rows, one of each for every class, but got 2 rows of 2, 1 numbers",
            {COSTS: [[0, 1], [5]]},
        ),
        Change("write, for two classes, [[0, 1], [5, 0]]", {COSTS: [[0, 1], [5, 0]]}),
    ),
    refusal(
        "costs of three classes for two",
        Change(
            "select_model.decision.costs must have two rows of two numbers for two classes, but "
            "has 3 rows",
            {COSTS: THREE},
        ),
        Change("write [[0, cost of a false positive], [", {COSTS: [[0, 1], [5, 0]]}),
    ),
    refusal(
        "costs of two classes for three",
        Change(
            "select_model.decision.costs must have a row and a column for each of the 3 classes "
            "(a, b, c), but has 2",
            {**MULTICLASS, COSTS: [[0, 1], [5, 0]]},
            COLOURS,
        ),
        Change("write them in this order", {COSTS: THREE}),
    ),
    refusal(
        "costs that are all zero",
        Change(
            "a mistake must cost more than a right answer, but in every row all cost the same",
            {COSTS: [[0, 0], [0, 0]]},
        ),
        Change("write what mistakes cost", {COSTS: [[0, 1], [1, 0]]}),
        Change("or leave decision out", {DECISION: REMOVED}),
    ),
    refusal(
        "costs in which a mistake pays",
        Change(
            "no mistake may cost less than a right answer, but row 2 has 5 for the right one and 0",
            {COSTS: [[0, 1], [0, 5]]},
        ),
        Change("rows are true classes, columns are answers", {COSTS: [[0, 1], [5, 0]]}),
    ),
    refusal(
        "costs that are no numbers",
        Change(
            "select_model.decision.costs.1.0 must be a number, but got 'five'",
            {COSTS: [[0, 1], ["five", 0]]},
        ),
        Change("must be a number", {COSTS: [[0, 1], [5, 0]]}),
    ),
    refusal(
        "a coverage of all",
        Change(
            "select_model.intervals.coverage must be less than 1, but got 1",
            {INTERVALS: {"coverage": 1}},
        ),
        Change("less than 1", {INTERVALS: {"coverage": 0.95}}),
    ),
    refusal(
        "a coverage of none",
        Change(
            "select_model.intervals.coverage must be greater than 0, but got 0",
            {INTERVALS: {"coverage": 0}},
        ),
        Change("greater than 0", {INTERVALS: {"coverage": 0.5}}),
    ),
    refusal(
        "intervals by what is no feature",
        Change(
            "select_model.intervals.by must name a feature that is a number or a category, but got "
            "'Z'; did you mean 'z'?",
            {INTERVALS: {"by": "Z"}},
        ),
        Change("did you mean 'z'?", {INTERVALS: {"by": "z"}}),
    ),
]
