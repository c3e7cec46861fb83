"""Linear layers of several heads in every member: one weight that all share, or one for each.

Sources: BatchEnsemble of Wen, Tran & Ba (2020); Gorishniy, Kotelnikov & Babenko (2025).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from tenfold.training.layers import WeightedLayer


@dataclass(frozen=True)
class Adapters:
    """The heads of a layer, and the values that the scales of their inputs start from.

    Inputs that stand for one column start from one value: `spans` says for each member how many
    inputs each of its columns has. Only `ones` needs none.
    """

    n_heads: int
    start: Literal["ones", "signs", "normal"] = "ones"
    spans: Sequence[Sequence[int]] = ()

    def draw(self, member: int, width: int, generator: torch.Generator) -> Tensor:
        """One member's (width, heads)."""
        if self.start == "ones":
            return torch.ones(width, self.n_heads)
        spans = torch.tensor(self.spans[member])
        size = (len(spans), self.n_heads)
        if self.start == "signs":
            drawn = 2.0 * torch.randint(2, size, generator=generator) - 1
        else:
            drawn = torch.randn(size, generator=generator)
        return drawn.repeat_interleave(spans, dim=0)


class BatchEnsembleLinear(WeightedLayer):
    """Head h of a member computes s_h * (W (r_h * x)) + b_h, where all its heads share W.

    (k, batch, in), which all heads take, or (k, batch, heads, in) -> (k, batch, heads, out). A
    member with fewer inputs is padded as in StackedLinear. W and the biases, which are equal for
    all heads at first, start uniform up to 1 / sqrt(inputs).
    """

    def __init__(
        self,
        n_inputs: Sequence[int],
        n_outputs: int,
        adapters: Adapters,
        draws: Sequence[torch.Generator],
    ) -> None:
        super().__init__()
        members, widest, heads = len(n_inputs), max(n_inputs), adapters.n_heads
        weight = torch.zeros(members, widest, n_outputs)
        r = torch.zeros(members, widest, heads)
        bias = torch.empty(members, heads, n_outputs)
        for member, (width, generator) in enumerate(zip(n_inputs, draws, strict=True)):
            bound = max(width, 1) ** -0.5
            weight[member, :width].uniform_(-bound, bound, generator=generator)
            r[member, :width] = adapters.draw(member, width, generator)
            bias[member, :] = torch.empty(n_outputs).uniform_(-bound, bound, generator=generator)
        self.weight = nn.Parameter(weight)
        # Padded along the inputs as the weight is.
        self.r = nn.Parameter(r)
        self.s = nn.Parameter(torch.ones(members, heads, n_outputs))
        self.bias = nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        """Apply every head of every member to its own batch."""
        x = x if x.dim() == 4 else x.unsqueeze(2)
        scaled = x * self.r.mT.contiguous().unsqueeze(1)
        product = torch.bmm(scaled.flatten(1, 2), self.weight)
        product = product.view(*scaled.shape[:3], -1)
        return torch.addcmul(self.bias.unsqueeze(1), product, self.s.unsqueeze(1))

    def incoming(self) -> Tensor:
        """(k, in, out)."""
        return self.weight


class LinearHeads(WeightedLayer):
    """A linear layer for every head: (k, batch, heads, in) -> (k, batch, heads, out)."""

    def __init__(
        self, n_heads: int, n_inputs: int, n_outputs: int, draws: Sequence[torch.Generator]
    ) -> None:
        super().__init__()
        bound = n_inputs**-0.5
        weight = torch.empty(len(draws), n_heads, n_inputs, n_outputs)
        bias = torch.empty(len(draws), n_heads, n_outputs)
        for member, generator in enumerate(draws):
            weight[member].uniform_(-bound, bound, generator=generator)
            bias[member].uniform_(-bound, bound, generator=generator)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        """Apply every head of every member to what that head has made."""
        by_head = torch.matmul(x.transpose(1, 2), self.weight)
        return by_head.transpose(1, 2) + self.bias.unsqueeze(1)

    def incoming(self) -> Tensor:
        """(k, in, heads * out)."""
        return self.weight.transpose(1, 2).flatten(2)
