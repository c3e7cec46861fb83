"""Multilayer perceptron: hidden layers of equal width, all folds trained as one stacked network."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from tenfold.models.shared.network_family import NetworkFamily
from tenfold.models.shared.network_parameters import TableParameters

if TYPE_CHECKING:
    from tenfold.training.networks import LayerFactory, StackedNetwork


class Parameters(TableParameters):
    """Hidden layers of equal width. Source: Rumelhart, Hinton & Williams (1986)."""

    fit_seconds = (0.1, 0.0, 2.4e-05)
    plain_sequential: ClassVar[bool] = True

    n_blocks: int = Field(2, ge=0, description="Hidden layers; 0 is a linear model.")


def build(layers: LayerFactory) -> StackedNetwork:
    """`n_blocks` hidden layers of `d_block` units each; without any it is a linear model."""
    settings, widths, blocks = layers.settings, layers.widths, []
    for _ in range(settings.n_blocks):
        blocks.append(layers.dense(widths, settings.d_block))
        widths = [settings.d_block] * len(widths)
    return layers.network(blocks, widths)


FAMILY = NetworkFamily("mlp", build)
