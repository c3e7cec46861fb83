"""`select_model:`'s `calibration`, `decision` and `intervals`: what becomes of predictions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tenfold.metrics import Task
from tenfold.params.section import Section, Text

Method = Literal["temperature", "isotonic", "beta"]
Calibration = Literal["off", "auto", "temperature", "isotonic", "beta"]
# Metrics of a predicted class of which no threshold is the best for a trivial reason.
ThresholdMetric = Literal["accuracy", "balanced_accuracy", "f1", "mcc"]

# calibration: the tasks that it is for.
FITTING: dict[Calibration, tuple[Task, ...]] = {
    "off": ("regression", "binary", "multiclass"),
    "auto": ("binary", "multiclass"),
    "temperature": ("binary", "multiclass"),
    "isotonic": ("binary",),
    "beta": ("binary",),
}


class Decision(Section):
    """Which class is answered. One of these keys is given."""

    threshold: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Of two classes: the positive one from this probability on."
    )
    metric: ThresholdMetric | None = Field(
        None,
        description="Of two classes: the positive one from the probability on that is best for "
        "this metric of the out-of-fold predictions.",
    )
    costs: list[list[float]] | None = Field(
        None,
        description="The class that costs least: a row for each true class, a column for each "
        "answered one, in the order of the classes; of two classes the negative one first.",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Decision:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                "a decision is made by one of threshold, metric and costs, but got "
                f"{' and '.join(given) or 'none of them'}: give one"
            )
        if self.costs is not None:
            _check_costs(self.costs)
        return self


def _check_costs(costs: list[list[float]]) -> None:
    n = len(costs)
    if n < 2 or any(len(row) != n for row in costs):
        sizes = ", ".join(str(len(row)) for row in costs)
        raise ValueError(
            "costs must have as many columns as rows, one of each for every class, but got "
            f"{n} rows of {sizes or 'no'} numbers: write, for two classes, [[0, 1], [5, 0]]"
        )
    for number, row in enumerate(costs):
        least = min(row)
        if row[number] > least:
            raise ValueError(
                f"costs: no mistake may cost less than a right answer, but row {number + 1} has "
                f"{row[number]:g} for the right one and {least:g} for another: rows are true "
                "classes, columns are answers"
            )
    if all(max(row) == min(row) for row in costs):
        raise ValueError(
            "costs: a mistake must cost more than a right answer, but in every row all cost the "
            "same: write what mistakes cost, or leave decision out"
        )


class Intervals(Section):
    """Conformal intervals of numbers, or sets of classes, that are served on request."""

    coverage: float = Field(
        0.9, gt=0, lt=1, description="The share of new rows whose truth they are to hold."
    )
    by: Text | None = Field(
        None,
        description="A feature with few values, for each of which they hold that share; a value "
        "with too few rows has those of all rows.",
    )


def check(
    calibration: Calibration, decision: Literal["most_probable"] | Decision, task: Task
) -> None:
    """Raise ValueError if what is declared is not for the task."""
    if task not in FITTING[calibration]:
        if task == "regression":
            raise ValueError(
                "select_model.calibration is of the probabilities of classes, but got "
                f"{calibration!r} with task {task!r}: leave it out"
            )
        raise ValueError(
            f"select_model.calibration: {calibration} is for two classes, but task is {task!r}: "
            "set temperature or auto"
        )
    if isinstance(decision, str):
        return
    if task == "regression":
        raise ValueError(f"select_model.decision is of classes, but task is {task!r}: leave it out")
    if decision.costs is None:
        if task != "binary":
            raise ValueError(
                f"select_model.decision: a threshold is for two classes, but task is {task!r}: "
                "give costs, or leave it out"
            )
    elif task == "binary" and len(decision.costs) != 2:
        raise ValueError(
            "select_model.decision.costs must have two rows of two numbers for two classes, but "
            f"has {len(decision.costs)} rows: write [[0, cost of a false positive], [cost of a "
            "false negative, 0]]"
        )
