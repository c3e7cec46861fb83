"""From the parameters of a network to the terms of the training room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tenfold.metrics import Task
from tenfold.models import FitSettings
from tenfold.models.shared.network_parameters import OWN_RATES, NetworkParameters
from tenfold.runtime import UserError
from tenfold.training.losses import default

if TYPE_CHECKING:
    from tenfold.training.module import Rates, Recipe


def rates(parameters: NetworkParameters) -> Rates:
    """What one configuration has of its own in a stack."""
    from tenfold.training.module import Rates

    return Rates(**{name: getattr(parameters, name) for name in OWN_RATES})


def recipe(parameters: NetworkParameters, task: Task, max_epochs: int, horizon: int) -> Recipe:
    """How a stack is trained, for at most `max_epochs`; schedules count to `horizon`."""
    from tenfold.training.losses import Objective
    from tenfold.training.module import Recipe
    from tenfold.training.schedules import Schedule

    return Recipe(
        objective=Objective(
            default(task) if parameters.loss == "auto" else parameters.loss,
            parameters.huber_delta,
            parameters.label_smoothing,
        ),
        optimizer=parameters.optimizer,
        max_epochs=max_epochs,
        batch_size=parameters.batch_size,
        patience=parameters.patience,
        min_delta=parameters.min_delta,
        schedule=Schedule(
            parameters.schedule,
            horizon,
            parameters.warmup_epochs,
            parameters.step_size,
            parameters.gamma,
            parameters.plateau_patience,
        ),
        gradient_clip_val=parameters.gradient_clip_val,
        max_norm=parameters.max_norm,
        freeze=parameters.freeze,
        unfreeze_at=parameters.unfreeze_at,
        body_factor=parameters.body_learning_rate_factor,
    )


def class_weights(
    parameters: NetworkParameters, setting: FitSettings, family: str
) -> Literal["balanced"] | list[float] | None:
    """What a row of each class weighs, in the order of the classes.

    Raises:
        UserError: if the declared classes are not those of the target.
    """
    declared = parameters.class_weight
    if declared is None or declared == "balanced":
        return declared
    labels = [str(label) for label in setting.classes]
    if set(declared) != set(labels):
        raise UserError(
            f"models.{family}.class_weight must name the classes {', '.join(labels)}, but names "
            f"{', '.join(declared) or 'none'}"
        )
    return [declared[label] for label in labels]
