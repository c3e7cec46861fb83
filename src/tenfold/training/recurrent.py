"""Networks for columns that are the steps of a sequence."""

from __future__ import annotations

from torch import Tensor, nn

from tenfold.training.initializers import Initializer
from tenfold.training.layers import StackedRecurrent
from tenfold.training.networks import Parts, StackedNetwork


class Recurrent(nn.Module):
    """A recurrent layer, then dropout."""

    def __init__(self, parts: Parts, channels: int, units: int) -> None:
        super().__init__()
        architecture = parts.architecture
        # The gates of a cell are sigmoids and tanhs, whatever else is declared.
        initializer = Initializer(
            architecture.initializer, "tanh", scale=architecture.initializer_scale
        )
        self.recurrent = StackedRecurrent(
            architecture.cell, channels, units, initializer, parts.draws
        )
        self.dropout = parts.dropout()

    def forward(self, x: Tensor) -> Tensor:
        """(k, batch, steps, channels) -> (k, batch, steps, units)."""
        dropped: Tensor = self.dropout(self.recurrent(x))
        return dropped


class RNN(StackedNetwork):
    """`n_blocks` recurrent layers of `d_block` units; the last step's state leads to the output."""

    def __init__(self, parts: Parts, n_outputs: int) -> None:
        super().__init__(parts)
        architecture = parts.architecture
        self.shape = architecture.shape
        channels = self.shape[1]
        self.blocks = nn.ModuleList()
        for _ in range(architecture.n_blocks):
            self.blocks.append(Recurrent(parts, channels, architecture.d_block))
            channels = architecture.d_block
        self.output = parts.output(architecture.d_block, n_outputs)

    def _features(self, x: Tensor, rows: Tensor | None) -> Tensor:
        x = x.view(*x.shape[:2], *self.shape)
        for block in self.blocks:
            x = block(x)
        return x[:, :, -1]
