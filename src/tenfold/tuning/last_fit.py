"""The last fit of a configuration: its folds' models as a bag, or one model of all rows."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tenfold import models, runtime
from tenfold.models import Family, FamilyParameters, FitSettings, Fitted
from tenfold.models.shared import answer_cost
from tenfold.models.shared.bag import Bag
from tenfold.models.shared.predictor import Predictor
from tenfold.models.shared.transformed_target import with_target
from tenfold.tuning import fold_models, search
from tenfold.tuning.evaluation import Inputs, seeds
from tenfold.tuning.kept import Kept

# `auto` keeps no larger bag: each model costs memory and answers every row.
MAX_MEMBERS = 100


@dataclass(frozen=True)
class LastFit:
    """How the configurations of a family become models.

    Args:
        family: its name.
        inputs: the table and its preprocessing.
        settings: of every fit, without checkpoint.
        strategy: `train.strategy`.
        seed: the experiment's.
    """

    family: str
    inputs: Inputs
    settings: FitSettings
    strategy: Literal["auto", "bag", "refit"]
    seed: int

    def __call__(self, kept: Kept, checkpoint: Path | None = None) -> Predictor:
        """The model of a configuration; a long fit goes on from its checkpoint."""
        parameters = models.parameters(self.family).model_validate(kept.described["parameters"])
        settings = self.inputs.fit_settings(parameters, self.settings)
        if self.is_bag(parameters):
            transformers, model = self._bag(parameters, settings, kept)
        else:
            settings = replace(settings, checkpoint=checkpoint)
            transformers, model = self._refit(parameters, settings, kept.described)
        return Predictor(self.family, self.inputs.dataset.schema, transformers, model)

    def is_bag(self, parameters: FamilyParameters) -> bool:
        """Whether the folds' models are kept: with `auto` not if some saw few rows."""
        if self.strategy != "auto":
            return self.strategy == "bag"
        folds = self.inputs.dataset.folds
        assert folds is not None, "the training table has no folds"
        return parameters.bagged and folds.even and folds.n <= MAX_MEMBERS

    def _family(self, described: Mapping[str, Any]) -> Family:
        """The family, with the target's transform that was declared or chosen."""
        declared = self.inputs.declared.target.tried[0]
        transform = described["tuned"].get(search.TRANSFORM, declared)
        return with_target(models.family(self.family), transform)

    def _bag(
        self, parameters: FamilyParameters, settings: FitSettings, kept: Kept
    ) -> tuple[Sequence[Any], Fitted]:
        """The models that cross-validation kept, or these fitted again with the same seeds."""
        family = self._family(kept.described)
        transformers, folds = self.inputs.folds(parameters)
        if fold_models.has_models(kept.members):
            return transformers, fold_models.load(kept.members, family)
        trial, epochs = kept.described["trial"], kept.described["epochs"] or [None] * len(folds)
        own = seeds(runtime.derive_seed(self.seed, self.family), trial, len(folds))
        members = [
            family.fit(parameters, fold.X_train, fold.y_train, seed, settings, epoch)
            for fold, seed, epoch in zip(folds, own, epochs, strict=True)
        ]
        return transformers, Bag(members)

    def _refit(
        self, parameters: FamilyParameters, settings: FitSettings, described: Mapping[str, Any]
    ) -> tuple[Sequence[Any], Fitted]:
        """One model of all training rows."""
        transformers, X = self.inputs.whole(parameters)
        seed = runtime.derive_seed(self.seed, self.family, "train")
        # The folds kept different epochs; all rows train for the middle one.
        epochs = described["epochs"]
        n_epochs = max(1, round(statistics.median(epochs))) if epochs else None
        family, y = self._family(described), self.inputs.dataset.y
        return transformers, family.fit(parameters, X, y, seed, settings, n_epochs)


def summary(predictor: Predictor, folder: Path, inputs: Inputs) -> str:
    """What was fitted, its size on disk and the time of one answer, and what went wrong."""
    n_models, dataset = len(predictor.transformers), inputs.dataset
    what = f"a bag of the {n_models} folds' models"
    notes = []
    if n_models == 1:
        what = f"fitted on {len(dataset.y)} rows"
        notes = [f"note: {predictor.family}: {found}" for found in predictor.model.findings]
    cost = answer_cost.measure(predictor, folder, dataset.X.head(1))
    return "\n".join([f"train@{predictor.family}: {what}, {cost}", *notes])
