"""A family of networks: all folds train as one stack, the last fit as a stack of one."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Hashable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array
from tenfold.models.shared.contract import (
    Configuration,
    Diverged,
    FitSettings,
    Fold,
    FoldPredictions,
)
from tenfold.models.shared.network_model import NetworkModel, TargetScale, load, n_outputs
from tenfold.models.shared.network_parameters import NetworkParameters
from tenfold.runtime import UserError
from tenfold.training.settings import Rates, pick

if TYPE_CHECKING:
    from tenfold.training.embeddings import InputColumns
    from tenfold.training.fitting import Member, Trained


class NetworkFamily:
    """The family of the networks whose architecture is called `kind`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def shape(self, parameters: NetworkParameters) -> Hashable:
        """All that members of one stack must share."""
        shared = parameters.model_dump(mode="json", exclude={own.name for own in fields(Rates)})
        return json.dumps(shared, sort_keys=True)

    def predict_folds(
        self, configurations: Sequence[Configuration], folds: Sequence[Fold], settings: FitSettings
    ) -> list[FoldPredictions | Diverged]:
        """Train every fold of every configuration at once; each keeps its own best weights."""
        from tenfold.training.fitting import Member

        task, n_folds = settings.task, len(folds)
        pretrained = self._pretrained(settings, n_folds)
        scales = [TargetScale.of(fold.y_train, task) for fold in folds]
        trains = [_finite(fold.X_train) for fold in folds]
        vals = [_finite(fold.X_val) for fold in folds]
        ys = [
            (scale.scale(fold.y_train, task), scale.scale(fold.y_val, task))
            for fold, scale in zip(folds, scales, strict=True)
        ]
        members = [
            Member(
                seed,
                trains[fold],
                ys[fold][0],
                vals[fold],
                ys[fold][1],
                pick(Rates, configuration.parameters),
                _columns(trains[fold], settings, pretrained, fold),
            )
            for configuration in configurations
            for fold, seed in enumerate(configuration.seeds)
        ]
        shared = configurations[0].parameters
        epochs = _max_epochs(settings)
        trained = self._train(shared, members, settings, pretrained, epochs, horizon=epochs)
        outputs = trained.predict(vals * len(configurations))
        found: list[FoldPredictions | Diverged] = []
        for number in range(len(configurations)):
            own = slice(number * n_folds, (number + 1) * n_folds)
            part = trained.part(own)
            try:
                found.append(
                    self._result(part, outputs[own], scales, shared, members[own], settings)
                )
            except Diverged as reason:
                found.append(reason)
        return found

    def _result(
        self,
        trained: Trained,
        outputs: Sequence[Array],
        scales: Sequence[TargetScale],
        shared: NetworkParameters,
        members: Sequence[Member],
        settings: FitSettings,
    ) -> FoldPredictions:
        """What one configuration's folds came to."""
        findings = [str(finding) for finding in trained.findings]
        for fold, epoch in enumerate(trained.diverged):
            if epoch:
                advice = findings[0] if findings else "its loss was no number; lower learning_rate"
                raise Diverged(f"fold {fold} diverged in epoch {epoch}: {advice}")
        predictions = [
            scale.prediction(output, settings.task)
            for output, scale in zip(outputs, scales, strict=True)
        ]
        curve = _curve(trained)
        specs = [member.spec for member in members]
        bag = NetworkModel(
            trained.network, shared.architecture(self.kind), specs, scales, settings, curve
        )
        return FoldPredictions(predictions, trained.epochs, curve, findings, bag)

    def fit(
        self,
        parameters: NetworkParameters,
        X: Array,
        y: NDArray[np.generic],
        seed: int,
        settings: FitSettings,
        epochs: int | None,
    ) -> NetworkModel:
        """Train one network on all rows for as many epochs as cross-validation found."""
        from tenfold.training.fitting import Member

        pretrained = self._pretrained(settings, 1)
        scale = TargetScale.of(y, settings.task)
        own = _finite(X)
        member = Member(
            seed,
            own,
            scale.scale(y, settings.task),
            rates=pick(Rates, parameters),
            columns=_columns(own, settings, pretrained, 0),
        )
        horizon = _max_epochs(settings)
        trained = self._train(
            parameters, [member], settings, pretrained, epochs or horizon, horizon=horizon
        )
        if not math.isfinite(trained.history[-1]["train_loss"][0]):
            raise UserError(
                f"train@{self.kind}: on all rows the loss was no finite number: lower "
                "learning_rate, or keep the folds' networks with train: {strategy: bag}"
            )
        return NetworkModel(
            trained.network,
            parameters.architecture(self.kind),
            [member.spec],
            [scale],
            settings,
            _curve(trained),
            [str(finding) for finding in trained.findings],
        )

    def _train(
        self,
        parameters: NetworkParameters,
        members: Sequence[Member],
        settings: FitSettings,
        pretrained: NetworkModel | None,
        max_epochs: int,
        *,
        horizon: int,
    ) -> Trained:
        from tenfold.training.fitting import (
            OutOfMemory,
            PretrainedMismatch,
            UnsupportedTrainer,
            train,
        )

        self._check_shape(parameters, members)
        self._check_rows(parameters, members)
        options = {key: v for key, v in settings.trainer.items() if key != "max_epochs"}
        try:
            return train(
                parameters.architecture(self.kind),
                parameters.recipe(settings.task),
                members,
                n_outputs(settings),
                max_epochs=max_epochs,
                horizon=horizon,
                class_weights=self._class_weights(parameters, settings),
                pretrained=None if pretrained is None else pretrained.network,
                trainer=options,
                progress=settings.progress,
                checkpoint=settings.checkpoint,
            )
        except PretrainedMismatch as error:
            raise UserError(f"models.{self.kind}.init_from: {error}") from None
        except UnsupportedTrainer as error:
            named = ("accelerator", "devices", "strategy", "precision")
            given = ", ".join(f"{key}: {options[key]}" for key in named if key in options)
            raise UserError(
                f"trainer: this machine cannot serve {given}: {error} (accelerator: auto and "
                "devices: 1 run anywhere)"
            ) from None
        except OutOfMemory as error:
            raise UserError(
                f"models.{self.kind}: {len(members)} networks at once need more memory than there "
                f"is ({error}): lower d_block, batch_size or tune.generation_size"
            ) from None

    def _pretrained(self, settings: FitSettings, n_folds: int) -> NetworkModel | None:
        """The model to start from, with a member for every fold, in turn."""
        pretrained = settings.pretrained
        if pretrained is None:
            return None
        if not isinstance(pretrained, NetworkModel):
            raise UserError(f"init_from must be a trained {self.kind}, but is no network")
        theirs, ours = (
            bool(n) for n in (pretrained.specs[0].columns.cardinalities, settings.n_codes)
        )
        if theirs != ours:
            learned, other = ("learned", "none") if theirs else ("none", "learned")
            raise UserError(
                f"models.{self.kind}.embeddings.categorical must be that of init_from, {learned}, "
                f"but got {other}"
            )
        return pretrained.with_members([fold % len(pretrained.specs) for fold in range(n_folds)])

    def _class_weights(
        self, parameters: NetworkParameters, settings: FitSettings
    ) -> Literal["balanced"] | list[float] | None:
        """What a row of each class weighs, in the order of the classes.

        Raises:
            UserError: if the declared classes are not those of the target.
        """
        declared = parameters.class_weight
        if declared is None or declared == "balanced":
            return declared
        labels = [str(label) for label in settings.classes]
        if set(declared) != set(labels):
            raise UserError(
                f"models.{self.kind}.class_weight must name the classes {', '.join(labels)}, but "
                f"names {', '.join(declared) or 'none'}"
            )
        return [declared[label] for label in labels]

    def _check_shape(self, parameters: NetworkParameters, members: Sequence[Member]) -> None:
        """A picture or sequence must use up the columns, exactly."""
        shape = getattr(parameters, "shape", None)
        widths = sorted({member.x_train.shape[1] for member in members})
        if shape is not None and widths != [math.prod(shape)]:
            found = " or ".join(map(str, widths))
            raise UserError(
                f"models.{self.kind}.shape: the product of {list(shape)} is {math.prod(shape)}, "
                f"but {found} columns come out of preprocessing: correct the shape or drop columns"
            )

    def _check_rows(self, parameters: NetworkParameters, members: Sequence[Member]) -> None:
        """The statistics of one row say nothing."""
        fewest = min(len(member.y_train) for member in members)
        if fewest < 2 and getattr(parameters, "normalization", "none") == "batch_norm":
            raise UserError(
                f"models.{self.kind}.normalization: 'batch_norm' needs at least two training rows, "
                f"but a fold has {fewest}: use layer_norm, or fewer folds"
            )

    def load(self, folder: Path) -> NetworkModel:
        """Read what `NetworkModel.save` wrote."""
        return load(folder)


