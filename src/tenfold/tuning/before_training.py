"""What the first training would refuse, found before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from tenfold import models, postprocessing, preprocessing
from tenfold.dataset import Schema
from tenfold.metrics import named
from tenfold.models import FitSettings
from tenfold.models.shared import trial_fit
from tenfold.params import Params, search_space
from tenfold.runtime import custom_code
from tenfold.tuning import pretrained, trial_scores


def check(
    experiment: Params,
    families: Iterable[str],
    schema: Schema,
    load_registered: Callable[[str], Any],
    flags: Collection[str] = (),
) -> None:
    """Check metrics of one's own, and families: the model they start from, what fits the table.

    Also what `select_model` will do with the champion's predictions.

    What fits the machine is checked, too.

    Args:
        experiment: the whole of params.yaml.
        families: those of its families that are checked.
        schema: the columns that models see.
        load_registered: loads `models:/...`; handed in, since only `tracking` knows MLflow.
        flags: numeric columns of one value or none.

    Raises:
        UserError: as the stage of that family would.
    """
    postprocessing.check(experiment.select_model, schema)
    for name in experiment.metrics:
        if custom_code.file_of("metrics", name).is_file():
            trial_scores.try_out(name, len(schema.classes))
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


def deciding(metric: str, positive: int | None) -> dict[str, Any]:
    """All that the search depends on of `metrics:` and of the positive class, as JSON.

    Args:
        metric: the first, which decides.
        positive: the code of the positive class of two; it counts for some metrics only.
    """
    return {
        "metric": metric,
        "positive": positive if named(metric).positive_class else None,
    }


def _first(name: str, declared: dict[str, Any]) -> models.FamilyParameters:
    """One configuration of those that the search may try."""
    values = next(search_space.extremes(search_space.leaves(declared)))
    return models.parameters(name).model_validate(search_space.substitute(declared, values))
