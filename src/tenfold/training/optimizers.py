"""The optimisers: name -> torch's own class and the options that make it that textbook entry.

All are elementwise, so one optimiser over the stacked parameters is one per member.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenfold.training.registry import resolve

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Optimizer:
    """One optimiser: torch's class and its fixed options."""

    path: str
    options: dict[str, Any] = field(default_factory=dict)


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer("torch.optim:SGD"),
    "momentum": Optimizer("torch.optim:SGD", {"momentum": 0.9}),
    "nesterov": Optimizer("torch.optim:SGD", {"momentum": 0.9, "nesterov": True}),
    "adagrad": Optimizer("torch.optim:Adagrad"),
    "rmsprop": Optimizer("torch.optim:RMSprop"),
    "adam": Optimizer("torch.optim:Adam"),
    "adamw": Optimizer("torch.optim:AdamW"),
}


def build(
    name: str,
    parameters: Iterable[torch.nn.Parameter],
    learning_rate: float,
    weight_decay: float,
) -> torch.optim.Optimizer:
    """The optimiser over stacked parameters; fused where torch has a fused kernel."""
    entry = OPTIMIZERS[name]
    kind = resolve(entry.path)
    fused = {"fused": True} if "fused" in inspect.signature(kind).parameters else {}
    optimizer: torch.optim.Optimizer = kind(
        parameters, lr=learning_rate, weight_decay=weight_decay, **entry.options, **fused
    )
    return optimizer
