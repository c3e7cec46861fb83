"""Residual network for tables: blocks that add to what came in, trained as one stack of folds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tenfold.models.shared.network_family import NetworkFamily
from tenfold.models.shared.network_parameters import TableParameters
from tenfold.training.catalogue import NORMALIZATIONS
from tenfold.training.settings import Key


class Parameters(TableParameters):
    """Residual blocks, each widening to twice d_block. Source: Gorishniy et al. (2021)."""

    fit_seconds = (0.3, 0.0001)

    n_blocks: int = Field(2, ge=1, description="Residual blocks.")
    d_block: int = Field(128, ge=1, description="Units between blocks.")
    normalization: Annotated[str, Key(one_of=("none", *NORMALIZATIONS))] = "batch_norm"


FAMILY = NetworkFamily("resnet")
