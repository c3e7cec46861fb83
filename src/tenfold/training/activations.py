"""Activations, two of which have slopes of each member's own, and dropout at a rate of its own."""

from __future__ import annotations

import math
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


# What SELU tends to for very negative inputs: -scale * alpha of Klambauer et al. (2017).
SELU_FLOOR = -1.7580993408473766


class StackedDropout(nn.Module):
    """Inverted dropout, or alpha-dropout, which keeps the mean and variance of SELU's outputs.

    Active in training, and in evaluation while `sampling` (Monte-Carlo dropout).
    Sources: Srivastava et al. (2014); Klambauer et al. (2017); Gal & Ghahramani (2016).

    Args:
        rates: each member's share of units dropped.
        layer: sets the noise of this layer apart from that of others.
        seeds: each member's.
        alpha: alpha-dropout.
    """

    threshold: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(
        self, rates: Sequence[float], layer: int, seeds: Sequence[int], *, alpha: bool = False
    ) -> None:
        super().__init__()
        self.noise = Noise(layer, seeds)
        self.alpha = alpha
        self.sampling = False
        self.rates = list(rates)
        for name in ("scale", "shift"):
            value = torch.zeros(len(rates), dtype=torch.float64)
            self.register_buffer(name, value, persistent=False)
        threshold = torch.zeros(len(rates), dtype=torch.int32)
        self.register_buffer("threshold", threshold, persistent=False)
        self.idle = not any(self._dropped(1.0))
        self.weaken(1.0)

    def weaken(self, share: float) -> None:
        """Drop this share of the rates from now on."""
        self.share = share
        self._set(self.strengths(share))

    def strengths(self, share: float) -> Tensor:
        """Threshold, scale and shift (3, k) at this share of the rates, float64."""
        dropped = self._dropped(share)
        # Noise has 16 bits: a rate is kept to 1/65536, and the scale is that of the rate kept.
        lost = torch.tensor(dropped, dtype=torch.float64) / 65536
        threshold = torch.tensor(dropped, dtype=torch.float64) - 32768
        if not self.alpha:
            return torch.stack([threshold, 1 / (1 - lost), torch.zeros_like(lost)])
        scale = ((1 - lost) * (1 + lost * SELU_FLOOR**2)).rsqrt()
        return torch.stack([threshold, scale, -scale * SELU_FLOOR * lost])

    def set_strengths(self, strengths: Tensor) -> None:
        """Take these (3, k) from now on, of whatever share they are."""
        self.share = math.nan
        self._set(strengths)

    def _set(self, strengths: Tensor) -> None:
        for own, value in zip((self.threshold, self.scale, self.shift), strengths, strict=True):
            own.copy_(value)

    def _dropped(self, share: float) -> list[int]:
        """What is dropped of 65536 units."""
        return [min(round(rate * share * 65536), 65535) for rate in self.rates]

    def forward(self, x: Tensor) -> Tensor:
        """Drop units of x (members, batch, ...); the identity unless training or sampling."""
        if self.idle or not (self.training or self.sampling):
            return x
        member = [-1] + [1] * (x.dim() - 1)
        keep = self.noise(x) >= self.threshold.view(member)
        factor = keep.to(x.dtype) * self.scale.view(member).to(x.dtype)
        if not self.alpha:
            dropped: Tensor = x * factor
            return dropped
        floor = (~keep).to(x.dtype) * (self.scale.view(member).to(x.dtype) * SELU_FLOOR)
        return torch.addcmul(floor + self.shift.view(member).to(x.dtype), x, factor)
