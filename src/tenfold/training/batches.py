"""Mini-batches as index tensors: the data stays on the device, and only row numbers move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tenfold.training.randomness import seed_of

Values = NDArray[np.generic]


@dataclass(frozen=True)
class StackedRows:
    """The members' rows, padded to the longest, and the table that each member reads.

    x (tables, n, d), y (tables, n), n_rows (tables,), table (k,). Members that were given the
    same arrays share a table, so that trials which are trained together hold every fold once.
    """

    x: Tensor
    y: Tensor
    n_rows: Tensor
    table: Tensor

    @property
    def shared(self) -> bool:
        """Whether several members read one table."""
        return len(self.table) != len(self.x)


def stack(
    xs: Sequence[Values], ys: Sequence[Values], dtype: torch.dtype, *, codes: bool
) -> StackedRows:
    """The members' rows as one; padding is zero and follows the last row.

    Args:
        xs: each member's inputs (n_i, d_i).
        ys: each member's targets (n_i,).
        dtype: of the inputs, and of the targets unless these are class codes.
        codes: whether the targets are class codes for cross-entropy.
    """
    given = [(id(x), id(y)) for x, y in zip(xs, ys, strict=True)]
    first = {own: member for member, own in reversed(list(enumerate(given)))}
    tables = sorted(first.values())
    place = {member: table for table, member in enumerate(tables)}
    rows = max(len(ys[member]) for member in tables)
    x = torch.zeros(len(tables), rows, max(xs[member].shape[1] for member in tables), dtype=dtype)
    y = torch.zeros(len(tables), rows, dtype=torch.int64 if codes else dtype)
    for table, member in enumerate(tables):
        own_x, own_y = xs[member], ys[member]
        x[table, : own_x.shape[0], : own_x.shape[1]] = torch.from_numpy(np.ascontiguousarray(own_x))
        y[table, : len(own_y)] = torch.from_numpy(np.ascontiguousarray(own_y))
    return StackedRows(
        x,
        y,
        torch.tensor([len(ys[member]) for member in tables]),
        torch.tensor([place[first[own]] for own in given]),
    )


# Up to so many rows, batches of this size; more rows, larger ones.
AUTO_BATCH_SIZES = {2_800: 32, 4_500: 64, 6_400: 128, 32_000: 256, 108_000: 512}
LARGEST_AUTO_BATCH = 1024


def rows_per_batch(sizes: Sequence[int], batch_size: int | Literal["auto", "full"]) -> int:
    """The number of rows of a batch of the largest member.

    Source of `auto`: the batch sizes of Gorishniy et al. (2025).

    >>> rows_per_batch([4_000, 5_000], "auto")
    128
    """
    rows = max(sizes)
    if batch_size == "full":
        return rows
    if batch_size == "auto":
        fitting = (size for limit, size in AUTO_BATCH_SIZES.items() if rows <= limit)
        return next(fitting, LARGEST_AUTO_BATCH)
    return batch_size


def steps_per_epoch(
    sizes: Sequence[int], batch_size: int | Literal["auto", "full"], *, drop_last: bool = False
) -> int:
    """The number of batches in an epoch, the same for every member of a stack.

    >>> steps_per_epoch([409, 410], 32)
    13
    >>> steps_per_epoch([409, 410], 32, drop_last=True)
    12
    >>> steps_per_epoch([5_000], "auto")
    40
    """
    rows, each = max(sizes), rows_per_batch(sizes, batch_size)
    return max(rows // each, 1) if drop_last else -(-rows // each)


class EpochOrder:
    """Each member's order of its own rows, in `steps` batches whose sizes differ by at most one.

    The order in epoch e depends on the member's seed and e alone. Member i reads table
    `table[i]`, or table i; tables are `width` rows long. With `most` a batch has no more rows than
    that, and an epoch leaves out the rest.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        seeds: Sequence[int],
        steps: int,
        width: int,
        table: Tensor | None = None,
        *,
        most: int | None = None,
    ) -> None:
        self.sizes = list(sizes)
        self.seeds = list(seeds)
        self.steps = steps
        count = torch.tensor(self.sizes)
        if most is not None:
            count = count.clamp(max=steps * most)
        edges = torch.arange(steps + 1)[:, None] * count // steps
        longest = int((edges[1:] - edges[:-1]).max())
        slots = torch.arange(longest)
        position = edges[:-1, :, None] + slots
        present = position < edges[1:, :, None]
        members = torch.arange(len(self.sizes))[:, None]
        self.place = torch.where(present, position, 0) + members * max(self.sizes)
        rows = present.sum(-1, keepdim=True).clamp(min=1)
        self.weight = present.double() / rows
        self.padded = not bool(present.all())
        self.offset = (torch.arange(len(self.sizes)) if table is None else table) * width

    def order(self, epoch: int) -> Tensor:
        """Row numbers (steps, k, batch) into the flattened (tables * width) rows."""
        orders = torch.zeros(len(self.sizes), max(self.sizes), dtype=torch.int64)
        generator = torch.Generator()
        for own, size, seed in zip(orders, self.sizes, self.seeds, strict=True):
            generator.manual_seed(seed_of(seed, "order", epoch))
            torch.randperm(size, generator=generator, out=own[:size])
        orders += self.offset[:, None]
        return orders.view(-1)[self.place]


