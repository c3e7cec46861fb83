"""Multilayer perceptron: hidden layers of equal width, all folds trained as one stacked network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tenfold.models import OneOf
from tenfold.models._network import NetworkFamily, NetworkParameters
from tenfold.training.activations import ACTIVATIONS
from tenfold.training.initializers import INITIALIZERS

if TYPE_CHECKING:
    from tenfold.training.networks import Architecture


class Parameters(NetworkParameters):
    """The network's shape; how it is trained is common to all networks."""

    n_blocks: int = Field(2, ge=0, description="Hidden layers; 0 is a linear model.")
    d_block: int = Field(128, ge=1, description="Units of each hidden layer.")
    activation: Annotated[str, OneOf(*ACTIVATIONS)] = "relu"
    initializer: Annotated[str, OneOf("auto", *INITIALIZERS)] = Field(
        "auto", description="auto: He for the ReLU kind, Xavier for sigmoid and tanh."
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="Share of hidden units dropped.")


def build(parameters: Parameters) -> Architecture:
    """The stacked network's description."""
    from tenfold.training.networks import Architecture

    return Architecture(
        n_blocks=parameters.n_blocks,
        d_block=parameters.d_block,
        activation=parameters.activation,
        initializer=parameters.initializer,
        dropout=parameters.dropout,
    )


FAMILY = NetworkFamily(build)
