"""What the first training would refuse, found before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from tenfold import models, preprocessing
from tenfold.dataset import Schema
from tenfold.models import FitSettings
from tenfold.models.shared import trial_fit
from tenfold.params import Params, search_space
from tenfold.tuning import pretrained


def check(
    experiment: Params,
    families: Iterable[str],
    schema: Schema,
    load_registered: Callable[[str], Any],
    flags: Collection[str] = (),
) -> None:
    """Check families: the model they start from, what fits the table, what fits the machine.

    Args:
        experiment: the whole of params.yaml.
        families: those of its families that are checked.
        schema: the columns that models see.
        load_registered: loads `models:/...`; handed in, since only `tracking` knows MLflow.
        flags: numeric columns of one value or none.

    Raises:
        UserError: as the stage of that family would.
    """
    for name in families:
        declared = experiment.models[name]
        source = declared.get("init_from")
        start = pretrained.fetch(source, name, schema, load_registered) if source else None
        parameters = _first(name, declared)
        form = parameters.input_form
        settings = FitSettings(
            experiment.task,
            schema.classes,
            experiment.trainer.model_dump(),
            n_codes=len(schema.categorical) if form.has_codes else 0,
            pretrained=None if start is None else start.model,
        )
        n_columns = preprocessing.n_columns(schema, experiment.preprocessing, form, flags)
        models.family(name).check(parameters, settings, n_columns)
        if models.own_file(name) is not None:
            trial_fit.try_out(name, parameters, settings)


def _first(name: str, declared: dict[str, Any]) -> models.FamilyParameters:
    """One configuration of those that the search may try."""
    values = next(search_space.extremes(search_space.leaves(declared)))
    return models.parameters(name).model_validate(search_space.substitute(declared, values))
