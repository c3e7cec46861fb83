"""Extremely randomised trees: a forest with thresholds drawn by chance (Geurts et al. 2006)."""

from __future__ import annotations

from typing import Any

from tenfold.metrics import Task
from tenfold.models.shared.forests import ForestFamily, ForestParameters, options


class Parameters(ForestParameters):
    """scikit-learn's own names; each tree is grown on all rows."""

    fit_seconds = (0.3, 0.0, 1.5e-05)


def build(parameters: Parameters, task: Task, seed: int) -> Any:
    """scikit-learn's forest."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    kind = ExtraTreesRegressor if task == "regression" else ExtraTreesClassifier
    return kind(**options(parameters, task, seed))


FAMILY = ForestFamily(build)
