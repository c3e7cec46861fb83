"""Any family whose models learn a transformed target and answer in units of the target itself."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold import runtime
from tenfold.metrics import Array
from tenfold.models.shared.contract import (
    Bagged,
    Configuration,
    Diverged,
    Family,
    FitSettings,
    Fitted,
    Fold,
    FoldPredictions,
)
from tenfold.preprocessing.target_transform import Kind, TargetTransform

_DESCRIBED = "target.json"


def with_target(family: Family, transform: Kind | Literal["none"]) -> Family:
    """The family, whose models learn the transformed target; `none`: the family itself."""
    return family if transform == "none" else TransformedTargetFamily(family, transform)


class TransformedTargetFamily:
    """A family whose models learn a transformed target, fitted on the rows that they learn from.

    Args:
        family: of the models.
        kind: of the transform.
    """

    def __init__(self, family: Family, kind: Kind) -> None:
        self.family = family
        self.kind = kind

    def shape(self, parameters: Any) -> Hashable:
        """The family's own."""
        return self.family.shape(parameters)

    def check(self, parameters: Any, settings: FitSettings, n_columns: int | None) -> None:
        """The family's own."""
        self.family.check(parameters, settings, n_columns)

    def predict_folds(
        self, configurations: Sequence[Configuration], folds: Sequence[Fold], settings: FitSettings
    ) -> list[FoldPredictions | Diverged]:
        """As the family does; each fold's transform is fitted on its training part and undone."""
        transforms = [TargetTransform.fit(self.kind, fold.y_train) for fold in folds]
        learnt = [
            replace(fold, y_train=own.forward(fold.y_train), y_val=own.forward(fold.y_val))
            for fold, own in zip(folds, transforms, strict=True)
        ]
        found = self.family.predict_folds(configurations, learnt, settings)
        return [one if isinstance(one, Diverged) else _undone(one, transforms) for one in found]

    def fit(
        self,
        parameters: Any,
        X: Array,
        y: NDArray[np.generic],
        seed: int,
        settings: FitSettings,
        epochs: int | None,
    ) -> Fitted:
        """As the family does."""
        own = TargetTransform.fit(self.kind, y)
        model = self.family.fit(parameters, X, own.forward(y), seed, settings, epochs)
        return TransformedTargetModel(model, [own])

    def load(self, folder: Path) -> Fitted:
        """Read what `TransformedTargetModel.save` wrote."""
        return undo_as_saved(self.family.load(folder), folder)


class TransformedTargetModel:
    """A fitted model of a transformed target, or a bag of several, each with its own transform."""

    def __init__(self, model: Fitted, transforms: Sequence[TargetTransform]) -> None:
        self.model = model
        self.transforms = list(transforms)
        self.history = model.history

    @property
    def findings(self) -> list[str]:
        """The model's own."""
        return self.model.findings

    def predict(self, inputs: Sequence[Array]) -> Array:
        """Values (n,), the mean over the members."""
        return np.asarray(self.predict_each(inputs).mean(axis=0))

    def predict_each(self, inputs: Sequence[Array]) -> Array:
        """Each member's values (k, n)."""
        if isinstance(self.model, Bagged):
            each = self.model.predict_each(inputs)
        else:
            each = self.model.predict(inputs)[None]
        return self._undo(each)

    def draws(self, inputs: Sequence[Array], n_samples: int, seed: int) -> Array:
        """The model's draws (draws, n), of which draw i is of member i modulo their number."""
        return self._undo(self.model.draws(inputs, n_samples, seed))

    def _undo(self, predictions: Array) -> Array:
        own = self.transforms
        return np.stack([own[i % len(own)].inverse(each) for i, each in enumerate(predictions)])

    def save(self, folder: Path) -> None:
        """Write the model, and `target.json`."""
        self.model.save(folder)
        written = [own.to_json() for own in self.transforms]
        runtime.write_json(folder / _DESCRIBED, {"transforms": written})


def undo_as_saved(model: Fitted, folder: Path) -> Fitted:
    """A model read from a folder, with the transforms that were saved beside it, if any."""
    if isinstance(model, TransformedTargetModel) or not (folder / _DESCRIBED).exists():
        return model
    written = runtime.read_json(folder / _DESCRIBED)["transforms"]
    return TransformedTargetModel(model, [TargetTransform.from_json(own) for own in written])


def without_transform(model: Fitted) -> Fitted:
    """The model itself, which answers in units of what it learnt."""
    return model.model if isinstance(model, TransformedTargetModel) else model


def _undone(
    found: FoldPredictions, transforms: Sequence[TargetTransform]
) -> FoldPredictions | Diverged:
    predictions = [
        own.inverse(prediction)
        for own, prediction in zip(transforms, found.predictions, strict=True)
    ]
    if not all(np.isfinite(each).all() for each in predictions):
        return Diverged("a prediction is too large a number when the target's transform is undone")
    bag = TransformedTargetModel(found.bag, transforms) if isinstance(found.bag, Bagged) else None
    return replace(found, predictions=predictions, bag=bag)
