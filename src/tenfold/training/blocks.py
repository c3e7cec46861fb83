"""The blocks of a stack of networks: dense, convolutional, recurrent, or a family's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from tenfold.training.layers import Initializer, StackedConv, WeightedLayer

if TYPE_CHECKING:
    from tenfold.training.networks import LayerFactory, Widths


class Block(nn.Module):
    """Modules by name, and the function of a family that applies them.

    Args:
        apply: called with the block, x (k, batch, ...) and `rows` of StackedNetwork.forward; a
            function of a module, since processes that share batches get a pickled copy.
        parts: modules, or None for one that is left out; attributes of the block.
    """

    def __init__(self, apply: Callable[..., Tensor], parts: dict[str, nn.Module | None]) -> None:
        super().__init__()
        self.apply_parts = apply
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """What the function makes of x."""
        return self.apply_parts(self, x, rows)


class Dense(nn.Module):
    """Linear, normalisation, activation, dropout; a picture is flattened first."""

    def __init__(self, layers: LayerFactory, widths: Widths, units: int) -> None:
        super().__init__()
        self.linear = layers.linear(widths, units, normalized=True)
        self.normalization = layers.normalization(units)
        self.activation = layers.activation()
        self.dropout = layers.dropout()

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """(k, batch, ...) -> (k, batch, units)."""
        x = self.linear(x.flatten(2))
        if self.normalization is not None:
            x = self.normalization(x, rows)
        dropped: Tensor = self.dropout(self.activation(x))
        return dropped


class Convolution(nn.Module):
    """Convolution, normalisation, activation; then, with `pool`, the largest of each 2 x 2."""

    def __init__(self, layers: LayerFactory, channels: int, maps: int, *, pool: bool) -> None:
        super().__init__()
        size = layers.settings.kernel_size
        bias = layers.has_bias(normalized=True)
        self.convolution = StackedConv(
            channels, maps, size, layers.initializer, layers.draws, bias=bias
        )
        self.normalization = layers.normalization(maps)
        self.activation = layers.activation()
        self.pool = pool

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """(k, batch, channels, h, w) -> (k, batch, maps, h or h // 2, w or w // 2)."""
        x = self.convolution(x)
        if self.normalization is not None:
            x = self.normalization(x, rows)
        x = self.activation(x)
        if not self.pool:
            return x
        pooled = nn.functional.max_pool2d(x.flatten(0, 1), 2)
        return pooled.view(*x.shape[:2], *pooled.shape[1:])


class StackedRecurrent(WeightedLayer):
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
        """One step: reset and update gate, candidate, and the new state between it and the old."""
        gates = 2 * self.units
        reset, update = torch.sigmoid(given[..., :gates] + fed_back[..., :gates]).chunk(2, -1)
        candidate = torch.tanh(torch.addcmul(given[..., gates:], reset, fed_back[..., gates:]))
        return torch.lerp(candidate, state, update), cell

    def _lstm(
        self, given: Tensor, fed_back: Tensor, state: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor]:
        """One step: input gate, forget gate, candidate and output gate."""
        taken_in, forgotten, candidate, output = (given + fed_back).chunk(4, -1)
        kept = torch.sigmoid(forgotten) * cell
        cell = torch.addcmul(kept, torch.sigmoid(taken_in), torch.tanh(candidate))
        return torch.sigmoid(output) * torch.tanh(cell), cell

    def incoming(self) -> Tensor:
        """(k, in, gates * units)."""
        return self.inputs.transpose(1, 2)

    @property
    def matrix(self) -> nn.Parameter:
        """The input weights of all gates."""
        return self.inputs


class Recurrent(nn.Module):
    """A recurrent layer, then dropout; with `last`, the last step's state alone."""

    def __init__(self, layers: LayerFactory, channels: int, units: int, *, last: bool) -> None:
        super().__init__()
        self.last = last
        settings = layers.settings
        # The gates of a cell are sigmoids and tanhs, whatever else is declared.
        initializer = Initializer(settings.initializer, "tanh", scale=settings.initializer_scale)
        self.recurrent = StackedRecurrent(settings.cell, channels, units, initializer, layers.draws)
        self.dropout = layers.dropout()

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """(k, batch, steps, channels) -> (k, batch, steps, units), or (k, batch, units)."""
        states: Tensor = self.dropout(self.recurrent(x))
        return states[:, :, -1] if self.last else states
