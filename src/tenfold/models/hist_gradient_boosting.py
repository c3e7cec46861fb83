"""Histogram gradient boosting: shallow trees, each fitted to the error left by the last."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from tenfold.metrics import Task
from tenfold.models.shared.contract import FamilyParameters
from tenfold.models.shared.scikit_family import ScikitFamily
from tenfold.preprocessing import NATIVE, InputForm


class Parameters(FamilyParameters):
    """scikit-learn's own names."""

    fit_seconds = (0.07, 0.0, 4e-06)
    bagged = True

    learning_rate: float = Field(0.1, gt=0, description="Shrinkage of each tree.")
    max_iter: int = Field(100, ge=1, description="Trees (per class).")
    max_leaf_nodes: int | None = Field(31, ge=2)
    max_depth: int | None = Field(None, ge=1)
    min_samples_leaf: int = Field(20, ge=1)
    l2_regularization: float = Field(0.0, ge=0)
    max_bins: int = Field(255, ge=2, le=255)
    early_stopping: bool = Field(False, description="Stop on a tenth of the training rows.")
    class_weight: Literal["balanced"] | None = None

    @property
    def input_form(self) -> InputForm:
        """Every category needs a bin of its own: of more, the rarest share one."""
        return replace(NATIVE, max_categories=self.max_bins)


def build(parameters: Parameters, task: Task, seed: int) -> Any:
    """scikit-learn's booster, after LightGBM (Ke et al. 2017)."""
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    options = parameters.model_dump() | {"random_state": seed}
    if task == "regression":
        options.pop("class_weight")
        return HistGradientBoostingRegressor(**options)
    return HistGradientBoostingClassifier(**options)


FAMILY = ScikitFamily(build)
