"""Linear, convolution and normalisation layers with a leading member axis, and initialisers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn

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


# Chapter: normalisation of each member by itself, over its batch or over each row's units


class StackedBatchNorm(nn.Module):
    """Each unit, or channel, to mean 0 and variance 1 over its member's batch.

    Padded rows weigh nothing. Evaluation uses running statistics, as torch's does.
    Source: Ioffe & Szegedy (2015).
    """

    mean: Tensor
    var: Tensor
    momentum = 0.1
    eps = 1e-5

    def __init__(self, members: int, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(members, 1, units))
        self.bias = nn.Parameter(torch.zeros(members, 1, units))
        self.register_buffer("mean", torch.zeros(members, 1, units))
        self.register_buffer("var", torch.ones(members, 1, units))

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """x (members, batch, units, ...); rows (members, batch) are weights that sum to 1.

        Where several processes share a batch, they do so over all of them.
        """
        places = x.shape[3:].numel()
        flat = x.flatten(3).transpose(2, 3) if places > 1 or x.dim() > 3 else x
        if self.training:
            assert rows is not None
            mean, var = self._batch_statistics(flat, rows)
        else:
            mean, var = self.mean, self.var
        scale = self.weight * (var + self.eps).rsqrt()
        shift = self.bias - mean * scale
        if flat.dim() > 3:
            scale, shift = scale.unsqueeze(1), shift.unsqueeze(1)
        normal = torch.addcmul(shift, flat, scale)
        return normal.transpose(2, 3).view_as(x) if flat.dim() > 3 else normal

    def _batch_statistics(self, x: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and biased variance (members, 1, units); the running ones move towards them."""
        places = x.shape[2] if x.dim() > 3 else 1
        over = (1, 2) if x.dim() > 3 else (1,)
        weight = (rows / places).view(*rows.shape, *[1] * (x.dim() - 2))
        mean = _everywhere((x * weight).sum(over, keepdim=True))
        var = _everywhere(((x - mean).square() * weight).sum(over, keepdim=True))
        if x.dim() > 3:
            mean, var = mean.squeeze(1), var.squeeze(1)
        with torch.no_grad():
            count = _everywhere((rows > 0).sum(1).to(var.dtype)[:, None, None]) * places
            unbiased = var * (count / (count - 1).clamp(min=1))
            # A batch without rows says nothing.
            share = self.momentum * (count > 0).to(self.mean.dtype)
            self.mean.lerp_(mean.detach().to(self.mean.dtype), share)
            self.var.lerp_(unbiased.detach().to(self.var.dtype), share)
        return mean, var


def _everywhere(total: Tensor) -> Tensor:
    """The sum of all processes' totals, where several share a batch."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return total
    from torch.distributed.nn.functional import all_reduce

    reduced: Tensor = all_reduce(total)  # type: ignore[no-untyped-call]
    return reduced


class StackedLayerNorm(nn.Module):
    """Every row's units to mean 0 and variance 1, then a learned scale and shift of each.

    Source: Ba, Kiros & Hinton (2016).
    """

    eps = 1e-5

    def __init__(self, members: int, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(members, 1, units))
        self.bias = nn.Parameter(torch.zeros(members, 1, units))

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """x (members, batch, units, ...); a row's statistics are taken over all of its units."""
        normal = nn.functional.layer_norm(x, x.shape[2:], eps=self.eps)
        shape = (*self.weight.shape, *[1] * (x.dim() - 3))
        return torch.addcmul(self.bias.view(shape), normal, self.weight.view(shape))
