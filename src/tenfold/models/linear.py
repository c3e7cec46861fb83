"""Ridge regression and logistic regression: linear in the features, shrunk towards zero."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tenfold.metrics import Task
from tenfold.models.shared.contract import FamilyParameters
from tenfold.models.shared.scikit_family import ScikitFamily


class Parameters(FamilyParameters):
    """One strength of shrinkage serves both tasks: large alpha, small coefficients."""

    fit_seconds = (0.02, 0.0, 1e-06)

    alpha: float = Field(1.0, gt=0, description="L2 penalty: ridge's alpha, logistic's 1 / C.")
    class_weight: Literal["balanced"] | None = Field(
        None, description="balanced: weigh classes by inverse frequency (classification)."
    )
    max_iter: int = Field(1000, ge=1, description="Iterations of the logistic solver.")


def build(parameters: Parameters, task: Task, seed: int) -> Any:
    """Ridge (Hoerl & Kennard 1970), or L2-penalised multinomial logistic regression (L-BFGS)."""
    from sklearn.linear_model import LogisticRegression, Ridge

    if task == "regression":
        return Ridge(alpha=parameters.alpha)
    return LogisticRegression(
        C=1 / parameters.alpha,
        class_weight=parameters.class_weight,
        max_iter=parameters.max_iter,
    )


FAMILY = ScikitFamily(build)
