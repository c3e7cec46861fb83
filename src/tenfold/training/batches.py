"""Mini-batches as index tensors: the data stays on the device, only row numbers move."""

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
    """Tables of rows, padded to the longest, and which of them each member reads.

    x (tables, n, d), y (tables, n), n_rows (tables,), table (k,). Members that were given the
    same arrays share a table, so a generation of trials holds every fold once.
    """

    x: Tensor
    y: Tensor
    n_rows: Tensor
    table: Tensor

    @property
    def shared(self) -> bool:
        """Whether a table is read by more than one member."""
        return len(self.table) != len(self.x)


def stack(
    xs: Sequence[Values], ys: Sequence[Values], dtype: torch.dtype, *, codes: bool
) -> StackedRows:
    """Stack the members' rows; padding is zero and lies behind `n_rows`.

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


def steps_per_epoch(sizes: Sequence[int], batch_size: int | Literal["full"]) -> int:
    """Batches that an epoch is cut into: the same number for every member of a stack.

    >>> steps_per_epoch([409, 410], 32)
    13
    """
    return 1 if batch_size == "full" else -(-max(sizes) // batch_size)


class EpochOrder:
    """Every member's own order of its rows, cut into `steps` batches of sizes that differ by <= 1.

    The order of epoch e is a function of (member's seed, e) alone. Member i reads table
    `table[i]`, or table i; tables are `width` rows long.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        seeds: Sequence[int],
        steps: int,
        width: int,
        table: Tensor | None = None,
    ) -> None:
        self.sizes = list(sizes)
        self.seeds = list(seeds)
        self.steps = steps
        count = torch.tensor(self.sizes)
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
        """Row numbers into the flattened (tables * width) rows, shape (steps, k, batch)."""
        orders = torch.zeros(len(self.sizes), max(self.sizes), dtype=torch.int64)
        generator = torch.Generator()
        for own, size, seed in zip(orders, self.sizes, self.seeds, strict=True):
            generator.manual_seed(seed_of(seed, "order", epoch))
            torch.randperm(size, generator=generator, out=own[:size])
        orders += self.offset[:, None]
        return orders.view(-1)[self.place]


# Validation rows, over all members, that are looked at together.
MAX_CHUNK_ROWS = 1 << 15


@dataclass(frozen=True)
class Chunk:
    """Rows that are looked at together: where they lie, and what each weighs (k, rows).

    Weights add up to 1 over all chunks; `present` says which weigh anything.
    """

    rows: slice
    weight: Tensor
    present: Tensor


class DeviceRows:
    """A part's rows on the device where they fit, else on the host, from where they stream.

    Args:
        part: the rows.
        class_weights: (k, C) what a row of each class weighs, if not the same.
    """

    def __init__(self, part: StackedRows, class_weights: Tensor | None) -> None:
        self.tables, self.width, self.n_columns = part.x.shape
        self.x = part.x.flatten(0, 1)
        self.y = part.y.flatten(0, 1)
        self.n_rows = part.n_rows[part.table]
        self.table = part.table if part.shared else None
        self.class_weights = class_weights
        self._chunks: list[Chunk] | None = None

    def move_to(self, device: torch.device) -> None:
        """Move to the device for good, unless more than half of its free memory would go."""
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
        """Weights (k, batch) that add up to 1, as `rows` do, also where classes weigh otherwise."""
        if self.class_weights is None:
            return rows
        y = self.y.index_select(0, places.reshape(-1)).view(places.shape)
        weight = rows * self._class_weight(y.to(rows.device))
        # A batch may hold no row that weighs anything.
        return weight / weight.sum(1, keepdim=True).clamp(min=1e-30)

    def chunks(self, device: torch.device) -> Iterator[tuple[Tensor, Tensor, Chunk]]:
        """All rows, some at a time: x (k, rows, d), y (k, rows), and their weights."""
        x = self.x.view(self.tables, self.width, -1)
        y = self.y.view(self.tables, self.width)
        if self._chunks is None:
            weight = self._weights(y, device)
            starts = range(0, self.width, max(1, MAX_CHUNK_ROWS // len(self.n_rows)))
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
    """Weights (k, C) with which every class counts the same: n / (C * rows of the class).

    A class that a member has no row of weighs nothing there.
    """
    counts = [np.bincount(own.astype(np.int64), minlength=n_classes) for own in ys]
    return [[float(c.sum() / (n_classes * n)) if n else 0.0 for n in c] for c in counts]
