"""Optimisers, losses, activations, initialisers and schedules by name.

Light to import: `resolve` loads what a name stands for when a network is built.
"""

from __future__ import annotations

import functools
import pkgutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@functools.cache
def resolve(path: str) -> Any:
    """The object at `package.module:name`.

    >>> resolve("math:sqrt")(9.0)
    3.0
    """
    return pkgutil.resolve_name(path)


@dataclass(frozen=True)
class Activation:
    """One activation: its class, its fixed options, and its settings by the class's own names.

    `stacked` marks those that know their member, `rectifies` those that are silent for negative
    inputs, `saturates` those that are flat at both ends.
    """

    path: str
    settings: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, bool] = field(default_factory=dict)
    stacked: bool = False
    rectifies: bool = False
    saturates: bool = False


# Applied elementwise to (members, batch, units).
ACTIVATIONS: dict[str, Activation] = {
    "elu": Activation("torch.nn:ELU", {"elu_alpha": "alpha"}),
    "gelu": Activation("torch.nn:GELU"),
    "leaky_relu": Activation("torch.nn:LeakyReLU", {"negative_slope": "negative_slope"}),
    "mish": Activation("torch.nn:Mish"),
    "prelu": Activation("tenfold.training.activations:StackedPReLU", stacked=True),
    "relu": Activation("torch.nn:ReLU", fixed={"inplace": True}, rectifies=True),
    "rrelu": Activation("tenfold.training.activations:StackedRReLU", stacked=True),
    "selu": Activation("torch.nn:SELU"),
    "sigmoid": Activation("torch.nn:Sigmoid", saturates=True),
    "silu": Activation("torch.nn:SiLU"),
    "tanh": Activation("torch.nn:Tanh", saturates=True),
}

# Applied to one member's (out, in, ...) weights.
INITIALIZERS: dict[str, str] = {
    "constant": "torch.nn.init:constant_",
    "he_normal": "torch.nn.init:kaiming_normal_",
    "he_uniform": "torch.nn.init:kaiming_uniform_",
    "lecun_normal": "torch.nn.init:kaiming_normal_",
    "normal": "torch.nn.init:normal_",
    "orthogonal": "torch.nn.init:orthogonal_",
    "uniform": "torch.nn.init:uniform_",
    "xavier_normal": "torch.nn.init:xavier_normal_",
    "xavier_uniform": "torch.nn.init:xavier_uniform_",
    "zeros": "torch.nn.init:zeros_",
}

NORMALIZATIONS: dict[str, str] = {
    "batch_norm": "tenfold.training.layers:StackedBatchNorm",
    "layer_norm": "tenfold.training.layers:StackedLayerNorm",
}

# Representations of numbers in front of the network.
NUMERIC_EMBEDDINGS = ("none", "pbld", "piecewise_linear", "periodic")

RECURRENT_CELLS = ("gru", "lstm")


@dataclass(frozen=True)
class Loss:
    """One loss: its function `package.module:name` and its tasks.

    The function has torch's functional form, `function(output, target, reduction="none")`, and
    returns each row's loss. For regression and two classes output and target have the same shape
    (values, or logits and 0 or 1); for many classes they are (n, C) logits and (n,) codes.
    """

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


def loss_names() -> list[str]:
    """`auto`, the losses of this table, and those of the project's own folder losses/."""
    own = sorted(file.stem for file in Path("losses").glob("[!_]*.py"))
    return ["auto", *LOSSES, *(name for name in own if name not in LOSSES)]


def default_loss(task: str) -> str:
    """The first loss that fits `task`.

    >>> default_loss("multiclass")
    'cross_entropy'
    """
    return next(name for name, loss in LOSSES.items() if task in loss.tasks)


@dataclass(frozen=True)
class Optimizer:
    """One optimiser: torch's class and its fixed options.

    All are elementwise, so one over the stacked parameters is one per member, and each one's
    step is linear in its rate, so members of different rates can share it. `decoupled` says that
    weight decay shrinks the weights themselves (Loshchilov & Hutter 2019) and is not part of the
    gradient. `tensor_rate` says that its fused kernel can read the rate from the device.
    """

    path: str
    options: dict[str, Any] = field(default_factory=dict)
    decoupled: bool = False
    tensor_rate: bool = False


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer("torch.optim:SGD", tensor_rate=True),
    "momentum": Optimizer("torch.optim:SGD", {"momentum": 0.9}, tensor_rate=True),
    "nesterov": Optimizer("torch.optim:SGD", {"momentum": 0.9, "nesterov": True}, tensor_rate=True),
    "adagrad": Optimizer("torch.optim:Adagrad"),
    "rmsprop": Optimizer("torch.optim:RMSprop"),
    "adam": Optimizer("torch.optim:Adam", tensor_rate=True),
    "nadam": Optimizer("torch.optim:NAdam"),
    "adamw": Optimizer("torch.optim:AdamW", decoupled=True, tensor_rate=True),
}

# The factor of the learning rate at a step.
SCHEDULES: dict[str, str] = {
    "constant": "tenfold.training.schedules:constant",
    "coslog4": "tenfold.training.schedules:coslog4",
    "cosine": "tenfold.training.schedules:cosine",
    "exponential": "tenfold.training.schedules:exponential",
    "flat_cosine": "tenfold.training.schedules:flat_cosine",
    "one_cycle": "tenfold.training.schedules:one_cycle",
    "reduce_on_plateau": "tenfold.training.schedules:constant",
    "step": "tenfold.training.schedules:step",
}
# Of these, the ones that dropout and weight decay may follow.
SHARE_SCHEDULES = ("constant", "cosine", "flat_cosine")
