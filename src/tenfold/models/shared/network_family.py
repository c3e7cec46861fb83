"""A family of networks: all folds train as one stack, the last fit as a stack of one."""

from __future__ import annotations

import json
import math
import statistics
import warnings
from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from tenfold.models.shared.network_checks import (
    check_devices,
    check_rows,
    check_shape,
    class_weights,
    finite,
    unsupported,
)
from tenfold.models.shared.network_model import NetworkModel, TargetScale, load, n_outputs
from tenfold.models.shared.network_parameters import NetworkParameters
from tenfold.runtime import UserError
from tenfold.training.leave_one_out import judged_by_themselves, overlapping
from tenfold.training.settings import Rates

if TYPE_CHECKING:
    from tenfold.training.embeddings import InputColumns
    from tenfold.training.fitting import Member, Trained
    from tenfold.training.networks import LayerFactory, StackedNetwork


class NetworkFamily:
    """The family of the networks that `build` makes.

    Args:
        kind: the family's name.
        build: makes the network from the layers of a LayerFactory, whose `settings` are the
            family's parameters.
    """

    def __init__(self, kind: str, build: Callable[[LayerFactory], StackedNetwork]) -> None:
        self.kind = kind
        self.build = build

    def shape(self, parameters: NetworkParameters) -> Hashable:
        """All that members of one stack must share."""
        shared = parameters.model_dump(mode="json", exclude={own.name for own in fields(Rates)})
        return json.dumps(shared, sort_keys=True)

    def check(
        self, parameters: NetworkParameters, settings: FitSettings, n_columns: int | None
    ) -> None:
        """Classes that have a weight, a shape, the model to start from, and the machine's devices.

        Raises:
            UserError: if one does not fit.
        """
        class_weights(self.kind, parameters, settings)
        if n_columns is not None:
            check_shape(self.kind, parameters, [n_columns])
        self._pretrained(settings, 1)
        check_devices(settings.trainer)

    def predict_folds(
        self, configurations: Sequence[Configuration], folds: Sequence[Fold], settings: FitSettings
    ) -> list[FoldPredictions | Diverged]:
        """Train every fold of every configuration at once, or of half of them if memory is short.

        Members do not feel each other, so that the answer is the same.
        """
        from tenfold.training import memory

        try:
            return self._predict_together(configurations, folds, settings)
        except memory.OutOfMemory as error:
            if len(configurations) == 1:
                raise self._too_large(len(folds), error) from None
            half = (len(configurations) + 1) // 2
            warnings.warn(
                f"{self.kind}: {len(configurations)} configurations at once need more memory than "
                f"there is ({error}): {half} are trained at once",
                stacklevel=2,
            )
        memory.release()
        return [
            found
            for part in (configurations[:half], configurations[half:])
            for found in self.predict_folds(part, folds, settings)
        ]

    def _predict_together(
        self, configurations: Sequence[Configuration], folds: Sequence[Fold], settings: FitSettings
    ) -> list[FoldPredictions | Diverged]:
        """Train every fold of every configuration as one stack.

        Each fold keeps the weights of the epoch that is best for the other folds of its
        configuration: were it its own validation rows that chose, they would flatter it.
        """
        from tenfold.training import memory
        from tenfold.training.fitting import Member

        task, n_folds = settings.task, len(folds)
        pretrained = self._pretrained(settings, n_folds)
        scales = [TargetScale.of(fold.y_train, task) for fold in folds]
        vals = [finite(fold.X_val) for fold in folds]
        rows: list[dict[str, Any]] = [
            {
                "x_train": finite(fold.X_train),
                "y_train": scale.scale(fold.y_train, task),
                "x_val": x_val,
                "y_val": scale.scale(fold.y_val, task),
                "columns": _columns(fold.X_train, settings, pretrained, number),
            }
            for number, (fold, scale, x_val) in enumerate(zip(folds, scales, vals, strict=True))
        ]
        members = [
            Member(seed, rates=configuration.parameters.rates(task), **rows[fold])
            for configuration in configurations
            for fold, seed in enumerate(configuration.seeds)
        ]
        shared = configurations[0].parameters
        if len(configurations) > 1:
            memory.check(
                shared.architecture(self.kind, self.build, task),
                shared.recipe(task),
                members,
                n_outputs(settings),
                settings.trainer,
            )
        epochs = _max_epochs(shared, settings)
        overlaps = overlapping([fold.val for fold in folds])
        trained = self._train(
            shared,
            members,
            settings,
            pretrained,
            epochs,
            horizon=epochs,
            overlaps=~np.kron(np.eye(len(configurations), dtype=np.bool_), ~overlaps),
        )
        outputs = trained.predict(vals * len(configurations))
        found: list[FoldPredictions | Diverged] = []
        for first in range(0, len(members), n_folds):
            own = slice(first, first + n_folds)
            part = trained.part(own)
            bag = self._model(shared, part, members[own], scales, settings)
            try:
                found.append(_fold_predictions(part, outputs[own], bag, overlaps))
            except Diverged as reason:
                found.append(reason)
        return found

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
        from tenfold.training.fitting import Member, OutOfMemory

        pretrained = self._pretrained(settings, 1)
        scale = TargetScale.of(y, settings.task)
        own = finite(X)
        member = Member(
            seed,
            own,
            scale.scale(y, settings.task),
            rates=parameters.rates(settings.task),
            columns=_columns(own, settings, pretrained, 0),
        )
        horizon = _max_epochs(parameters, settings)
        try:
            trained = self._train(
                parameters, [member], settings, pretrained, epochs or horizon, horizon=horizon
            )
        except OutOfMemory as error:
            raise self._too_large(1, error) from None
        if not math.isfinite(trained.history[-1]["train_loss"][0]):
            raise UserError(
                f"train@{self.kind}: on all rows the loss was not finite: lower "
                "learning_rate, or keep the folds' networks with train: {strategy: bag}"
            )
        return self._model(parameters, trained, [member], [scale], settings)

    def _model(
        self,
        parameters: NetworkParameters,
        trained: Trained,
        members: Sequence[Member],
        scales: Sequence[TargetScale],
        settings: FitSettings,
    ) -> NetworkModel:
        return NetworkModel(
            trained.network,
            parameters.architecture(self.kind, self.build, settings.task),
            [member.spec for member in members],
            scales,
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
        overlaps: NDArray[np.bool_] | None = None,
    ) -> Trained:
        from tenfold.training.fitting import (
            PretrainedMismatch,
            UnsupportedTrainer,
            train,
        )

        check_shape(self.kind, parameters, [member.x_train.shape[1] for member in members])
        check_rows(self.kind, parameters, members)
        try:
            return train(
                parameters.architecture(self.kind, self.build, settings.task),
                parameters.recipe(settings.task),
                members,
                n_outputs(settings),
                max_epochs=max_epochs,
                horizon=horizon,
                class_weights=class_weights(self.kind, parameters, settings),
                overlaps=overlaps,
                pretrained=None if pretrained is None else pretrained.network,
                trainer=_options(settings),
                progress=settings.progress,
                checkpoint=settings.checkpoint,
            )
        except PretrainedMismatch as error:
            raise UserError(f"models.{self.kind}.init_from: {error}") from None
        except UnsupportedTrainer as error:
            raise unsupported(settings.trainer, error) from None

    def _too_large(self, n_networks: int, error: Exception) -> UserError:
        return UserError(
            f"models.{self.kind}: {n_networks} networks at once need more memory than there "
            f"is ({error}): lower d_block or batch_size"
        )

    def _pretrained(self, settings: FitSettings, n_folds: int) -> NetworkModel | None:
        """The model to start from, its members taken in turn for the folds."""
        pretrained = settings.pretrained
        if pretrained is None:
            return None
        if not isinstance(pretrained, NetworkModel):
            raise UserError(f"init_from must be a trained {self.kind}, but is not a network")
        theirs = bool(pretrained.specs[0].columns.cardinalities)
        ours = settings.n_codes > 0
        if theirs != ours:
            learned, other = ("learned", "none") if theirs else ("none", "learned")
            raise UserError(
                f"models.{self.kind}.embeddings.categorical must be that of init_from, {learned}, "
                f"but got {other}: set it so"
            )
        return pretrained.with_members([fold % len(pretrained.specs) for fold in range(n_folds)])

    def load(self, folder: Path) -> NetworkModel:
        """Read what `NetworkModel.save` wrote."""
        return load(folder, self.build)


