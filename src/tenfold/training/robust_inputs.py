"""The first part of a RealMLP: robust numbers, periodic embeddings, one-hot and learned categories.

Source: Holzmueller, Grinsztajn & Steinwart (2024).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tenfold.training.embeddings import DensePeriodic, InputColumns
from tenfold.training.settings import EmbeddingSettings

# Where the smooth clipping levels off, in interquartile ranges from the median.
CLIP = 3.0


class RobustInputs(nn.Module):
    """(k, batch, columns) -> (k, batch, widths): numbers, the rest, one-hot and learned categories.

    Categories of few values become one-hot columns, which are scaled and clipped as numbers are;
    those of more than `max_one_hot` values become learned vectors. A member's own columns come
    first; what it has less than the widest is zero and comes last.

    Args:
        settings: numeric_embedding, d_numeric, n_frequencies, sigma, max_one_hot, d_categorical and
            embedding_learning_rate_factor.
        columns: each member's.
        draws: each member's generator.
    """

    order: Tensor | None

    def __init__(
        self,
        settings: Mapping[str, Any],
        columns: Sequence[InputColumns],
        draws: Sequence[torch.Generator],
    ) -> None:
        super().__init__()
        self.n_numeric, self.n_codes = columns[0].n_numeric, len(columns[0].cardinalities)
        self.numbers = RobustScale([self.n_numeric] * len(columns))
        self.rest = RobustScale([own.n_rest for own in columns])
        most, width = settings["max_one_hot"], settings["d_categorical"]
        self.one_hot = CategoryTables([_one_hot(own, most) for own in columns], width=1)
        self.one_hot_scale = RobustScale(self.one_hot.counts)
        learned = [_learned(own, most, width, d) for own, d in zip(columns, draws, strict=True)]
        self.learned = CategoryTables(learned, width, trained=True)
        self.periodic: DensePeriodic | None = None
        if self.n_numeric and settings["numeric_embedding"] == "pbld":
            named = ("d_numeric", "n_frequencies", "sigma")
            chosen = EmbeddingSettings(numeric="pbld", **{name: settings[name] for name in named})
            self.periodic = DensePeriodic(chosen, self.n_numeric, draws)
            factor = settings["embedding_learning_rate_factor"]
            self.periodic.rate_factors = {
                name: (factor, factor) for name, _ in self.periodic.named_parameters()
            }
        embedded = self.n_numeric * (settings["d_numeric"] if self.periodic is not None else 1)
        parts = [
            [embedded] * len(columns),
            self.rest.widths,
            self.one_hot.counts,
            [width * count for count in self.learned.counts],
        ]
        self.widths = [sum(own) for own in zip(*parts, strict=True)]
        self.register_buffer("order", _packed(parts), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Embed every member's batch."""
        ends = (self.n_numeric, self.n_numeric + self.n_codes)
        numbers, codes = self.numbers(x[..., : ends[0]]), x[..., ends[0] : ends[1]].long()
        if self.periodic is not None:
            numbers = self.periodic(numbers)
        parts = [numbers, self.rest(x[..., ends[1] :])]
        if self.n_codes:
            parts += [self.one_hot_scale(self.one_hot(codes)), self.learned(codes)]
        embedded = torch.cat(parts, dim=-1)
        if self.order is None:
            return embedded
        return embedded.gather(2, self.order[:, None].expand(-1, x.shape[1], -1))

    @torch.no_grad()
    def fit(self, rows: Sequence[Tensor]) -> None:
        """Fit the scales to each member's training rows (n, columns)."""
        ends = (self.n_numeric, self.n_numeric + self.n_codes)
        for member, own in enumerate(rows):
            self.numbers.fit(member, own[:, : ends[0]])
            self.rest.fit(member, own[:, ends[1] :])
            if self.n_codes:
                one_hot = self.one_hot.of_member(member, own[:, ends[0] : ends[1]].long())
                self.one_hot_scale.fit(member, one_hot)


