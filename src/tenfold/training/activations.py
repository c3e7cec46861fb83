"""The activations of a stack; two of them have slopes of each member's own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tenfold.training.catalogue import ACTIVATIONS, resolve
from tenfold.training.randomness import Noise
from tenfold.training.settings import ActivationSettings


def build(settings: ActivationSettings, layer: int, seeds: Sequence[int]) -> nn.Module:
    """The activation of one layer of members with these seeds."""
    entry = ACTIVATIONS[settings.activation]
    own = (layer, seeds) if entry.stacked else ()
    options = {theirs: getattr(settings, ours) for ours, theirs in entry.settings.items()}
    module: nn.Module = resolve(entry.path)(*own, **options, **entry.fixed)
    return module


class StackedPReLU(nn.Module):
    """A learned slope per member and layer, from 0.25. Source: He et al. (2015)."""

    def __init__(self, layer: int, seeds: Sequence[int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((len(seeds), 1, 1), 0.25))

    def forward(self, x: Tensor) -> Tensor:
        """x (members, batch, ...)."""
        slope = self.weight.view(-1, *[1] * (x.dim() - 1))
        return torch.where(x >= 0, x, slope * x)


class StackedRReLU(nn.Module):
    """A random slope per unit and step in training, their mean otherwise.

    Source: Xu et al. (2015).
    """

    lower, upper = 1 / 8, 1 / 3

    def __init__(self, layer: int, seeds: Sequence[int]) -> None:
        super().__init__()
        self.noise = Noise(layer, seeds)

    def forward(self, x: Tensor) -> Tensor:
        """x (members, batch, ...)."""
        if not self.training:
            return nn.functional.leaky_relu(x, (self.lower + self.upper) / 2)
        share = (self.noise(x).to(x.dtype) + 32768.5) / 65536
        return torch.where(x >= 0, x, x * (self.lower + (self.upper - self.lower) * share))
