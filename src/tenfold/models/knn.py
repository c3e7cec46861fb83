"""k nearest neighbours: the mean of the training rows that are most alike (Cover & Hart 1967)."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tenfold.metrics import Array, Task
from tenfold.models.shared.contract import FamilyParameters, FitSettings
from tenfold.models.shared.scikit_family import ScikitFamily, ScikitModel


class Parameters(FamilyParameters):
    """scikit-learn's own names; the model holds the training rows."""

    fit_seconds = (0.02, 0.0, 4e-06)

    n_neighbors: int = Field(20, ge=1, description="At most all training rows.")
    weights: Literal["uniform", "distance"] = Field(
        "distance", description="distance: a neighbour counts by the inverse of its distance."
    )
    metric: Literal["euclidean", "manhattan"] = "euclidean"


def build(parameters: Parameters, task: Task, seed: int) -> Any:
    """scikit-learn's search, exact to the last bit.

    Without a tree scikit-learn computes Euclidean distances as differences of large squares. Ties
    would then be broken by rounding errors, which depend on the rows asked for together.
    """
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    kind = KNeighborsRegressor if task == "regression" else KNeighborsClassifier
    algorithm = "ball_tree" if parameters.metric == "euclidean" else "auto"
    return kind(**parameters.model_dump(), algorithm=algorithm)


class NeighboursModel(ScikitModel):
    """Fitted neighbours, stored without their tree: it counts what it is asked."""

    def save(self, folder: Path) -> None:
        """Write `model.skops`."""
        stored = copy.copy(self.estimator)
        stored._tree = None
        ScikitModel(stored).save(folder)


class NeighboursFamily(ScikitFamily):
    """Small tables have fewer rows than are asked for as neighbours."""

    model = NeighboursModel

    def _fit(
        self,
        parameters: Parameters,
        X: Array,
        y: NDArray[np.generic],
        seed: int,
        settings: FitSettings,
    ) -> ScikitModel:
        n_neighbors = min(parameters.n_neighbors, len(y))
        fewer = parameters.model_copy(update={"n_neighbors": n_neighbors})
        return super()._fit(fewer, X, y, seed, settings)

    def load(self, folder: Path) -> ScikitModel:
        """Read what `NeighboursModel.save` wrote, and make its tree again."""
        from sklearn.neighbors import BallTree, KDTree

        model = super().load(folder)
        estimator = model.estimator
        trees = {"ball_tree": BallTree, "kd_tree": KDTree}
        if tree := trees.get(estimator._fit_method):
            metric = estimator.effective_metric_
            estimator._tree = tree(estimator._fit_X, estimator.leaf_size, metric=metric)
        return model


FAMILY = NeighboursFamily(build)