class RobustScale(nn.Module):
    """Numbers in interquartile ranges from their median, smoothly clipped to (-3, 3).

    A column whose quartiles are equal is divided by half of its range, a constant one becomes 0.
    """

    center: Tensor
    factor: Tensor

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.widths = list(widths)
        for name in ("center", "factor"):
            self.register_buffer(name, torch.zeros(len(widths), 1, max(widths)))

    def forward(self, x: Tensor) -> Tensor:
        """Scale numbers (k, batch, width)."""
        scaled = (x - self.center) * self.factor
        # hypot does not overflow where a square would.
        return scaled / torch.hypot(torch.ones_like(scaled[:1, :1, :1]), scaled / CLIP)

    def fit(self, member: int, rows: Tensor) -> None:
        """Take the quartiles of one member's rows (n, width)."""
        if not rows.shape[1]:
            return
        own = rows.double()
        shares = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
        ordered = own.sort(dim=0).values
        place = shares * (len(own) - 1)
        below, above = ordered[place.floor().long()], ordered[place.ceil().long()]
        low, median, high = torch.lerp(below, above, (place - place.floor())[:, None])
        spread = torch.where(high > low, high - low, (ordered[-1] - ordered[0]) / 2)
        self.center[member, 0, : len(median)] = median
        self.factor[member, 0, : len(median)] = torch.where(spread > 0, 1 / spread, 0)


class CategoryTables(nn.Module):
    """What each category of some columns becomes: codes (k, batch, n) -> (k, batch, count * width).

    A category never seen in training, whose code is -1, becomes zeros.

    Args:
        tables: of each member, the columns looked up and a table (categories, width) of each.
        width: of a table's rows.
        trained: whether the tables are learned.
    """

    source: Tensor
    start: Tensor
    present: Tensor
    offset: Tensor
    table: Tensor

    def __init__(
        self,
        tables: Sequence[Sequence[tuple[int, Tensor]]],
        width: int,
        *,
        trained: bool = False,
    ) -> None:
        super().__init__()
        self.counts = [len(own) for own in tables]
        members, most = len(tables), max(self.counts)
        # Row 0 is zero, for what has no row of its own.
        lengths = [1 + sum(len(rows) for _, rows in own) for own in tables]
        table = torch.zeros(members, max(lengths), width)
        source, start = torch.zeros(2, members, most, dtype=torch.int64)
        for member, own in enumerate(tables):
            first = 1
            for place, (column, rows) in enumerate(own):
                source[member, place], start[member, place] = column, first
                table[member, first : first + len(rows)] = rows
                first += len(rows)
        offset = torch.arange(members)[:, None, None] * max(lengths)
        for name, value in {
            "source": source,
            "start": start,
            "present": torch.arange(most) < torch.tensor(self.counts)[:, None],
            "offset": offset,
        }.items():
            self.register_buffer(name, value, persistent=False)
        if trained:
            self.table = nn.Parameter(table)
        else:
            self.register_buffer("table", table, persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Look up whole numbers (k, batch, n)."""
        own = codes.gather(2, self.source[:, None].expand(-1, codes.shape[1], -1))
        rows = (self.start[:, None] + own) * ((own >= 0) & self.present[:, None])
        found = nn.functional.embedding(rows + self.offset, self.table.flatten(0, 1))
        return found.flatten(2)

    def of_member(self, member: int, codes: Tensor) -> Tensor:
        """What one member makes of codes (n, columns): (n, count * width)."""
        count = self.counts[member]
        own = codes[:, self.source[member, :count]]
        rows = (self.start[member, :count] + own) * (own >= 0)
        return self.table[member, rows].flatten(1)


def _one_hot(columns: InputColumns, most: int) -> list[tuple[int, Tensor]]:
    """A table for every one-hot column; two categories share one, as 1 and -1."""
    tables: list[tuple[int, Tensor]] = []
    for column, count in enumerate(columns.cardinalities):
        if count == 2:
            tables.append((column, torch.tensor([[1.0], [-1.0]])))
        elif count <= most:
            tables += [(column, own[:, None]) for own in torch.eye(count)]
    return tables


def _learned(
    columns: InputColumns, most: int, width: int, draw: torch.Generator
) -> list[tuple[int, Tensor]]:
    """A table of normal numbers for every column of many categories."""
    many = [(at, count) for at, count in enumerate(columns.cardinalities) if count > max(most, 2)]
    return [(column, torch.randn(count, width, generator=draw)) for column, count in many]


def _packed(parts: Sequence[Sequence[int]]) -> Tensor | None:
    """For each member, its own columns of padded parts before the padding; None if they are so.

    Args:
        parts: every part's width for each member.
    """
    slots = [torch.arange(max(own)) < torch.tensor(own)[:, None] for own in parts]
    present = torch.cat(slots, dim=1)
    if not (present.diff(dim=1).int() > 0).any() or not (~present[:, :-1] & present[:, 1:]).any():
        return None
    order = (~present).int().argsort(dim=1, stable=True)
    return order[:, : int(present.sum(1).max())]
