"""Predict with a stack of networks: without Lightning, which takes two seconds to import."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from tenfold.training import batches
from tenfold.training.networks import StackedNetwork

Values = NDArray[np.generic]


@torch.inference_mode()
def forward(network: StackedNetwork, xs: Sequence[Values]) -> list[NDArray[np.float64]]:
    """Every member's outputs (n_i, out) for its own rows x_i (n_i, d_i).

    Those of a network with heads are (n_i, heads, out).
    """
    first = next(network.parameters())
    unknown = {id(x): np.zeros(len(x)) for x in xs}
    part = batches.stack(xs, [unknown[id(x)] for x in xs], first.dtype, codes=False)
    x = part.x if not part.shared else part.x[part.table]
    rows = x.shape[1]
    # Heads multiply the memory that a row takes, and a device has less of it.
    if network.n_heads > 1 or first.device.type != "cpu":
        rows = batches.rows_per_pass(len(xs), network.n_heads)
    parts = [network(own.to(first.device)) for own in torch.split(x, max(1, rows), 1)]
    outputs = torch.cat(parts, dim=1).cpu()
    return [
        output[: len(x)] for output, x in zip(outputs.to(torch.float64).numpy(), xs, strict=True)
    ]
