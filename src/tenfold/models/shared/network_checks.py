"""What a network's data must fulfil, and the messages for data that do not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tenfold.metrics import Array
from tenfold.models.shared.contract import FitSettings
from tenfold.models.shared.network_parameters import NetworkParameters
from tenfold.runtime import UserError

if TYPE_CHECKING:
    from tenfold.training.fitting import Member


def finite(X: Array) -> Array:
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


def check_shape(kind: str, parameters: NetworkParameters, n_columns: Sequence[int]) -> None:
    """A picture or sequence must use up the columns of every member, exactly."""
    shape = getattr(parameters, "shape", None)
    widths = sorted(set(n_columns))
    if shape is not None and widths != [math.prod(shape)]:
        found = " or ".join(map(str, widths))
        raise UserError(
            f"models.{kind}.shape: the product of {list(shape)} is {math.prod(shape)}, "
            f"but {found} columns come out of preprocessing: correct the shape or drop columns"
        )


def check_rows(kind: str, parameters: NetworkParameters, members: Sequence[Member]) -> None:
    """Batch normalisation needs at least two rows."""
    fewest = min(len(member.y_train) for member in members)
    if fewest < 2 and getattr(parameters, "normalization", "none") == "batch_norm":
        raise UserError(
            f"models.{kind}.normalization: 'batch_norm' needs at least two training rows, "
            f"but a fold has {fewest}: use layer_norm, or add rows"
        )


def class_weights(
    kind: str, parameters: NetworkParameters, settings: FitSettings
) -> Literal["balanced"] | list[float] | None:
    """What a row of each class weighs, in the order of the classes; the largest is about 1.

    Only their shares count, and single precision would take 1e-50 for 0.

    Raises:
        UserError: if the declared classes are not those of the target.
    """
    declared = parameters.class_weight
    if declared is None or declared == "balanced":
        return declared
    labels = [str(label) for label in settings.classes]
    if set(declared) != set(labels):
        raise UserError(
            f"models.{kind}.class_weight must name the classes {', '.join(labels)}, but "
            f"names {', '.join(declared) or 'none'}: give each of them a weight"
        )
    weights = [declared[label] for label in labels]
    # A power of two changes no digit.
    _, exponent = math.frexp(max(weights))
    return [math.ldexp(weight, -exponent) for weight in weights]


def check_devices(trainer: Mapping[str, Any]) -> None:
    """The machine must have the devices that options of Lightning's Trainer ask for.

    Raises:
        UserError: if it has not.
    """
    if runs_anywhere(trainer):
        return
    from tenfold.training import lightning_trainer

    try:
        lightning_trainer.check(trainer)
    except lightning_trainer.UnsupportedTrainer as error:
        raise unsupported(trainer, error) from None


def runs_anywhere(trainer: Mapping[str, Any]) -> bool:
    """Whether every machine has what these options ask for."""
    alone = trainer["accelerator"] in ("auto", "cpu") and trainer["devices"] == 1
    return alone and trainer["precision"] != "bf16-mixed"


def unsupported(trainer: Mapping[str, Any], error: Exception) -> UserError:
    """What is said of options that this machine cannot serve."""
    named = ("accelerator", "devices", "strategy", "precision")
    given = ", ".join(f"{key}: {trainer[key]}" for key in named if key in trainer)
    return UserError(
        f"trainer: this machine cannot serve {given}: {error} (accelerator: auto and devices: 1 "
        "run anywhere)"
    )
