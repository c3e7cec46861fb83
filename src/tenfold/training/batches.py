"""Mini-batches as index tensors: the data stays on the device, only row numbers move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tenfold.training.layers import seed_of

Values = NDArray[np.generic]


@dataclass(frozen=True)
class Part:
    """Rows of every member, padded to the longest: x (k, n, d), y (k, n), n_rows (k,)."""

    x: Tensor
    y: Tensor
    n_rows: Tensor


def stack(xs: Sequence[Values], ys: Sequence[Values], dtype: torch.dtype, *, codes: bool) -> Part:
    """Stack the members' rows; padding is zero and lies behind `n_rows`.

    Args:
        xs: each member's inputs (n_i, d_i).
        ys: each member's targets (n_i,).
        dtype: of the inputs, and of the targets unless these are class codes.
        codes: whether the targets are class codes for cross-entropy.
    """
    members, rows = len(xs), max(len(y) for y in ys)
    x = torch.zeros(members, rows, max(one.shape[1] for one in xs), dtype=dtype)
    y = torch.zeros(members, rows, dtype=torch.int64 if codes else dtype)
    for member, (own_x, own_y) in enumerate(zip(xs, ys, strict=True)):
        x[member, : own_x.shape[0], : own_x.shape[1]] = torch.from_numpy(
            np.ascontiguousarray(own_x)
        )
        y[member, : len(own_y)] = torch.from_numpy(np.ascontiguousarray(own_y))
    return Part(x, y, torch.tensor([len(own) for own in ys]))


def steps_per_epoch(sizes: Sequence[int], batch_size: int | Literal["full"]) -> int:
    """Batches that an epoch is cut into: the same number for every member of a stack.

    >>> steps_per_epoch([409, 410], 32)
    13
    """
    return 1 if batch_size == "full" else -(-max(sizes) // batch_size)


class Epochs:
    """Every member's own order of its rows, cut into `steps` batches of sizes that differ by <= 1.

    The order of epoch e is a function of (member's seed, e) alone.
    """

    def __init__(self, sizes: Sequence[int], seeds: Sequence[int], steps: int, width: int) -> None:
        self.sizes = list(sizes)
        self.seeds = list(seeds)
        self.steps = steps
        count = torch.tensor(self.sizes)
        edges = torch.arange(steps + 1)[:, None] * count // steps
        longest = int((edges[1:] - edges[:-1]).max())
        slots = torch.arange(longest)
        self.position = edges[:-1, :, None] + slots
        present = self.position < edges[1:, :, None]
        self.position = torch.where(present, self.position, 0)
        rows = present.sum(-1, keepdim=True).clamp(min=1)
        self.weight = present.double() / rows
        self.padded = not bool(present.all())
        self.offset = torch.arange(len(self.sizes)) * width

    def order(self, epoch: int) -> Tensor:
        """Row numbers into the flattened (k * width) table, shape (steps, k, batch)."""
        longest = max(self.sizes)
        orders = torch.zeros(len(self.sizes), longest, dtype=torch.int64)
        for member, (size, seed) in enumerate(zip(self.sizes, self.seeds, strict=True)):
            generator = torch.Generator().manual_seed(seed_of(seed, "order", epoch))
            orders[member, :size] = torch.randperm(size, generator=generator)
        orders += self.offset[:, None]
        flat = self.position + torch.arange(len(self.sizes))[:, None] * longest
        return orders.view(-1)[flat]
