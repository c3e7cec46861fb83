"""Multilayer perceptron: hidden layers of equal width, all folds trained as one stacked network."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from tenfold.models.shared.network_family import NetworkFamily
from tenfold.models.shared.network_parameters import TableParameters


class Parameters(TableParameters):
    """Hidden layers of equal width. Source: Rumelhart, Hinton & Williams (1986)."""

    fit_seconds = (0.1, 2.4e-05)
    plain_sequential: ClassVar[bool] = True

    n_blocks: int = Field(2, ge=0, description="Hidden layers; 0 is a linear model.")


FAMILY = NetworkFamily("mlp")
