"""Recurrent network for columns that are the steps of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from tenfold.models.shared.network_family import NetworkFamily
from tenfold.models.shared.network_parameters import NetworkParameters
from tenfold.preprocessing import IN_PLACE, InputForm
from tenfold.training.settings import RecurrentSettings

if TYPE_CHECKING:
    from tenfold.training.networks import LayerFactory, StackedNetwork

Size = Annotated[int, Field(ge=1)]


class Parameters(NetworkParameters, RecurrentSettings):
    """A GRU (Cho et al. 2014) or LSTM (Hochreiter & Schmidhuber 1997)."""

    fit_seconds = (0.5, 0.0, 0.0002)

    shape: tuple[Size, Size] = Field(
        strict=False,
        description="[steps, channels]: the columns, step by step.",
    )
    # What a cell's gates are; diagnostics have no other activation to watch.
    activation: ClassVar[str] = "tanh"

    n_blocks: int = Field(1, ge=1, description="Recurrent layers.")
    d_block: int = Field(64, ge=1, description="Units of each.")

    @property
    def input_form(self) -> InputForm:
        """A step is known by its place."""
        return IN_PLACE


def build(layers: LayerFactory) -> StackedNetwork:
    """`n_blocks` recurrent layers of `d_block` units; the last step's state leads to the output."""
    settings, blocks = layers.settings, []
    channels = settings.shape[1]
    for number in range(1, settings.n_blocks + 1):
        last = number == settings.n_blocks
        blocks.append(layers.recurrent(channels, settings.d_block, last=last))
        channels = settings.d_block
    return layers.network(blocks, settings.d_block)


FAMILY = NetworkFamily("rnn", build)
