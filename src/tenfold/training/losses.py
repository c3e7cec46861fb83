"""The loss of every row and member by itself, so that a padded row can weigh nothing."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from tenfold.training.catalogue import LOSSES, resolve
from tenfold.training.settings import LossSettings


def per_row(settings: LossSettings, output: Tensor, target: Tensor) -> Tensor:
    """The loss of every row: output (members, batch, out), target (members, batch), same out.

    `out` is 1 for regression (a value) and binary (a logit), C logits for many classes;
    targets are class codes only for the last. Source of the smoothed labels: Szegedy et al. (2016).
    """
    function, options = resolve(LOSSES[settings.loss].path), dict[str, Any]()
    smoothing = settings.label_smoothing
    if settings.loss == "cross_entropy":
        rows, goal = output.flatten(0, 1), target.flatten()
        options["label_smoothing"] = smoothing
    else:
        rows, goal = output.squeeze(-1), target
    if settings.loss == "huber":
        options["delta"] = settings.huber_delta
    if settings.loss == "binary_cross_entropy" and smoothing:
        goal = goal * (1 - smoothing) + smoothing / 2
    losses: Tensor = function(rows, goal, reduction="none", **options)
    return losses.view_as(target)