# Rows in one pass of the network without gradients, over all members and heads.
MAX_CHUNK_ROWS = 1 << 15


def rows_per_pass(members: int, n_heads: int) -> int:
    """Rows of each member that fit into one pass."""
    return max(1, MAX_CHUNK_ROWS // (members * n_heads))


@dataclass(frozen=True)
class Chunk:
    """Validation rows of one pass: where they lie, and the weight (k, rows) of each.

    Weights add up to 1 over all chunks; `present` marks those that are not padding.
    """

    rows: slice
    weight: Tensor
    present: Tensor


class DeviceRows:
    """Rows on the device if they fit there, else on the host, from where batches are sent.

    Args:
        part: the rows.
        class_weights: (k, C) the weight of a row of each class; by default all weigh the same.
        n_heads: of the network, each of which takes memory for every row.
    """

    def __init__(self, part: StackedRows, class_weights: Tensor | None, n_heads: int = 1) -> None:
        self.tables, self.width, self.n_columns = part.x.shape
        self.x = part.x.flatten(0, 1)
        self.y = part.y.flatten(0, 1)
        self.n_rows = part.n_rows[part.table]
        self.table = part.table if part.shared else None
        self.class_weights = class_weights
        self.chunk_rows = rows_per_pass(len(part.table), n_heads)
        self._chunks: list[Chunk] | None = None

    def move_to(self, device: torch.device) -> None:
        """Move to the device, unless that would take more than half of its free memory."""
        n_bytes = self.x.nbytes + self.y.nbytes
        if device.type == "cuda" and n_bytes > torch.cuda.mem_get_info(device)[0] // 2:
            self.x, self.y = self.x.pin_memory(), self.y.pin_memory()
        else:
            self.x, self.y = self.x.to(device), self.y.to(device)
        self.n_rows = self.n_rows.to(device)
        if self.table is not None:
            self.table = self.table.to(self.x.device)
        if self.class_weights is not None:
            self.class_weights = self.class_weights.to(device)

    def take(self, places: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
        """x (k, batch, d) and y (k, batch) at `places` (k, batch)."""
        flat = places.reshape(-1)
        x = self.x.index_select(0, flat).view(*places.shape, self.n_columns)
        y = self.y.index_select(0, flat).view(places.shape)
        if x.device != device:
            x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
        return x, y

    def reweigh(self, rows: Tensor, places: Tensor) -> Tensor:
        """The weights `rows` (k, batch) times those of the classes, again with a sum of 1."""
        if self.class_weights is None:
            return rows
        y = self.y.index_select(0, places.reshape(-1)).view(places.shape)
        weight = rows * self._class_weight(y.to(rows.device))
        # All rows of a batch may have weight 0.
        return weight / weight.sum(1, keepdim=True).clamp(min=1e-30)

    def chunks(self, device: torch.device) -> Iterator[tuple[Tensor, Tensor, Chunk]]:
        """All rows, chunk by chunk: x (k, rows, d), y (k, rows), and the chunk."""
        x = self.x.view(self.tables, self.width, -1)
        y = self.y.view(self.tables, self.width)
        if self._chunks is None:
            weight = self._weights(y, device)
            starts = range(0, self.width, self.chunk_rows)
            parts = [slice(start, start + starts.step) for start in starts]
            self._chunks = [Chunk(part, weight[:, part], weight[:, part] > 0) for part in parts]
        for own in self._chunks:
            part_x, part_y = x[:, own.rows], y[:, own.rows]
            if self.table is not None:
                part_x, part_y = part_x[self.table], part_y[self.table]
            yield part_x.to(device), part_y.to(device), own

    def _weights(self, y: Tensor, device: torch.device) -> Tensor:
        present = torch.arange(self.width, device=device) < self.n_rows[:, None]
        dtype = self.x.dtype
        if self.class_weights is None:
            return present.to(dtype) / self.n_rows[:, None]
        own = y if self.table is None else y[self.table]
        weight = present.to(dtype) * self._class_weight(own.to(device))
        return weight / weight.sum(1, keepdim=True).clamp(min=1e-30)

    def _class_weight(self, y: Tensor) -> Tensor:
        assert self.class_weights is not None
        return self.class_weights.gather(1, y.long())


def balanced(ys: Sequence[Values], n_classes: int) -> list[list[float]]:
    """Weights (k, C) that make all classes count the same: n / (C * rows of the class).

    A class without rows in a member has weight 0 there.
    """
    counts = [np.bincount(own.astype(np.int64), minlength=n_classes) for own in ys]
    return [[float(c.sum() / (n_classes * n)) if n else 0.0 for n in c] for c in counts]