def _finite(X: Array) -> Array:
    """X as it is, if every number is finite and stays so in single precision.

    Raises:
        UserError: otherwise.
    """
    wrong = ~(np.abs(X) <= np.finfo(np.float32).max)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise UserError(
            f"a network takes finite numbers below 3.4e38 only, but column {column} of the "
            f"preprocessed table holds {X[row, column]} in row {row}: scale it "
            "(preprocessing.numeric.scale: standard), or reject such rows under clean.require"
        )
    return X


def _columns(
    X: Array, settings: FitSettings, pretrained: NetworkModel | None, fold: int
) -> InputColumns:
    """What the columns of a preprocessed table are; its codes count from 0.

    A pretrained's categories are numbered as its own rows were, of which there may be more.
    """
    from tenfold.training.embeddings import InputColumns

    if pretrained is not None:
        return pretrained.specs[fold].columns
    codes = X[:, settings.n_numeric : settings.n_numeric + settings.n_codes]
    return InputColumns(
        X.shape[1], settings.n_numeric, tuple((codes.max(axis=0) + 1).astype(int).tolist())
    )


def _curve(trained: Trained) -> list[dict[str, float]]:
    """What was measured in every epoch, each the mean over the members where it is finite."""
    rows = []
    for number, measured in enumerate(trained.history, start=1):
        row: dict[str, float] = {"epoch": number}
        for name, values in measured.items():
            finite = [value for value in values if math.isfinite(value)]
            if finite:
                row[name] = statistics.fmean(finite)
        rows.append(row)
    return rows


def _max_epochs(settings: FitSettings) -> int:
    return int(settings.trainer["max_epochs"])
