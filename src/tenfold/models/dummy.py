"""The baseline that ignores every feature: the mean, or the class frequencies."""

from __future__ import annotations

from typing import Any

from tenfold.metrics import Task
from tenfold.models.shared.contract import FamilyParameters
from tenfold.models.shared.scikit_family import ScikitFamily


class Parameters(FamilyParameters):
    """This family has no parameters."""

    fit_seconds = (0.002, 0.0, 0.0)


def build(parameters: Parameters, task: Task, seed: int) -> Any:
    """The mean of the target, or the prior of each class."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyRegressor() if task == "regression" else DummyClassifier(strategy="prior")


FAMILY = ScikitFamily(build)
