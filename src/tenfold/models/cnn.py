"""Convolutional network for columns that are the pixels of a picture, trained as one stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from tenfold.models.shared.network_family import NetworkFamily
from tenfold.models.shared.network_parameters import ActivatedParameters
from tenfold.preprocessing import IN_PLACE, InputForm
from tenfold.training.settings import ConvolutionSettings

if TYPE_CHECKING:
    from tenfold.training.networks import LayerFactory, StackedNetwork

Size = Annotated[int, Field(ge=1)]


class Parameters(ActivatedParameters, ConvolutionSettings):
    """Convolutions with pooling, then a hidden layer. Source: LeCun et al. (1998)."""

    fit_seconds = (0.5, 0.0, 0.0002)

    shape: tuple[Size, Size, Size] = Field(
        strict=False,
        description="[channels, height, width]: the columns, in this order.",
    )
    n_blocks: int = Field(2, ge=1, description="Convolutions, each followed by 2 x 2 pooling.")
    d_block: int = Field(128, ge=1, description="Units of the hidden layer behind them.")

    @property
    def depth(self) -> int:
        """The hidden layer is a block too."""
        return self.n_blocks + 1

    @model_validator(mode="after")
    def _odd_kernel(self) -> Parameters:
        if self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, but got {self.kernel_size}")
        return self

    @property
    def input_form(self) -> InputForm:
        """A pixel is known by its place."""
        return IN_PLACE


def build(layers: LayerFactory) -> StackedNetwork:
    """`n_blocks` convolutions, each followed by pooling and twice as wide as the one before it,
    then a hidden layer of `d_block` units.

    Source: LeCun et al. (1998); the doubling of Simonyan & Zisserman (2015).
    """
    settings = layers.settings
    channels, height, width = settings.shape
    blocks: list[Any] = []
    maps = settings.channels
    for _ in range(settings.n_blocks):
        pool = min(height, width) > 1
        blocks.append(layers.convolution(channels, maps, pool=pool))
        if pool:
            height, width = height // 2, width // 2
        channels, maps = maps, 2 * maps
    blocks.append(layers.dense(channels * height * width, settings.d_block))
    return layers.network(blocks, settings.d_block)


FAMILY = NetworkFamily("cnn", build)
