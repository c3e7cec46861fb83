"""Layers whose parameters carry a leading member axis: k networks, one set of kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from tenfold.training.initializers import Initializer


def _add_bias(layer: nn.Module, bias: Tensor, *, learned: bool) -> None:
    """A learned bias, or one that stays zero.

    Batch normalisation takes off whatever a bias adds, so its gradient would be the noise of
    rounding, which adaptive optimisers blow up. Source: Ioffe & Szegedy (2015), section 3.2.
    """
    if learned:
        layer.bias = nn.Parameter(bias)
    else:
        layer.register_buffer("bias", bias)


class StackedLinear(nn.Module):
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
        """The weights into every unit, (k, in, out); a view."""
        return self.weight

    @property
    def matrix(self) -> nn.Parameter:
        """The parameter that holds them."""
        return self.weight


class StackedConv(nn.Module):
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
        """The weights into every channel, (k, in * kernel, out); a view."""
        return self.weight.flatten(2).transpose(1, 2)

    @property
    def matrix(self) -> nn.Parameter:
        """The parameter that holds them."""
        return self.weight


class StackedRecurrent(nn.Module):
    """k recurrent layers, a GRU or LSTM each: (k, batch, steps, in) -> (k, batch, steps, units).

    torch's kernels know no members, so the steps are a loop here, each one product for all of
    them: twice as fast on a CPU as ten members' GRUs side by side. Weights are laid out as
    torch's; the recurrent ones start orthogonal.
    Sources: Hochreiter & Schmidhuber (1997); Cho et al. (2014); Saxe et al. (2014).
    """

    GATES: ClassVar[dict[str, int]] = {"gru": 3, "lstm": 4}

    def __init__(
        self,
        cell: str,
        n_inputs: int,
        units: int,
        initializer: Initializer,
        draws: Sequence[torch.Generator],
    ) -> None:
        super().__init__()
        self.units = units
        self.step = self._gru if cell == "gru" else self._lstm
        gates = self.GATES[cell]
        inputs = torch.empty(len(draws), gates, units, n_inputs)
        recurrent = torch.empty(len(draws), gates, units, units)
        for member, generator in enumerate(draws):
            for gate in range(gates):
                initializer.fill(inputs[member, gate], generator)
                Initializer("orthogonal", "tanh").fill(recurrent[member, gate], generator)
        self.inputs = nn.Parameter(inputs.flatten(1, 2))
        self.recurrent = nn.Parameter(recurrent.flatten(1, 2))
        self.bias = nn.Parameter(torch.zeros(len(draws), gates * units))
        self.recurrent_bias = nn.Parameter(torch.zeros(len(draws), gates * units))

    def forward(self, x: Tensor) -> Tensor:
        """Apply every member to its own batch of sequences."""
        members, batch, steps, _ = x.shape
        # What the inputs add to each gate does not wait for the steps before.
        given = torch.baddbmm(self.bias[:, None], x.flatten(1, 2), self.inputs.mT)
        state = cell = x.new_zeros(members, batch, self.units, dtype=given.dtype)
        weight, bias = self.recurrent.mT, self.recurrent_bias[:, None]
        states = []
        for own in given.view(members, batch, steps, -1).unbind(2):
            state, cell = self.step(own, torch.baddbmm(bias, state, weight), state, cell)
            states.append(state)
        return torch.stack(states, dim=2)

    def _gru(
        self, given: Tensor, fed_back: Tensor, state: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor]:
        """One step: reset and update gates, then the new state between old and candidate."""
        gates = 2 * self.units
        reset, update = torch.sigmoid(given[..., :gates] + fed_back[..., :gates]).chunk(2, -1)
        candidate = torch.tanh(torch.addcmul(given[..., gates:], reset, fed_back[..., gates:]))
        return torch.lerp(candidate, state, update), cell

    def _lstm(
        self, given: Tensor, fed_back: Tensor, state: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor]:
        """One step: what is taken in, what is forgotten, what is told."""
        taken, forgotten, candidate, told = (given + fed_back).chunk(4, -1)
        kept = torch.sigmoid(forgotten) * cell
        cell = torch.addcmul(kept, torch.sigmoid(taken), torch.tanh(candidate))
        return torch.sigmoid(told) * torch.tanh(cell), cell

    def incoming(self) -> Tensor:
        """The input weights into every gate's unit, (k, in, gates * units); a view."""
        return self.inputs.transpose(1, 2)

    @property
    def matrix(self) -> nn.Parameter:
        """The parameter that holds them."""
        return self.inputs
