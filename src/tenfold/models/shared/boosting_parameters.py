"""What the families of boosting libraries share in params.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from tenfold.metrics import Task
from tenfold.models.shared.contract import FamilyParameters
from tenfold.preprocessing import NATIVE, InputForm


class BoostingParameters(FamilyParameters):
    """Rounds of boosting, and how they are stopped; the names are those of both libraries."""

    bagged: ClassVar[bool] = True
    # Parameters that are left out: their values by task.
    task_defaults: ClassVar[Mapping[str, tuple[Any, Any]]] = {}

    n_estimators: int = Field(1000, ge=1, description="Rounds, at most.")
    early_stopping_rounds: int = Field(
        100,
        ge=1,
        description="A fold stops after that many rounds in which the other folds' mean "
        "validation loss has not improved, and keeps their best round.",
    )
    class_weight: Literal["balanced"] | None = Field(
        None, description="balanced: weigh classes by inverse frequency (classification)."
    )
    device: Literal["cpu", "gpu"] = Field(
        "cpu", description="cpu: one thread a fold, and as many folds at once as there are cores."
    )

    @property
    def input_form(self) -> InputForm:
        """Trees split on missing values and on sets of categories themselves."""
        return NATIVE

    @classmethod
    def defaults(cls, task: Task) -> dict[str, Any]:
        """The value of each parameter that is left out."""
        own = {name: pair[task == "regression"] for name, pair in cls.task_defaults.items()}
        return super().defaults(task) | own

    def booster_options(self, task: Task) -> dict[str, Any]:
        """The library's own options by name, those that are left out as by `defaults`."""
        shared = set(BoostingParameters.model_fields)
        given = {name: v for name, v in self.model_dump(exclude=shared).items() if v is not None}
        own = self.defaults(task)
        return {name: v for name, v in own.items() if name not in shared} | given


def by_task(classes: Any, regression: Any, what: str = "") -> str:
    """The description of a parameter whose default depends on the task.

    >>> by_task(50, 100, "Of a tree")
    'Of a tree; when absent 50 for classes, 100 for regression.'
    """
    default = f"when absent {classes} for classes, {regression} for regression."
    return f"{what}; {default}" if what else default[0].upper() + default[1:]
