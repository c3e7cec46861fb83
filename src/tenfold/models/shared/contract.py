"""The contract that every model family keeps, and the data that it works on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tenfold.metrics import Array, Task
from tenfold.params.families import ExperimentContext
from tenfold.preprocessing import DECLARED, InputForm

# The columns of a learning curve that every network has.
CURVE = ("epoch", "train_loss", "val_loss")


class FamilyParameters(BaseModel):
    """The parameters of one configuration of a family: every leaf a plain value."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    # Seconds of one fit on two cores, more for each row, and more for each cell: a rough forecast.
    fit_seconds: ClassVar[tuple[float, float, float]] = (0.0, 0.0, 0.0)
    # Whether cross-validation keeps the folds' models, which are then the family's last fit as
    # one, rather than one model fitted on all rows, unless `train.strategy` says otherwise.
    bagged: ClassVar[bool] = False

    @property
    def input_form(self) -> InputForm:
        """The form in which the family takes its columns."""
        return DECLARED

    @classmethod
    def defaults(cls, task: Task) -> dict[str, Any]:
        """The value of each parameter that is left out; it may depend on the task."""
        return {
            name: field.get_default(call_default_factory=True)
            for name, field in cls.model_fields.items()
            if not field.is_required()
        }

    @classmethod
    def numbers_per_step(cls, values: Mapping[str, Any], n_rows: int) -> int:
        """Activations of a layer in one step of one fold's network; 0 for what is no network.

        Args:
            values: of the parameters, by name.
            n_rows: of the fold.
        """
        return 0

    def without_effect(self) -> dict[str, str]:
        """The parameters, by dotted name, that have no effect beside the others: and why."""
        return {}

    def check(self, context: ExperimentContext) -> None:
        """Raise ValueError if a value does not fit the rest of the experiment."""
        class_weight = getattr(self, "class_weight", None)
        if context.task == "regression" and class_weight is not None:
            raise ValueError(
                f"class_weight fits classification, but got {class_weight!r} with task "
                "'regression': leave it out"
            )


class Diverged(Exception):
    """A configuration cannot be fitted, or predicts a number that is not finite.

    Its trial fails; others continue.
    """


class NoSpread(ValueError):
    """A model has neither dropout nor several members, whose answers would differ."""


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
class FitSettings:
    """What a fit needs besides its parameters and its data.

    If columns have places, the first `n_numeric` of X are numbers and the next `n_codes` are codes
    of categories. `pretrained` is the fitted model to start from.
    """

    task: Task
    classes: Sequence[Any] = ()
    trainer: Mapping[str, Any] = field(default_factory=dict)
    n_numeric: int = 0
    n_codes: int = 0
    pretrained: Fitted | None = None
    progress: bool = False
    checkpoint: Path | None = None

    @property
    def n_classes(self) -> int:
        """0 for regression."""
        return len(self.classes)


@dataclass(frozen=True)
class Configuration:
    """One point of the search space, and a seed for every fold."""

    parameters: Any
    seeds: Sequence[int]


@dataclass(frozen=True)
class FoldPredictions:
    """Every fold's validation predictions: (m,) values or (m, C) probabilities.

    Families that train in epochs add each fold's best one and a learning curve (a row an epoch, the
    mean over the folds); those that are `bagged` the folds' models as one. `findings` says what
    went wrong, in words.
    """

    predictions: list[Array]
    epochs: list[int] | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    bag: Bagged | None = None


class Fitted(Protocol):
    """A fitted model, or a bag of several, each of which takes its own inputs."""

    history: list[dict[str, float]]

    @property
    def findings(self) -> list[str]:
        """What went wrong while it was fitted, in words."""
        ...

    def predict(self, inputs: Sequence[Array]) -> Array:
        """Values (n,), or class probabilities (n, C), for one array (n, d) a member."""
        ...

    def draws(self, inputs: Sequence[Array], n_samples: int, seed: int) -> Array:
        """Predictions (draws, n) or (draws, n, C) whose spread is the model's uncertainty.

        Raises:
            NoSpread: if the model has neither dropout nor several members.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write the model into an existing folder, without pickle."""
        ...


@runtime_checkable
class Bagged(Fitted, Protocol):
    """Several fitted models as one; draw i of `draws` is of member i modulo their number."""

    def predict_each(self, inputs: Sequence[Array]) -> Array:
        """Each model's prediction, (k, n) or (k, n, C), whose mean `predict` returns."""
        ...


class Family(Protocol):
    """A model family: how to cross-validate, fit and load it."""

    def shape(self, parameters: Any) -> Hashable:
        """Configurations of equal shape may be cross-validated together."""
        ...

    def check(self, parameters: Any, settings: FitSettings, n_columns: int | None) -> None:
        """Refuse what training would refuse, as far as it can be known before.

        Args:
            parameters: of one configuration.
            settings: with the model to start from, if there is one.
            n_columns: that come out of preprocessing; None if that is not yet known.

        Raises:
            UserError: naming the parameter or the option.
        """
        ...

    def predict_folds(
        self, configurations: Sequence[Configuration], folds: Sequence[Fold], settings: FitSettings
    ) -> list[FoldPredictions | Diverged]:
        """For every configuration, fit each fold's training part and predict the rest of it.

        `Diverged` is returned for a configuration whose predictions are not finite.
        """
        ...

    def fit(
        self,
        parameters: Any,
        X: Array,
        y: NDArray[np.generic],
        seed: int,
        settings: FitSettings,
        epochs: int | None,
    ) -> Fitted:
        """Fit all rows; `epochs` is what cross-validation found, for families that have them."""
        ...

    def load(self, folder: Path) -> Fitted:
        """Read what `save` wrote of a model of this family."""
        ...
