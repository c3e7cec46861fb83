"""The columns of the clean table at a glance: what is missing, middle and ends, a histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.reporting.terminal import short

# A page with more columns helps nobody.
MAX_COLUMNS = 200
# Rows that a histogram counts, spread evenly over the table.
MAX_ROWS = 100_000
N_BINS = 16
MAX_CATEGORIES = 8


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram: its share of the highest one, and what it counts in words."""

    height: float
    says: str


@dataclass(frozen=True)
class ColumnProfile:
    """What a person sees of a column.

    Attributes:
        name: of the column.
        kind: integer, double, date or text.
        missing: how many cells are.
        distinct: how many different values it has.
        summary: the least, the middle and the greatest value, or the most frequent ones.
        bars: its histogram.
    """

    name: str
    kind: str
    missing: int
    distinct: int
    summary: str
    bars: Sequence[Bar]


def profile(table: Path, described: Mapping[str, Mapping[str, Any]]) -> list[ColumnProfile]:
    """The profiles of columns, in the order of the table.

    Args:
        table: the clean table, as Parquet.
        described: of each column `type`, `missing` and `distinct`, from the report of clean.
    """
    import pyarrow.parquet as pq

    file = pq.ParquetFile(table)
    names = [name for name in file.schema_arrow.names if name in described][:MAX_COLUMNS]
    step = -(-file.metadata.num_rows // MAX_ROWS) or 1
    found = []
    for name in names:
        cells = file.read(columns=[name]).column(0).combine_chunks()[::step].drop_null()
        about = described[name]
        summary, bars = _histogram(cells, about["type"])
        found.append(
            ColumnProfile(name, about["type"], about["missing"], about["distinct"], summary, bars)
        )
    return found


def _histogram(cells: Any, kind: str) -> tuple[str, list[Bar]]:
    if not len(cells):
        return "", []
    if kind == "text":
        return _of_categories(cells.to_numpy(zero_copy_only=False))
    if kind == "date":
        return _of_numbers(cells.to_numpy(zero_copy_only=False).astype("datetime64[s]"))
    return _of_numbers(cells.to_numpy(zero_copy_only=False).astype(np.float64))


def _of_categories(values: NDArray[Any]) -> tuple[str, list[Bar]]:
    texts, counts = np.unique(values.astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]
    others = int(counts.sum() - counts[order].sum())
    pairs = [(str(texts[place]), int(counts[place])) for place in order.tolist()]
    if others:
        pairs.append(("all others", others))
    highest = max(count for _, count in pairs)
    bars = [Bar(count / highest, f"{text}: {count}") for text, count in pairs]
    return ", ".join(f"{text} ({count})" for text, count in pairs[:3]), bars


def _of_numbers(values: NDArray[Any]) -> tuple[str, list[Bar]]:
    """Of numbers, or of dates by their seconds."""
    numbers = values.astype(np.int64) if values.dtype.kind == "M" else values

    def word(number: float) -> str:
        if values.dtype.kind == "M":
            return str(np.datetime64(int(number), "s"))[:10]
        return short(float(number))

    least, middle, greatest = np.quantile(numbers, [0, 0.5, 1], method="nearest").tolist()
    counts, edges = np.histogram(numbers.astype(np.float64), bins=N_BINS)
    bars = [
        Bar(count / max(counts.max(), 1), f"{word(low)} to {word(high)}: {count}")
        for count, low, high in zip(
            counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True
        )
    ]
    return f"{word(least)} to {word(greatest)}, median {word(middle)}", bars
