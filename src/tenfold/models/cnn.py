"""Convolutional network for columns that are the pixels of a picture, trained as one stack."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from tenfold.models.shared.network_family import NetworkFamily
from tenfold.models.shared.network_parameters import ActivatedParameters
from tenfold.training.settings import ConvolutionSettings

Size = Annotated[int, Field(ge=1)]


class Parameters(ActivatedParameters, ConvolutionSettings):
    """Convolutions with pooling, then a hidden layer. Source: LeCun et al. (1998)."""

    fit_seconds = (0.5, 0.0002)

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
    def positional(self) -> bool:
        """A pixel is known by its place."""
        return True


FAMILY = NetworkFamily("cnn")
