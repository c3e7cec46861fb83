"""Networks made of stacked layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tenfold.training import initializers
from tenfold.training.activations import ACTIVATIONS
from tenfold.training.layers import StackedDropout, StackedLinear, generators
from tenfold.training.registry import resolve


@dataclass(frozen=True)
class Architecture:
    """A multilayer perceptron: `n_blocks` hidden layers of `d_block` units each; 0 is linear."""

    n_blocks: int
    d_block: int
    activation: str
    initializer: str
    dropout: float


class MLP(nn.Module):
    """k multilayer perceptrons as one: (k, batch, in) -> (k, batch, out).

    Args:
        architecture: what all members share.
        n_inputs: each member's number of input columns; the input is as wide as the widest.
        n_outputs: outputs of every member.
        seeds: each member's seed, of its weights and its dropout.
    """

    def __init__(
        self,
        architecture: Architecture,
        n_inputs: Sequence[int],
        n_outputs: int,
        seeds: Sequence[int],
    ) -> None:
        super().__init__()
        activation = architecture.activation
        initializer = architecture.initializer
        if initializer == "auto":
            initializer = initializers.matching(activation)
        self.activation = resolve(ACTIVATIONS[activation])
        draws = generators(seeds)
        self.hidden = nn.ModuleList()
        self.dropouts = nn.ModuleList()
        widths = list(n_inputs)
        for layer in range(architecture.n_blocks):
            self.hidden.append(
                StackedLinear(widths, architecture.d_block, initializer, activation, draws)
            )
            self.dropouts.append(StackedDropout(architecture.dropout, layer, seeds))
            widths = [architecture.d_block] * len(seeds)
        self.output = StackedLinear(widths, n_outputs, "xavier_uniform", "linear", draws)

    def forward(self, x: Tensor) -> Tensor:
        """Values or logits of every member for its own batch."""
        for linear, dropout in zip(self.hidden, self.dropouts, strict=True):
            x = dropout(self.activation(linear(x)))
        output: Tensor = self.output(x)
        return output

    def seek(self, step: int) -> None:
        """Set the training step, from which dropout draws its masks."""
        for dropout in self.dropouts:
            assert isinstance(dropout, StackedDropout)
            dropout.step = step


def weights(network: nn.Module) -> dict[str, Tensor]:
    """A copy of the parameters, by name, each with its leading member axis."""
    return {name: value.detach().clone() for name, value in network.named_parameters()}


@torch.no_grad()
def restore(network: nn.Module, saved: dict[str, Tensor]) -> None:
    """Write a copy made by `weights` back."""
    for name, value in network.named_parameters():
        value.copy_(saved[name])
