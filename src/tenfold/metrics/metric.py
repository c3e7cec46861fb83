"""What a metric is: a function, its direction, its tasks, and the rows on which it is defined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Task = Literal["regression", "binary", "multiclass"]
Array = NDArray[np.float64]

REGRESSION: tuple[Task, ...] = ("regression",)
BINARY: tuple[Task, ...] = ("binary",)
CLASSIFICATION: tuple[Task, ...] = ("binary", "multiclass")


@dataclass(frozen=True)
class Parameter:
    """The number that may follow a metric's name, as in `precision@0.3`.

    Attributes:
        name: the keyword of the metric's function; its value is between 0 and 1.
        tasks: where it may be set.
        required: whether the metric means nothing without it.
    """

    name: str
    tasks: tuple[Task, ...]
    required: bool = False


@dataclass(frozen=True)
class Metric:
    """One metric: `function(y_true, prediction)`, and whether greater or smaller is better.

    `y_true` has shape (n,): values, or class codes 0..C-1. `prediction` has shape (n,) for
    regression and (n, C), rows summing to one, for classification.

    Attributes:
        smallest_fold: fewest rows of a fold.
        different_values: whether the target must have two values or more in every fold.
        every_class: whether every fold must have rows of every class.
        smallest_target: the least value that the target may have, if there is one.
        nonzero_target: whether the target must not be 0.
        positive_class: whether the function takes the code of the positive class of two, as the
            keyword `positive`.
        parameter: the number that may follow the name.
    """

    function: Callable[..., float]
    direction: Literal["minimize", "maximize"]
    tasks: tuple[Task, ...]
    smallest_fold: int = 1
    different_values: bool = False
    every_class: bool = False
    smallest_target: float | None = None
    nonzero_target: bool = False
    positive_class: bool = False
    parameter: Parameter | None = None

    def better(self, score: float, than: float) -> bool:
        """Whether `score` beats `than` in this metric's direction."""
        return score > than if self.direction == "maximize" else score < than

    def score(
        self, y_true: NDArray[np.generic], prediction: Array, positive: int | None = None
    ) -> float:
        """The score of a prediction; `positive` is the code of the positive class, by default 1."""
        if self.positive_class and positive is not None:
            return self.function(y_true, prediction, positive=positive)
        return self.function(y_true, prediction)

    def at(self, value: float) -> Metric:
        """This metric with its parameter set."""
        assert self.parameter is not None, "the metric has no parameter"
        function = partial(self.function, **{self.parameter.name: value})
        return replace(self, function=function, tasks=self.parameter.tasks)


def is_constant(y: NDArray[np.generic]) -> bool:
    """Whether all values are equal, up to rounding."""
    values = y.astype(np.float64)
    return bool(np.ptp(values) <= 4 * np.finfo(np.float64).eps * np.abs(values).max())
