"""The losses: name -> torch's function and the tasks it fits.

Each is computed per row and member, so that a padded row can weigh nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenfold.training.registry import resolve

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """One loss: torch's functional form, which must take `reduction="none"`."""

    path: str
    tasks: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


LOSSES: dict[str, Loss] = {
    "mse": Loss("torch.nn.functional:mse_loss", ("regression",)),
    "mae": Loss("torch.nn.functional:l1_loss", ("regression",)),
    "huber": Loss("torch.nn.functional:huber_loss", ("regression",), {"delta": 1.0}),
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


def per_row(name: str, output: Tensor, target: Tensor) -> Tensor:
    """The loss of every row: output (members, batch, out), target (members, batch), same out.

    `out` is 1 for regression (a value) and binary (a logit), C logits for many classes;
    targets are class codes only for the last.
    """
    loss = LOSSES[name]
    rows = output.flatten(0, 1)
    if output.shape[-1] == 1:
        rows = rows.squeeze(-1)
    losses: Tensor = resolve(loss.path)(rows, target.flatten(), reduction="none", **loss.options)
    return losses.view_as(target)
