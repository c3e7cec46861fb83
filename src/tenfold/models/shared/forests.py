"""What the forests share: their parameters, how scikit-learn is told of them, their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tenfold.metrics import Array, Task
from tenfold.models.shared.contract import FamilyParameters, FitSettings
from tenfold.models.shared.scikit_family import ScikitFamily, ScikitModel

# A forest's numbers have single precision.
MAX_NUMBER = float(np.finfo(np.float32).max)


class ForestParameters(FamilyParameters):
    """scikit-learn's own names."""

    n_estimators: int = Field(300, ge=1, description="Trees.")
    max_depth: int | None = Field(None, ge=1, description="null: grow until leaves are pure.")
    min_samples_leaf: int = Field(1, ge=1)
    max_features: Annotated[float, Field(gt=0, le=1)] | Literal["sqrt", "log2"] = Field(
        "sqrt", description="Features tried at each split: a share, or a rule."
    )
    class_weight: Literal["balanced"] | None = None


def options(parameters: ForestParameters, task: Task, seed: int) -> dict[str, Any]:
    """A forest grows its trees on every core; the trees do not depend on how many."""
    chosen = parameters.model_dump() | {"random_state": seed, "n_jobs": -1}
    if task == "regression":
        chosen.pop("class_weight")
    return chosen


class ForestModel(ScikitModel):
    """A fitted forest; a number beyond single precision is the largest to it."""

    def predict(self, inputs: Sequence[Array]) -> Array:
        """Values (n,), or class probabilities (n, C)."""
        return super().predict([_in_single_precision(X) for X in inputs])


class ForestFamily(ScikitFamily):
    """A family of scikit-learn's forests, which refuse numbers beyond single precision."""

    model = ForestModel

    def _fit(
        self, parameters: Any, X: Array, y: NDArray[np.generic], seed: int, settings: FitSettings
    ) -> ScikitModel:
        return super()._fit(parameters, _in_single_precision(X), y, seed, settings)


def _in_single_precision(X: Array) -> Array:
    """X as the trees hold it, in half of the memory."""
    return np.clip(X, -MAX_NUMBER, MAX_NUMBER, out=np.empty(X.shape, np.float32))
