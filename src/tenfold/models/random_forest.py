"""Random forest: the mean of many trees, each grown on a bootstrap sample (Breiman 2001)."""

from __future__ import annotations

from typing import Any

from tenfold.metrics import Task
from tenfold.models.shared.forests import ForestFamily, ForestParameters, options


class Parameters(ForestParameters):
    """scikit-learn's own names."""

    fit_seconds = (0.4, 0.0, 3e-05)


def build(parameters: Parameters, task: Task, seed: int) -> Any:
    """scikit-learn's forest."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestRegressor if task == "regression" else RandomForestClassifier
    return kind(**options(parameters, task, seed))


FAMILY = ForestFamily(build)
