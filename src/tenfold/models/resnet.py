"""Residual network for tables: blocks that add to what came in, trained as one stack of folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tenfold.models.shared.network_family import NetworkFamily
from tenfold.models.shared.network_parameters import TableParameters
from tenfold.training.catalogue import NORMALIZATIONS
from tenfold.training.settings import Key

if TYPE_CHECKING:
    from torch import Tensor

    from tenfold.training.networks import LayerFactory, StackedNetwork


class Parameters(TableParameters):
    """Residual blocks, each widening to twice d_block. Source: Gorishniy et al. (2021)."""

    fit_seconds = (0.3, 0.0, 0.0001)

    n_blocks: int = Field(2, ge=1, description="Residual blocks.")
    d_block: int = Field(128, ge=1, description="Units between blocks.")
    normalization: Annotated[str, Key(one_of=("none", *NORMALIZATIONS))] = "batch_norm"


def build(layers: LayerFactory) -> StackedNetwork:
    """A linear layer, `n_blocks` residual blocks, normalisation and activation.

    Source: Gorishniy et al. (2021), after He et al. (2016).
    """
    units = layers.settings.d_block
    return layers.network(
        first=layers.linear(layers.widths, units, normalized=True),
        blocks=[residual_block(layers, units) for _ in range(layers.settings.n_blocks)],
        normalization=layers.normalization(units),
        activation=layers.activation(),
        widths=units,
    )


def residual_block(layers: LayerFactory, units: int) -> Any:
    """A block that widens to twice its units and back."""
    return layers.block(
        add_branch,
        normalization=layers.normalization(units),
        linear=layers.linear(units, 2 * units),
        activation=layers.activation(),
        dropout=layers.dropout(),
        back=layers.linear(2 * units, units, normalized=True),
        drop_branch=layers.dropout(),
    )


def add_branch(block: Any, x: Tensor, rows: Tensor | None) -> Tensor:
    """Normalisation, linear, activation, dropout, linear, dropout, added to what came in."""
    branch = x if block.normalization is None else block.normalization(x, rows)
    branch = block.dropout(block.activation(block.linear(branch)))
    added: Tensor = x + block.drop_branch(block.back(branch))
    return added


FAMILY = NetworkFamily("resnet", build)
