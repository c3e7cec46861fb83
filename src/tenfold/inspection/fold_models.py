"""The champion as models of the folds alone, each of which has rows that it has not learnt from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tenfold import models
from tenfold.dataset import Dataset
from tenfold.inspection import held_out
from tenfold.models import FamilyParameters, FitSettings
from tenfold.models.shared.ensemble import Ensemble
from tenfold.models.shared.predictor import Predictor
from tenfold.params import Params
from tenfold.tuning import fold_models, kept
from tenfold.tuning.evaluation import Inputs
from tenfold.tuning.last_fit import LastFit

# Seconds that the folds' models of one configuration may take, by its family's rule of thumb.
MAX_SECONDS = 5.0


def complete(
    champion: Predictor, experiment: Params, train: Dataset, cross_validated: Path
) -> Predictor:
    """The champion with the folds' models in place of any model that learnt from all rows.

    They are fitted as cross-validation fitted them, with the same seeds.

    Args:
        champion: the model that is served.
        experiment: params.yaml.
        train: the training rows with their folds.
        cross_validated: the folder that holds the configurations of each family.

    Returns:
        The champion as it is, if it has such models, or if to fit them would take long.
    """
    model = champion.model
    if not isinstance(model, Ensemble):
        return _bag(champion, 0, experiment, train, cross_validated) or champion
    parts, members = [], []
    transformers: list[Any] = []
    for part, member in zip(model.parts, model.members, strict=True):
        own = [champion.transformers[place] for place in part.transformers]
        alone = Predictor(part.family, champion.schema, own, member)
        found = _bag(alone, part.runner_up, experiment, train, cross_validated)
        if found is None:
            return champion
        first = len(transformers)
        transformers += found.transformers
        parts.append(replace(part, transformers=tuple(range(first, len(transformers)))))
        members.append(found.model)
    return replace(champion, transformers=transformers, model=Ensemble(parts, members, model.codes))


def _bag(
    alone: Predictor, number: int, experiment: Params, train: Dataset, cross_validated: Path
) -> Predictor | None:
    """A model of one family as a bag of the folds' models; None if these would take long."""
    assert train.folds is not None, "the training table has no folds"
    if held_out.of_fold(alone, 0, train.folds.n) is not None:
        return alone
    family = alone.family
    own = kept.read(cross_validated / family)[number]
    parameters = models.parameters(family).model_validate(own.described["parameters"])
    if train.folds.n * _seconds(parameters, train) > MAX_SECONDS:
        return None
    inputs = Inputs(
        train,
        experiment.preprocessing,
        fold_models.load_pretrained(own.members),
        experiment.seed,
    )
    settings = FitSettings(experiment.task, train.schema.classes, experiment.trainer.model_dump())
    return LastFit(family, inputs, settings, "bag", experiment.seed)(own)


def _seconds(parameters: FamilyParameters, train: Dataset) -> float:
    """One fit's, by the family's rule of thumb."""
    n_rows, n_columns = train.X.shape
    fixed, per_row, per_cell = parameters.fit_seconds
    return fixed + per_row * n_rows + per_cell * n_rows * n_columns
