"""One model family a file; its file name is its key under `models:` in params.yaml.

Family modules are light to import: they declare `Parameters` and build heavy things when asked.
What every family promises stands here, so that no caller needs to know which one it holds.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from pydantic_core import core_schema

from tenfold.metrics import Array, Task

# The columns of a learning curve.
CURVE = ("epoch", "train_loss", "val_loss")


class FamilyParameters(BaseModel):
    """The parameters of one configuration of a family: every leaf a plain value."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    def check_task(self, task: Task) -> None:
        """Raise ValueError if a value does not fit `task`."""


class OneOf:
    """Annotates a text that must be one of the names in a registry."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Checked, described and reported as a literal of the names."""
        return core_schema.literal_schema(self.names)


def names() -> list[str]:
    """Every family: the public modules of this package, sorted."""
    return sorted(
        file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_")
    )


def parameters(name: str) -> type[FamilyParameters]:
    """The schema of family `name`'s parameters."""
    schema: type[FamilyParameters] = importlib.import_module(f"{__name__}.{name}").Parameters
    return schema


def family(name: str) -> Family:
    """The family `name`, ready to cross-validate and fit."""
    found: Family = importlib.import_module(f"{__name__}.{name}").FAMILY
    return found


class Diverged(Exception):
    """A configuration whose predictions are not finite numbers: its trial fails, others go on."""


@dataclass(frozen=True)
class Fold:
    """One fold, preprocessed by statistics of its training part alone.

    X_train (n, d), y_train (n,); X_val (m, d), y_val (m,); `val` holds the positions of the
    validation rows in the training table. d may differ from fold to fold.
    """

    X_train: Array
    y_train: NDArray[np.generic]
    X_val: Array
    y_val: NDArray[np.generic]
    val: NDArray[np.int64]


@dataclass(frozen=True)
class Setting:
    """What a fit needs to know besides its parameters and its data."""

    task: Task
    n_classes: int
    trainer: Mapping[str, Any] = field(default_factory=dict)
    progress: bool = False
    checkpoint: Path | None = None


@dataclass(frozen=True)
class FoldPredictions:
    """Every fold's validation predictions: (m,) values or (m, C) probabilities.

    Families that train in epochs add each fold's best one, and a learning curve: a row an epoch,
    the mean over the folds.
    """

    predictions: list[Array]
    epochs: list[int] | None = None
    history: list[dict[str, float]] = field(default_factory=list)


class Fitted(Protocol):
    """A model fitted on all training rows."""

    history: list[dict[str, float]]

    def predict(self, X: Array) -> Array:
        """Values (n,), or class probabilities (n, C)."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model into an existing folder, without pickle."""
        ...


class Family(Protocol):
    """A model family: how to cross-validate, fit and load it."""

    def predict_folds(
        self,
        parameters: Any,
        folds: Sequence[Fold],
        seeds: Sequence[int],
        setting: Setting,
    ) -> FoldPredictions:
        """Fit each fold's training part and predict its validation part.

        Raises:
            Diverged: if a prediction is not finite.
        """
        ...

    def fit(
        self,
        parameters: Any,
        X: Array,
        y: NDArray[np.generic],
        seed: int,
        setting: Setting,
        epochs: int | None,
    ) -> Fitted:
        """Fit all rows; `epochs` is what cross-validation found, for families that have them."""
        ...

    def load(self, folder: Path) -> Fitted:
        """Read what `Fitted.save` wrote."""
        ...
