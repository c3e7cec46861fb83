"""Random forest: the mean of many trees, each grown on a bootstrap sample (Breiman 2001)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tenfold.metrics import Task
from tenfold.models.shared.contract import FamilyParameters
from tenfold.models.shared.scikit_family import ScikitFamily


class Parameters(FamilyParameters):
    """scikit-learn's own names."""

    fit_seconds = (0.12, 4e-05)

    n_estimators: int = Field(100, ge=1, description="Trees.")
    max_depth: int | None = Field(None, ge=1, description="null: grow until leaves are pure.")
    min_samples_leaf: int = Field(1, ge=1)
    max_features: Annotated[float, Field(gt=0, le=1)] | Literal["sqrt", "log2"] = Field(
        "sqrt", description="Features tried at each split: a share, or a rule."
    )
    class_weight: Literal["balanced"] | None = None


def build(parameters: Parameters, task: Task, seed: int) -> Any:
    """A forest that grows its trees on every core; the trees do not depend on how many."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    options = parameters.model_dump() | {"random_state": seed, "n_jobs": -1}
    if task == "regression":
        options.pop("class_weight")
        return RandomForestRegressor(**options)
    return RandomForestClassifier(**options)


FAMILY = ScikitFamily(build)
