"""Networks of fully connected layers: the multilayer perceptron, and residual blocks for tables."""

from __future__ import annotations

from torch import Tensor, nn

from tenfold.training.networks import Parts, StackedNetwork


class Dense(nn.Module):
    """Linear, normalisation, activation, dropout."""

    def __init__(self, parts: Parts, widths: int | list[int], units: int) -> None:
        super().__init__()
        self.linear = parts.linear(widths, units, normalized=True)
        self.normalization = parts.normalization(units)
        self.activation = parts.activation()
        self.dropout = parts.dropout()

    def forward(self, x: Tensor, rows: Tensor | None) -> Tensor:
        """(k, batch, in) -> (k, batch, units)."""
        x = self.linear(x)
        if self.normalization is not None:
            x = self.normalization(x, rows)
        dropped: Tensor = self.dropout(self.activation(x))
        return dropped


class MLP(StackedNetwork):
    """`n_blocks` hidden layers of `d_block` units each; without any it is a linear model."""

    def __init__(self, parts: Parts, n_outputs: int) -> None:
        super().__init__(parts)
        architecture = parts.architecture
        widths: int | list[int] = _widths(self.embed, parts)
        self.blocks = nn.ModuleList()
        for _ in range(architecture.n_blocks):
            self.blocks.append(Dense(parts, widths, architecture.d_block))
            widths = architecture.d_block
        self.output = parts.output(widths, n_outputs)

    def _features(self, x: Tensor, rows: Tensor | None) -> Tensor:
        for block in self.blocks:
            x = block(x, rows)
        return x


class Residual(nn.Module):
    """Normalisation, linear, activation, dropout, linear, dropout, added to what came in."""

    def __init__(self, parts: Parts, units: int) -> None:
        super().__init__()
        self.normalization = parts.normalization(units)
        self.linear = parts.linear(units, 2 * units)
        self.activation = parts.activation()
        self.dropout = parts.dropout()
        self.back = parts.linear(2 * units, units, normalized=True)
        self.drop_branch = parts.dropout()

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

    def __init__(self, parts: Parts, n_outputs: int) -> None:
        super().__init__(parts)
        units = parts.architecture.d_block
        self.first = parts.linear(_widths(self.embed, parts), units, normalized=True)
        self.blocks = nn.ModuleList(
            Residual(parts, units) for _ in range(parts.architecture.n_blocks)
        )
        self.normalization = parts.normalization(units)
        self.activation = parts.activation()
        self.output = parts.output(units, n_outputs)

    def _features(self, x: Tensor, rows: Tensor | None) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = block(x, rows)
        if self.normalization is not None:
            x = self.normalization(x, rows)
        activated: Tensor = self.activation(x)
        return activated


def _widths(embed: object, parts: Parts) -> list[int]:
    """Each member's number of inputs to the first layer."""
    widths: list[int] = getattr(embed, "widths", [slot.columns.n_inputs for slot in parts.slots])
    return widths
