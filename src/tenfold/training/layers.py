"""Layers whose parameters carry a leading member axis: k networks, one set of kernels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tenfold.training import initializers
from tenfold.training.registry import resolve


def seed_of(*parts: int | str) -> int:
    """A 63-bit seed that depends on every part."""
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def generators(seeds: Sequence[int]) -> list[torch.Generator]:
    """One CPU generator per member, for its initial weights."""
    return [torch.Generator().manual_seed(seed_of(seed, "weights")) for seed in seeds]


class StackedLinear(nn.Module):
    """k linear layers as one `baddbmm`: (k, batch, in) -> (k, batch, out).

    A member with fewer inputs than the widest is padded with zero weights. Its padded inputs are
    zero too, so their gradient is zero and the member is the one it would be alone.
    """

    def __init__(
        self,
        n_inputs: Sequence[int],
        n_outputs: int,
        initializer: str,
        activation: str,
        draws: Sequence[torch.Generator],
    ) -> None:
        super().__init__()
        members, widest = len(n_inputs), max(n_inputs)
        fill = resolve(initializers.INITIALIZERS[initializer])
        options = initializers.options(initializer, activation)
        weight = torch.zeros(members, widest, n_outputs)
        for member, (width, generator) in enumerate(zip(n_inputs, draws, strict=True)):
            own = torch.empty(n_outputs, width)
            fill(own, generator=generator, **options)
            weight[member, :width] = own.T
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(members, 1, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Apply every member to its own batch."""
        return torch.baddbmm(self.bias, x, self.weight)


class StackedDropout(nn.Module):
    """Inverted dropout whose mask is a function of (member's seed, layer, step, position).

    No generator holds state, so a member's masks depend neither on the other members nor on
    what ran before, and a resumed run draws the same ones, on any device.
    Source of dropout: Srivastava et al. (2014); of the mixing function: Wellons' lowbias32 (2018).
    """

    keys: Tensor

    def __init__(self, rate: float, layer: int, seeds: Sequence[int]) -> None:
        super().__init__()
        self.rate = rate
        keys = [seed_of(seed, "dropout", layer) & 0x7FFF_FFFF for seed in seeds]
        self.register_buffer("keys", torch.tensor(keys, dtype=torch.int32), persistent=False)
        self.step = 0

    def forward(self, x: Tensor) -> Tensor:
        """Zero a share `rate` of the units in training; the identity otherwise."""
        if not self.training or self.rate == 0:
            return x
        position = torch.arange(x[0].numel(), dtype=torch.int32, device=x.device)
        keys = _mix(self.keys ^ (self.step & 0x7FFF_FFFF))
        bits = _mix(position * _GOLDEN ^ keys[:, None]).view_as(x)
        dropped = bits < int((self.rate - 0.5) * 2**32)
        return torch.where(dropped, 0.0, x / (1 - self.rate))


_GOLDEN = -1640531527  # 2^32 / golden ratio, as a signed 32-bit integer


def _mix(bits: Tensor) -> Tensor:
    """A bijection of 32-bit integers whose outputs look independent (int32 in, int32 out)."""
    bits = bits ^ (bits >> 16 & 0xFFFF)
    bits = bits * 0x7FEB352D
    bits = bits ^ (bits >> 15 & 0x1FFFF)
    bits = bits * -2073319829  # 0x846CA68B
    return bits ^ (bits >> 16 & 0xFFFF)
