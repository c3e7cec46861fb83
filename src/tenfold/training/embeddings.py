"""Learned representations of single columns, put in front of a network for tables.

Numbers: piecewise-linear bins or periodic features, then a linear layer per column (Gorishniy,
Rubachev & Babenko 2022; Holzmueller et al. 2024). Categories: a vector per category (Guo &
Berkhahn 2016).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tenfold.training.settings import EmbeddingSettings


@dataclass(frozen=True)
class InputColumns:
    """What the columns of one member's input are, in this order.

    First `n_numeric` numbers; then one column of category codes for each of `cardinalities`
    (codes 0 .. c - 1; -1 for one never seen); the rest is used as it is.
    """

    n_inputs: int
    n_numeric: int = 0
    cardinalities: tuple[int, ...] = ()

    @property
    def n_rest(self) -> int:
        """The number of columns that are not embedded."""
        return self.n_inputs - self.n_numeric - len(self.cardinalities)


class StackedEmbeddings(nn.Module):
    """(k, batch, columns) -> (k, batch, embedded), numbers first, the rest last."""

    def __init__(
        self,
        embeddings: EmbeddingSettings,
        columns: Sequence[InputColumns],
        draws: Sequence[torch.Generator],
    ) -> None:
        super().__init__()
        self.n_numeric = columns[0].n_numeric
        self.n_categorical = len(columns[0].cardinalities)
        self.numeric: nn.Module | None = None
        if self.n_numeric and embeddings.numeric == "piecewise_linear":
            self.numeric = PiecewiseLinear(embeddings, self.n_numeric, draws)
        elif self.n_numeric and embeddings.numeric == "periodic":
            self.numeric = Periodic(embeddings, self.n_numeric, draws)
        elif self.n_numeric and embeddings.numeric == "pbld":
            self.numeric = DensePeriodic(embeddings, self.n_numeric, draws)
        self.categorical: nn.Module | None = None
        if self.n_categorical:
            cardinalities = [own.cardinalities for own in columns]
            self.categorical = Categories(cardinalities, embeddings.d_categorical, draws)
        numbers = self.n_numeric * (embeddings.d_numeric if self.numeric is not None else 1)
        fixed = numbers + self.n_categorical * embeddings.d_categorical
        self.widths = [fixed + own.n_rest for own in columns]
        # How many inputs of the network stand for each number, and for each category.
        self.spans = [numbers // max(self.n_numeric, 1)] * self.n_numeric
        self.spans += [embeddings.d_categorical] * self.n_categorical

    def forward(self, x: Tensor) -> Tensor:
        """Embed every member's batch by that member's own tables."""
        ends = (self.n_numeric, self.n_numeric + self.n_categorical)
        numbers, codes, rest = x[..., : ends[0]], x[..., ends[0] : ends[1]], x[..., ends[1] :]
        if self.numeric is not None:
            numbers = self.numeric(numbers)
        parts = [numbers]
        if self.categorical is not None:
            parts.append(self.categorical(codes))
        return torch.cat([*parts, rest], dim=-1)

    def fit(self, numbers: Sequence[Tensor]) -> None:
        """Fit the bins to each member's training rows (n, columns)."""
        if isinstance(self.numeric, PiecewiseLinear):
            self.numeric.fit([own[:, : self.n_numeric] for own in numbers])


class PerColumn(nn.Module):
    """A linear layer and ReLU for every column: (k, batch, n, in) -> (k, batch, n * out)."""

    def __init__(
        self, n_columns: int, n_inputs: int, n_outputs: int, draws: Sequence[torch.Generator]
    ) -> None:
        super().__init__()
        bound = n_inputs**-0.5
        self.weight = nn.Parameter(_uniform(draws, (n_columns, n_inputs, n_outputs), bound))
        self.bias = nn.Parameter(_uniform(draws, (n_columns, 1, n_outputs), bound))

    def forward(self, x: Tensor) -> Tensor:
        """Embed every column."""
        members, batch, n_columns, width = x.shape
        by_column = x.transpose(1, 2).reshape(members * n_columns, batch, width)
        embedded = torch.baddbmm(self.bias.flatten(0, 1), by_column, self.weight.flatten(0, 1))
        embedded = torch.relu(embedded).view(members, n_columns, batch, -1)
        return embedded.transpose(1, 2).flatten(2)


