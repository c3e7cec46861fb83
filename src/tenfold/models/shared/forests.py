"""What the forests share: their parameters, and how scikit-learn is told of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tenfold.metrics import Task
from tenfold.models.shared.contract import FamilyParameters


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
