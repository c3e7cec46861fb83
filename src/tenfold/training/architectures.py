"""The networks: multilayer perceptron, residual, convolutional and recurrent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from tenfold.training.layers import Initializer, StackedConv, WeightedLayer
from tenfold.training.networks import LayerFactory, StackedNetwork


class Dense(nn.Module):
    """Linear, normalisation, activation, dropout."""

    def __init__(self, layers: LayerFactory, widths: int | list[int], units: int) -> None:
        super().__init__()
        self.linear = layers.linear(widths, units, normalized=True)
        self.normalization = layers.normalization(units)
        self.activation = layers.activation()
        self.dropout = layers.dropout()

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """(k, batch, in) -> (k, batch, units)."""
        x = self.linear(x)
        if self.normalization is not None:
            x = self.normalization(x, rows)
        dropped: Tensor = self.dropout(self.activation(x))
        return dropped


class MLP(StackedNetwork):
    """`n_blocks` hidden layers of `d_block` units each; without any it is a linear model."""

    def __init__(self, layers: LayerFactory, n_outputs: int) -> None:
        super().__init__(layers)
        settings = layers.settings
        widths: int | list[int] = _widths(self.embed, layers)
        self.blocks = nn.ModuleList()
        for _ in range(settings.n_blocks):
            self.blocks.append(Dense(layers, widths, settings.d_block))
            widths = settings.d_block
        self.output = layers.output(widths, n_outputs)

    def _features(self, x: Tensor, rows: Tensor | None) -> Tensor:
        for block in self.blocks:
            x = block(x, rows)
        return x


class Residual(nn.Module):
    """Normalisation, linear, activation, dropout, linear, dropout, added to what came in."""

    def __init__(self, layers: LayerFactory, units: int) -> None:
        super().__init__()
        self.normalization = layers.normalization(units)
        self.linear = layers.linear(units, 2 * units)
        self.activation = layers.activation()
        self.dropout = layers.dropout()
        self.back = layers.linear(2 * units, units, normalized=True)
        self.drop_branch = layers.dropout()

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """(k, batch, units) -> the same."""
        branch = x if self.normalization is None else self.normalization(x, rows)
        branch = self.dropout(self.activation(self.linear(branch)))
        added: Tensor = x + self.drop_branch(self.back(branch))
        return added


class ResNet(StackedNetwork):
    """A linear layer, `n_blocks` residual blocks, normalisation and activation.

    Source: Gorishniy et al. (2021), after He et al. (2016).
    """

    def __init__(self, layers: LayerFactory, n_outputs: int) -> None:
        super().__init__(layers)
        units = layers.settings.d_block
        self.first = layers.linear(_widths(self.embed, layers), units, normalized=True)
        self.blocks = nn.ModuleList(
            Residual(layers, units) for _ in range(layers.settings.n_blocks)
        )
        self.normalization = layers.normalization(units)
        self.activation = layers.activation()
        self.output = layers.output(units, n_outputs)

    def _features(self, x: Tensor, rows: Tensor | None) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = block(x, rows)
        if self.normalization is not None:
            x = self.normalization(x, rows)
        activated: Tensor = self.activation(x)
        return activated


def _widths(embed: object, layers: LayerFactory) -> list[int]:
    """Each member's number of inputs to the first layer."""
    widths: list[int] = getattr(embed, "widths", [spec.columns.n_inputs for spec in layers.specs])
    return widths


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


class CNN(StackedNetwork):
    """`n_blocks` convolutions, each followed by pooling and twice as wide as the one before it,
    then a hidden layer of `d_block` units.

    Source: LeCun et al. (1998); the doubling of Simonyan & Zisserman (2015).
    """

    def __init__(self, layers: LayerFactory, n_outputs: int) -> None:
        super().__init__(layers)
        settings = layers.settings
        self.shape = settings.shape
        channels, height, width = self.shape
        self.blocks = nn.ModuleList()
        maps = settings.channels
        for _ in range(settings.n_blocks):
            pool = min(height, width) > 1
            self.blocks.append(Convolution(layers, channels, maps, pool=pool))
            if pool:
                height, width = height // 2, width // 2
            channels, maps = maps, 2 * maps
        self.blocks.append(Dense(layers, channels * height * width, settings.d_block))
        self.output = layers.output(settings.d_block, n_outputs)

    def _features(self, x: Tensor, rows: Tensor | None) -> Tensor:
        x = x.view(*x.shape[:2], *self.shape)
        *convolutions, dense = self.blocks
        for block in convolutions:
            x = block(x, rows)
        features: Tensor = dense(x.flatten(2), rows)
        return features


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
        """(k, in, gates * units)."""
        return self.inputs.transpose(1, 2)

    @property
    def matrix(self) -> nn.Parameter:
        """The input weights of all gates."""
        return self.inputs


class Recurrent(nn.Module):
    """A recurrent layer, then dropout."""

    def __init__(self, layers: LayerFactory, channels: int, units: int) -> None:
        super().__init__()
        settings = layers.settings
        # The gates of a cell are sigmoids and tanhs, whatever else is declared.
        initializer = Initializer(settings.initializer, "tanh", scale=settings.initializer_scale)
        self.recurrent = StackedRecurrent(settings.cell, channels, units, initializer, layers.draws)
        self.dropout = layers.dropout()

    def forward(self, x: Tensor) -> Tensor:
        """(k, batch, steps, channels) -> (k, batch, steps, units)."""
        dropped: Tensor = self.dropout(self.recurrent(x))
        return dropped


class RNN(StackedNetwork):
    """`n_blocks` recurrent layers of `d_block` units; the last step's state leads to the output."""

    def __init__(self, layers: LayerFactory, n_outputs: int) -> None:
        super().__init__(layers)
        settings = layers.settings
        self.shape = settings.shape
        channels = self.shape[1]
        self.blocks = nn.ModuleList()
        for _ in range(settings.n_blocks):
            self.blocks.append(Recurrent(layers, channels, settings.d_block))
            channels = settings.d_block
        self.output = layers.output(settings.d_block, n_outputs)

    def _features(self, x: Tensor, rows: Tensor | None) -> Tensor:
        x = x.view(*x.shape[:2], *self.shape)
        for block in self.blocks:
            x = block(x)
        return x[:, :, -1]
