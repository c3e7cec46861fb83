"""The optimisers: name -> torch's own class and the options that make it that textbook entry.

All are elementwise, so one optimiser over the stacked parameters is one per member; and each
one's step is linear in its rate, so members of different rates can share it.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenfold.training.registry import resolve

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Optimizer:
    """One optimiser: torch's class and its fixed options.

    `decoupled` says that weight decay shrinks the weights themselves (Loshchilov & Hutter 2019)
    and is not part of the gradient.
    """

    path: str
    options: dict[str, Any] = field(default_factory=dict)
    decoupled: bool = False


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer("torch.optim:SGD"),
    "momentum": Optimizer("torch.optim:SGD", {"momentum": 0.9}),
    "nesterov": Optimizer("torch.optim:SGD", {"momentum": 0.9, "nesterov": True}),
    "adagrad": Optimizer("torch.optim:Adagrad"),
    "rmsprop": Optimizer("torch.optim:RMSprop"),
    "adam": Optimizer("torch.optim:Adam"),
    "nadam": Optimizer("torch.optim:NAdam"),
    "adamw": Optimizer("torch.optim:AdamW", decoupled=True),
}


def build(
    name: str,
    groups: Sequence[dict[str, Any]],
    learning_rate: float,
    weight_decay: float,
    *,
    thaws: bool = False,
) -> torch.optim.Optimizer:
    """The optimiser over groups of stacked parameters; fused where torch has a fused kernel.

    With `thaws` some parameters get gradients later than others, which torch's fused momentum
    does not allow.
    """
    entry = OPTIMIZERS[name]
    kind = resolve(entry.path)
    fused = "fused" in inspect.signature(kind).parameters and not thaws
    options = entry.options | ({"fused": True} if fused else {})
    optimizer: torch.optim.Optimizer = kind(
        list(groups), lr=learning_rate, weight_decay=weight_decay, **options
    )
    return optimizer
