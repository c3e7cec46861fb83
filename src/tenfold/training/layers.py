"""Layers whose weights carry a leading member axis, and how these weights are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tenfold.training.catalogue import ACTIVATIONS, INITIALIZERS, resolve

DETERMINISTIC = ("constant", "zeros")


def matching(activation: str) -> str:
    """The initialiser that keeps the variance of `activation` from layer to layer.

    Sources: Glorot & Bengio (2010) for saturating units, Klambauer et al. (2017) for SELU,
    He et al. (2015) for the ReLU kind.

    >>> matching("tanh")
    'xavier_uniform'
    """
    if activation == "selu":
        return "lecun_normal"
    return "xavier_uniform" if ACTIVATIONS[activation].saturates else "he_uniform"


@dataclass(frozen=True)
class Initializer:
    """How the weights in front of an activation are drawn.

    `scale` is the value of `constant`, the bound of `uniform`, the standard deviation of `normal`.
    """

    name: str
    activation: str
    negative_slope: float = 0.01
    scale: float = 0.05

    def fill(self, weight: Tensor, generator: torch.Generator) -> None:
        """Draw one member's weights (out, in, ...) in place."""
        name = matching(self.activation) if self.name == "auto" else self.name
        options = self._options(name)
        if name not in DETERMINISTIC:
            options["generator"] = generator
        resolve(INITIALIZERS[name])(weight, **options)

    def _options(self, name: str) -> dict[str, Any]:
        match name:
            case "constant":
                return {"val": self.scale}
            case "uniform":
                return {"a": -self.scale, "b": self.scale}
            case "normal":
                return {"std": self.scale}
            case "lecun_normal":
                return {"nonlinearity": "linear"}
            case "he_normal" | "he_uniform" if self.activation == "leaky_relu":
                return {"nonlinearity": "leaky_relu", "a": self.negative_slope}
            case "he_normal" | "he_uniform":
                # sqrt(2), since half of the units are silent.
                return {"nonlinearity": "relu"}
        return {}


# Outputs feed no activation; Xavier balances their forward and backward variance.
OUTPUT = Initializer("xavier_uniform", "tanh")


class WeightedLayer(nn.Module):
    """A layer with weights into units, which penalties and limits apply to."""

    weight: nn.Parameter

    def incoming(self) -> Tensor:
        """The weights into every unit, (k, in, units); a view."""
        raise NotImplementedError

    @property
    def matrix(self) -> nn.Parameter:
        """The parameter that holds them."""
        return self.weight


def _add_bias(layer: nn.Module, bias: Tensor, *, learned: bool) -> None:
    """A learned bias, or one that stays zero.

    Batch normalisation takes off whatever a bias adds, so its gradient would be the noise of
    rounding, which adaptive optimisers blow up. Source: Ioffe & Szegedy (2015), section 3.2.
    """
    if learned:
        layer.bias = nn.Parameter(bias)
    else:
        layer.register_buffer("bias", bias)


class StackedLinear(WeightedLayer):
    """k linear layers as one `baddbmm`: (k, batch, in) -> (k, batch, out).

    A member with fewer inputs than the widest is padded with zero weights. Its padded inputs are
    zero too, so their gradient is zero and the member is the one it would be alone.
    """

    bias: Tensor

    def __init__(
        self,
        n_inputs: Sequence[int],
        n_outputs: int,
        initializer: Initializer,
        draws: Sequence[torch.Generator],
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        members, widest = len(n_inputs), max(n_inputs)
        weight = torch.zeros(members, widest, n_outputs)
        for member, (width, generator) in enumerate(zip(n_inputs, draws, strict=True)):
            own = torch.empty(n_outputs, width)
            initializer.fill(own, generator)
            weight[member, :width] = own.T
        self.weight = nn.Parameter(weight)
        _add_bias(self, torch.zeros(members, 1, n_outputs), learned=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Apply every member to its own batch."""
        return torch.baddbmm(self.bias, x, self.weight)

    def incoming(self) -> Tensor:
        """(k, in, out)."""
        return self.weight


class StackedConv(WeightedLayer):
    """k two-dimensional convolutions as one grouped one: (k, batch, in, h, w) -> (.., out, h, w).

    The picture keeps its size: its border is padded with zeros. `kernel_size` is odd.
    """

    bias: Tensor

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        kernel_size: int,
        initializer: Initializer,
        draws: Sequence[torch.Generator],
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        weight = torch.empty(len(draws), n_outputs, n_inputs, kernel_size, kernel_size)
        for own, generator in zip(weight, draws, strict=True):
            initializer.fill(own, generator)
        self.weight = nn.Parameter(weight)
        _add_bias(self, torch.zeros(len(draws), 1, n_outputs), learned=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Apply every member to its own batch."""
        members, batch, channels, height, width = x.shape
        side_by_side = x.transpose(0, 1).reshape(batch, members * channels, height, width)
        output = nn.functional.conv2d(
            side_by_side,
            self.weight.flatten(0, 1),
            self.bias.flatten(),
            padding=self.weight.shape[-1] // 2,
            groups=members,
        )
        return output.view(batch, members, -1, height, width).transpose(0, 1)

    def incoming(self) -> Tensor:
        """(k, in * kernel, out)."""
        return self.weight.flatten(2).transpose(1, 2)
