"""The activations: name -> the class, applied elementwise to (members, batch, units).

Two of them know their member: prelu learns a slope, rrelu draws one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenfold.training.registry import resolve

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Activation:
    """One activation: its class, its fixed options, and the settings it takes under other names.

    `stacked` marks those that know their member, `rectifies` those that are silent for negative
    inputs, `saturates` those that are flat at both ends.
    """

    path: str
    settings: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, bool] = field(default_factory=dict)
    stacked: bool = False
    rectifies: bool = False
    saturates: bool = False


ACTIVATIONS: dict[str, Activation] = {
    "elu": Activation("torch.nn:ELU", {"elu_alpha": "alpha"}),
    "gelu": Activation("torch.nn:GELU"),
    "leaky_relu": Activation("torch.nn:LeakyReLU", {"negative_slope": "negative_slope"}),
    "prelu": Activation("tenfold.training.slopes:StackedPReLU", stacked=True),
    "relu": Activation("torch.nn:ReLU", fixed={"inplace": True}, rectifies=True),
    "rrelu": Activation("tenfold.training.slopes:StackedRReLU", stacked=True),
    "selu": Activation("torch.nn:SELU"),
    "sigmoid": Activation("torch.nn:Sigmoid", saturates=True),
    "silu": Activation("torch.nn:SiLU"),
    "tanh": Activation("torch.nn:Tanh", saturates=True),
}


def build(name: str, settings: Mapping[str, float], layer: int, seeds: Sequence[int]) -> nn.Module:
    """The activation `name` of one layer; it takes of `settings` what it has a use for."""
    entry = ACTIVATIONS[name]
    kind = resolve(entry.path)
    own = (layer, seeds) if entry.stacked else ()
    taken = {to: settings[key] for key, to in entry.settings.items()}
    module: nn.Module = kind(*own, **taken, **entry.fixed)
    return module
