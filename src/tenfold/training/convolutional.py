"""Networks for columns that are the pixels of a picture."""

from __future__ import annotations

from torch import Tensor, nn

from tenfold.training.dense import Dense
from tenfold.training.layers import StackedConv
from tenfold.training.networks import Parts, StackedNetwork


class Convolution(nn.Module):
    """Convolution, normalisation, activation; then, with `pool`, the largest of each 2 x 2."""

    def __init__(self, parts: Parts, channels: int, maps: int, *, pool: bool) -> None:
        super().__init__()
        size = parts.architecture.kernel_size
        bias = parts.has_bias(normalized=True)
        self.convolution = StackedConv(
            channels, maps, size, parts.initializer, parts.draws, bias=bias
        )
        self.normalization = parts.normalization(maps)
        self.activation = parts.activation()
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

    def __init__(self, parts: Parts, n_outputs: int) -> None:
        super().__init__(parts)
        architecture = parts.architecture
        self.shape = architecture.shape
        channels, height, width = self.shape
        self.blocks = nn.ModuleList()
        maps = architecture.channels
        for _ in range(architecture.n_blocks):
            pool = min(height, width) > 1
            self.blocks.append(Convolution(parts, channels, maps, pool=pool))
            if pool:
                height, width = height // 2, width // 2
            channels, maps = maps, 2 * maps
        self.blocks.append(Dense(parts, channels * height * width, architecture.d_block))
        self.output = parts.output(architecture.d_block, n_outputs)

    def _features(self, x: Tensor, rows: Tensor | None) -> Tensor:
        x = x.view(*x.shape[:2], *self.shape)
        *convolutions, dense = self.blocks
        for block in convolutions:
            x = block(x, rows)
        features: Tensor = dense(x.flatten(2), rows)
        return features