class PiecewiseLinear(nn.Module):
    """A number as its position within each of its column's bins, from 0 to 1.

    Bin t of edges b is (x - b[t]) / (b[t + 1] - b[t]), cut to [0, 1] except at the outer ends.
    """

    scale: Tensor
    shift: Tensor
    low: Tensor
    high: Tensor

    def __init__(
        self, embeddings: EmbeddingSettings, n_columns: int, draws: Sequence[torch.Generator]
    ) -> None:
        super().__init__()
        shape = (len(draws), n_columns, embeddings.n_bins)
        for name in ("scale", "shift", "low", "high"):
            self.register_buffer(name, torch.zeros(shape))
        self.linear = PerColumn(n_columns, embeddings.n_bins, embeddings.d_numeric, draws)

    def forward(self, x: Tensor) -> Tensor:
        """Embed numbers (k, batch, n)."""
        return self.linear(self.encode(x))  # type: ignore[no-any-return]

    def encode(self, x: Tensor) -> Tensor:
        """The bins of numbers (k, batch, n): (k, batch, n, bins)."""
        come = torch.addcmul(self.shift[:, None], x[..., None], self.scale[:, None])
        return come.clamp(self.low[:, None], self.high[:, None])

    def fit(self, rows: Sequence[Tensor]) -> None:
        """Take each member's quantiles (n, columns) as edges; equal ones make fewer bins."""
        n_bins = self.scale.shape[-1]
        shares = torch.linspace(0, 1, n_bins + 1, dtype=torch.float64)
        for member, own in enumerate(rows):
            quantiles = torch.quantile(own.double(), shares, dim=0).T
            for column, edges in enumerate(quantiles):
                self._set(member, column, self._distinct(edges))

    def _distinct(self, edges: Tensor) -> Tensor:
        """The edges that differ by more than rounding, or else a bin's scale would explode."""
        least = 8 * torch.finfo(self.scale.dtype).eps * edges.abs().max()
        return torch.cat([edges[:1], edges[1:][edges.diff() > least]])

    def _set(self, member: int, column: int, edges: Tensor) -> None:
        width = edges.diff()
        used = len(width)
        if used == 0:
            return
        own = (member, column, slice(used))
        self.scale[own] = (1 / width).to(self.scale.dtype)
        self.shift[own] = (-edges[:-1] / width).to(self.shift.dtype)
        self.high[own] = 1.0
        self.low[member, column, 0] = -torch.inf
        self.high[member, column, used - 1] = torch.inf


class Periodic(nn.Module):
    """A number as cosines and sines of learned frequencies."""

    def __init__(
        self, embeddings: EmbeddingSettings, n_columns: int, draws: Sequence[torch.Generator]
    ) -> None:
        super().__init__()
        shape = (n_columns, embeddings.n_frequencies)
        drawn = [torch.randn(shape, generator=draw) * embeddings.sigma for draw in draws]
        self.frequency = nn.Parameter(torch.stack(drawn))
        width = 2 * embeddings.n_frequencies
        self.linear = PerColumn(n_columns, width, embeddings.d_numeric, draws)

    def forward(self, x: Tensor) -> Tensor:
        """Embed numbers (k, batch, n)."""
        angle = 2 * math.pi * self.frequency[:, None] * x[..., None]
        return self.linear(torch.cat([angle.cos(), angle.sin()], dim=-1))  # type: ignore[no-any-return]


class DensePeriodic(nn.Module):
    """A number, and a linear layer's view of cosines of learned frequencies and phases.

    Source: PBLD (periodic, bias, linear, DenseNet) of Holzmueller et al. (2024).
    """

    def __init__(
        self, embeddings: EmbeddingSettings, n_columns: int, draws: Sequence[torch.Generator]
    ) -> None:
        super().__init__()
        width, n_outputs = embeddings.n_frequencies, embeddings.d_numeric - 1
        shape, bound = (n_columns, 1, width), width**-0.5
        # name of a parameter: factors of its learning rate and its weight decay.
        self.rate_factors: dict[str, tuple[float, float]] = {}
        drawn = [torch.randn(shape, generator=draw) * embeddings.sigma for draw in draws]
        self.frequency = nn.Parameter(torch.stack(drawn))
        self.phase = nn.Parameter(_uniform(draws, shape, math.pi))
        self.weight = nn.Parameter(_uniform(draws, (n_columns, width, n_outputs), bound))
        self.bias = nn.Parameter(_uniform(draws, (n_columns, 1, n_outputs), bound))

    def forward(self, x: Tensor) -> Tensor:
        """Embed numbers (k, batch, n): (k, batch, n * d)."""
        by_column = x.transpose(1, 2).contiguous()[..., None]
        waves = torch.addcmul(self.phase, by_column, self.frequency, value=2 * math.pi).cos()
        weight, bias = self.weight.flatten(0, 1), self.bias.flatten(0, 1)
        seen = torch.baddbmm(bias, waves.flatten(0, 1), weight)
        seen = seen.view(*by_column.shape[:3], seen.shape[-1])
        return torch.cat([seen, by_column], dim=-1).transpose(1, 2).flatten(2)


class Categories(nn.Module):
    """A learned vector per category; one never seen in training is the zero vector."""

    first: Tensor

    def __init__(
        self,
        cardinalities: Sequence[Sequence[int]],
        width: int,
        draws: Sequence[torch.Generator],
    ) -> None:
        super().__init__()
        members, n_columns = len(draws), len(cardinalities[0])
        largest = max(max(own) for own in cardinalities)
        table = torch.zeros(members, n_columns, largest, width)
        for member, (own, draw) in enumerate(zip(cardinalities, draws, strict=True)):
            for column, count in enumerate(own):
                table[member, column, :count].uniform_(-(width**-0.5), width**-0.5, generator=draw)
        self.table = nn.Parameter(table)
        first = torch.arange(members * n_columns).view(members, 1, n_columns) * largest
        self.register_buffer("first", first, persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Look up codes (k, batch, n), given as numbers: (k, batch, n * width)."""
        seen = codes >= 0
        rows = self.first + codes.clamp(min=0).long()
        vectors = self.table.view(-1, self.table.shape[-1])[rows]
        return (vectors * seen[..., None].to(vectors.dtype)).flatten(2)


def _uniform(draws: Sequence[torch.Generator], shape: tuple[int, ...], bound: float) -> Tensor:
    return torch.stack([torch.empty(shape).uniform_(-bound, bound, generator=d) for d in draws])
