"""The losses: name -> torch's function and the tasks it fits.

Each is computed per row and member, so that a padded row can weigh nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenfold.training.registry import resolve

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """One loss: torch's functional form, which must take `reduction="none"`."""

    path: str
    tasks: tuple[str, ...]


LOSSES: dict[str, Loss] = {
    "mse": Loss("torch.nn.functional:mse_loss", ("regression",)),
    "mae": Loss("torch.nn.functional:l1_loss", ("regression",)),
    "huber": Loss("torch.nn.functional:huber_loss", ("regression",)),
    "binary_cross_entropy": Loss(
        "torch.nn.functional:binary_cross_entropy_with_logits", ("binary",)
    ),
    "cross_entropy": Loss("torch.nn.functional:cross_entropy", ("multiclass",)),
}


def default(task: str) -> str:
    """The first loss that fits `task`.

    >>> default("multiclass")
    'cross_entropy'
    """
    return next(name for name, loss in LOSSES.items() if task in loss.tasks)


@dataclass(frozen=True)
class Objective:
    """A loss and its settings.

    `delta` is where huber turns from squared to absolute; `label_smoothing` is the share of
    every target that is spread over all classes (Szegedy et al. 2016).
    """

    name: str
    delta: float = 1.0
    label_smoothing: float = 0.0

    def per_row(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of every row: output (members, batch, out), target (members, batch), same out.

        `out` is 1 for regression (a value) and binary (a logit), C logits for many classes;
        targets are class codes only for the last.
        """
        function, options = resolve(LOSSES[self.name].path), dict[str, Any]()
        if self.name == "cross_entropy":
            rows, goal = output.flatten(0, 1), target.flatten()
            options["label_smoothing"] = self.label_smoothing
        else:
            rows, goal = output.squeeze(-1), target
        if self.name == "huber":
            options["delta"] = self.delta
        if self.name == "binary_cross_entropy" and self.label_smoothing:
            goal = goal * (1 - self.label_smoothing) + self.label_smoothing / 2
        losses: Tensor = function(rows, goal, reduction="none", **options)
        return losses.view_as(target)
