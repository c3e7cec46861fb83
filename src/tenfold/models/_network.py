"""What the network families share: all folds train as one stack, the last fit as a stack of one."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tenfold.metrics import Array, Task
from tenfold.models import Diverged, FamilyParameters, Fold, FoldPredictions, OneOf, Setting
from tenfold.runtime import Refused
from tenfold.training.losses import LOSSES, default
from tenfold.training.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from tenfold.training.fitting import Trained
    from tenfold.training.module import Recipe
    from tenfold.training.networks import Architecture


class NetworkParameters(FamilyParameters):
    """How any network is trained."""

    loss: Annotated[str, OneOf("auto", *LOSSES)] = Field(
        "auto", description="auto: mse, or cross-entropy."
    )
    optimizer: Annotated[str, OneOf(*OPTIMIZERS)] = "adamw"
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.0, ge=0, description="torch's own; decoupled for adamw.")
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"] = Field(
        32, description="full: batch gradient descent; 1: stochastic gradient descent."
    )
    patience: int = Field(10, ge=1, description="Epochs without improvement before a fold stops.")
    min_delta: float = Field(0.0, ge=0, description="Smallest improvement that counts.")

    def check_task(self, task: Task) -> None:
        """The loss must fit the task."""
        if self.loss != "auto" and task not in LOSSES[self.loss].tasks:
            fitting = [name for name, loss in LOSSES.items() if task in loss.tasks]
            raise ValueError(
                f"loss {self.loss!r} does not fit task {task!r}; choose from "
                f"auto, {', '.join(fitting)}"
            )


@dataclass(frozen=True)
class TargetScale:
    """Regression targets in units of their standard deviation, fitted on training rows."""

    mean: float = 0.0
    sd: float = 1.0

    @classmethod
    def of(cls, y: NDArray[np.generic], task: Task) -> TargetScale:
        """The scale of `y`; class codes are left as they are."""
        if task != "regression":
            return cls()
        values = y.astype(np.float64)
        return cls(float(values.mean()), float(values.std()) or 1.0)

    def scale(self, y: NDArray[np.generic], task: Task) -> NDArray[np.generic]:
        """Targets for the loss."""
        return (y.astype(np.float64) - self.mean) / self.sd if task == "regression" else y


class NetworkFamily:
    """A family given by `build(parameters) -> Architecture`."""

    def __init__(self, build: Callable[[Any], Architecture]) -> None:
        self.build = build

    def predict_folds(
        self, parameters: Any, folds: Sequence[Fold], seeds: Sequence[int], setting: Setting
    ) -> FoldPredictions:
        """Train every fold at once; each keeps the weights of its own best epoch."""
        from tenfold.training.fitting import Member

        task = setting.task
        scales = [TargetScale.of(fold.y_train, task) for fold in folds]
        members = [
            Member(
                seed,
                fold.X_train,
                scale.scale(fold.y_train, task),
                fold.X_val,
                scale.scale(fold.y_val, task),
            )
            for fold, seed, scale in zip(folds, seeds, scales, strict=True)
        ]
        trained = self._train(parameters, members, setting, _max_epochs(setting))
        if 0 in trained.epochs:
            raise Diverged(f"the loss of fold {trained.epochs.index(0)} was never a finite number")
        outputs = trained.predict([fold.X_val for fold in folds])
        predictions = [
            _prediction(output, scale, task) for output, scale in zip(outputs, scales, strict=True)
        ]
        return FoldPredictions(predictions, trained.epochs, _curve(trained))

    def fit(
        self,
        parameters: Any,
        X: Array,
        y: NDArray[np.generic],
        seed: int,
        setting: Setting,
        epochs: int | None,
    ) -> NetworkModel:
        """Train one network on all rows for as many epochs as cross-validation found."""
        from tenfold.training.fitting import Member

        scale = TargetScale.of(y, setting.task)
        member = Member(seed, X, scale.scale(y, setting.task))
        trained = self._train(parameters, [member], setting, epochs or _max_epochs(setting))
        architecture = self.build(parameters)
        return NetworkModel(
            trained.network, architecture, X.shape[1], scale, setting, _curve(trained)
        )

    def _train(
        self, parameters: Any, members: Sequence[Any], setting: Setting, max_epochs: int
    ) -> Trained:
        from tenfold.training.fitting import UnfitTrainer, train

        options = {key: v for key, v in setting.trainer.items() if key != "max_epochs"}
        try:
            return train(
                self.build(parameters),
                _recipe(parameters, setting.task, max_epochs),
                members,
                n_outputs=_n_outputs(setting),
                trainer=options,
                progress=setting.progress,
                checkpoint=setting.checkpoint,
            )
        except UnfitTrainer as error:
            given = ", ".join(f"{key}: {value}" for key, value in options.items())
            raise Refused(f"trainer: this machine cannot serve {given}: {error}") from None

    def load(self, folder: Path) -> NetworkModel:
        """Read what `NetworkModel.save` wrote."""
        from safetensors.torch import load_file

        from tenfold.training.networks import MLP, Architecture

        described = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        architecture = Architecture(**described["architecture"])
        setting = Setting(described["task"], described["n_classes"])
        tensors = load_file(folder / "weights.safetensors")
        network = MLP(architecture, [described["n_inputs"]], _n_outputs(setting), seeds=[0])
        network.to(next(iter(tensors.values())).dtype).load_state_dict(tensors)
        scale = TargetScale(**described["target_scale"])
        return NetworkModel(network, architecture, described["n_inputs"], scale, setting, [])


class NetworkModel:
    """A trained network, and the scale of the target it learnt."""

    def __init__(
        self,
        network: Any,
        architecture: Architecture,
        n_inputs: int,
        scale: TargetScale,
        setting: Setting,
        history: list[dict[str, float]],
    ) -> None:
        self.trained_in = next(network.parameters()).dtype
        # Float64 at prediction: an answer must not depend on the rows asked for beside it.
        self.network = network.double().eval()
        self.architecture = architecture
        self.n_inputs = n_inputs
        self.scale = scale
        self.setting = setting
        self.history = history

    def predict(self, X: Array) -> Array:
        """Values (n,), or class probabilities (n, C)."""
        from tenfold.training.fitting import forward

        return _prediction(forward(self.network, [X])[0], self.scale, self.setting.task)

    def save(self, folder: Path) -> None:
        """Write `network.json` and `weights.safetensors` (as precise as trained)."""
        from safetensors.torch import save_file

        from tenfold.runtime import write_json

        described = {
            "architecture": asdict(self.architecture),
            "n_classes": self.setting.n_classes,
            "n_inputs": self.n_inputs,
            "target_scale": asdict(self.scale),
            "task": self.setting.task,
        }
        write_json(folder / "network.json", described)
        state = self.network.state_dict()
        tensors = {name: value.to(self.trained_in) for name, value in state.items()}
        save_file(tensors, folder / "weights.safetensors")


def _curve(trained: Trained) -> list[dict[str, float]]:
    """The losses of every epoch, each the mean over the members whose loss is finite."""
    rows = []
    for number, losses in enumerate(trained.history, start=1):
        row: dict[str, float] = {"epoch": number}
        for name, values in losses.items():
            finite = [value for value in values if math.isfinite(value)]
            if finite:
                row[name] = statistics.fmean(finite)
        rows.append(row)
    return rows


def _max_epochs(setting: Setting) -> int:
    return int(setting.trainer["max_epochs"])


def _n_outputs(setting: Setting) -> int:
    return setting.n_classes if setting.task == "multiclass" else 1


def _recipe(parameters: Any, task: Task, max_epochs: int) -> Recipe:
    from tenfold.training.module import Recipe

    return Recipe(
        loss=default(task) if parameters.loss == "auto" else parameters.loss,
        optimizer=parameters.optimizer,
        learning_rate=parameters.learning_rate,
        weight_decay=parameters.weight_decay,
        batch_size=parameters.batch_size,
        max_epochs=max_epochs,
        patience=parameters.patience,
        min_delta=parameters.min_delta,
    )


def _prediction(output: Array, scale: TargetScale, task: Task) -> Array:
    """Outputs (n, out) as values (n,) or probabilities (n, C)."""
    if not np.isfinite(output).all():
        raise Diverged("the network predicted a number that is not finite")
    if task == "regression":
        return output[:, 0] * scale.sd + scale.mean
    from scipy.special import expit, softmax

    if task == "binary":
        positive = expit(output[:, 0])
        return np.stack([1 - positive, positive], axis=1)
    probabilities: Array = softmax(output, axis=1)
    return probabilities