def _fold_predictions(
    trained: Trained,
    outputs: Sequence[Array],
    bag: NetworkModel,
    overlaps: NDArray[np.bool_],
) -> FoldPredictions:
    """What one configuration's folds predict for their validation rows.

    Raises:
        Diverged: if a loss or a prediction was not finite.
    """
    findings = [*bag.findings, *judged_by_themselves(overlaps, "its epoch")]
    for fold, epoch in enumerate(trained.diverged):
        if epoch:
            advice = (
                bag.findings[0] if bag.findings else "its loss was not finite; lower learning_rate"
            )
            raise Diverged(f"fold {fold} diverged in epoch {epoch}: {advice}")
    predictions = [
        scale.prediction(output, bag.settings.task)
        for output, scale in zip(outputs, bag.scales, strict=True)
    ]
    return FoldPredictions(predictions, trained.epochs, bag.history, findings, bag)


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
    """The measurements of every epoch, each the mean over the members where it is finite."""
    rows = []
    for number, measured in enumerate(trained.history, start=1):
        row: dict[str, float] = {"epoch": number}
        for name, values in measured.items():
            finite = [value for value in values if math.isfinite(value)]
            if finite:
                row[name] = statistics.fmean(finite)
        rows.append(row)
    return rows


def _options(settings: FitSettings) -> dict[str, Any]:
    return {key: v for key, v in settings.trainer.items() if key != "max_epochs"}


def _max_epochs(parameters: NetworkParameters, settings: FitSettings) -> int:
    return int(parameters.n_epochs or settings.trainer["max_epochs"])
