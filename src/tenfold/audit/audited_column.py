"""One column of a table of any size, read batch by batch: counts of all rows, cells of a sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenfold.dataset.copies import scramble
from tenfold.dataset.profile import ColumnCounts
from tenfold.sources import Kind

# Distinct values are counted exactly up to this many rows, and estimated from a sample beyond.
MAX_EXACT_DISTINCT = 1 << 17


@dataclass
class AuditedColumn:
    """A feature.

    Attributes:
        present: how many rows have a value.
        distinct: how many values differ.
        values: (m,) its cells in the sample, training rows first; NaN where missing, and for a text
            its place in `labels`.
        labels: the texts of the sample, in order of appearance.
    """

    name: str
    kind: Kind
    present: int = 0
    distinct: int = 0
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    labels: tuple[str, ...] = ()

    def counts(self, rows: int) -> ColumnCounts:
        """How many values it has in a table of so many rows, and the range of the sample's."""
        cells = self.values[~np.isnan(self.values)]
        least, greatest = (float(cells.min()), float(cells.max())) if len(cells) else (None, None)
        return ColumnCounts(self.kind, rows, self.present, self.distinct, least, greatest)

    @property
    def codes(self) -> NDArray[np.int64]:
        """The sampled cells as ranks 0, 1, ...; -1 where missing."""
        return dense_ranks(self.values)


class ColumnReader:
    """Reads one column batch by batch."""

    def __init__(self, column: AuditedColumn, place: int, rows: int) -> None:
        self.column = column
        self._salt = place
        self._sampled: list[Any] = []
        self._hashes: list[NDArray[np.uint64]] = []
        # In long tables only values whose hash is divisible by this are counted.
        self._every = 1 << max(0, (rows - 1).bit_length() - MAX_EXACT_DISTINCT.bit_length() + 1)
        self._first: np.uint64 | None = None
        self._varies = False

    def read(self, cells: Any, sampled: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Read a batch; return a hash of each cell, which goes into its row's fingerprint."""
        bits = _text_bits(cells) if self.column.kind == "text" else _number_bits(cells)
        hashes = scramble(bits, self._salt)
        self._sampled.append(cells.take(pa.array(sampled)))
        if not cells.null_count:
            self._count(hashes)
            return hashes
        self._count(hashes[pc.is_valid(cells).to_numpy(False)])
        hashes[pc.is_null(cells).to_numpy(False)] = scramble(np.zeros(1, np.uint64), ~self._salt)[0]
        return hashes

    def _count(self, hashes: NDArray[np.uint64]) -> None:
        self.column.present += len(hashes)
        if not len(hashes):
            return
        if self._first is None:
            self._first = hashes[0]
        self._varies = self._varies or bool(np.any(hashes != self._first))
        if self._every > 1:
            hashes = hashes[hashes & np.uint64(self._every - 1) == 0]
        self._hashes.append(np.unique(hashes))

    def finish(self, order: NDArray[np.int64]) -> AuditedColumn:
        """The column, with its sampled cells in `order`."""
        column = self.column
        # Columns of one value and of two must be told apart, whatever their hashes.
        least = int(self._first is not None) + int(self._varies)
        if self._varies:
            least = max(least, len(np.unique(np.concatenate(self._hashes))) * self._every)
        column.distinct = min(least, column.present)
        cells = pa.chunked_array(self._sampled).take(pa.array(order)).combine_chunks()
        if column.kind == "text":
            encoded = cells.cast(pa.string()).dictionary_encode()
            column.labels = tuple(encoded.dictionary.to_pylist())
            cells = encoded.indices
        column.values = _untimed(cells).cast(pa.float64(), safe=False).to_numpy(False)
        return column


def kind_of(arrow_type: Any) -> Kind:
    """The kind of cells of an Arrow type."""
    if pa.types.is_integer(arrow_type) or pa.types.is_boolean(arrow_type):
        return "integer"
    if pa.types.is_floating(arrow_type) or pa.types.is_decimal(arrow_type):
        return "double"
    return "date" if pa.types.is_temporal(arrow_type) else "text"


def dense_ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Ranks 0, 1, ... of values, the same for equal ones; -1 for NaN."""
    ranks = np.full(len(values), -1, dtype=np.int64)
    present = ~np.isnan(values)
    ranks[present] = np.unique(values[present], return_inverse=True)[1]
    return ranks


def _number_bits(cells: Any) -> NDArray[np.uint64]:
    cells = _untimed(cells)
    if cells.null_count:
        cells = cells.fill_null(False if pa.types.is_boolean(cells.type) else 0)
    values = cells.to_numpy(zero_copy_only=False)
    if values.dtype.kind in "fO":
        # -0.0 and 0.0 are one value.
        return np.asarray((values.astype(np.float64) + 0.0).view(np.uint64))
    return np.asarray(values.astype(np.int64).view(np.uint64))


def _text_bits(cells: Any) -> NDArray[np.uint64]:
    from pandas.util import hash_array

    encoded = cells.cast(pa.string()).dictionary_encode()
    words = encoded.dictionary.to_numpy(zero_copy_only=False).astype(object)
    if not len(words):
        return np.zeros(len(cells), dtype=np.uint64)
    hashed = np.asarray(hash_array(words, categorize=False), dtype=np.uint64)
    return np.asarray(hashed[encoded.indices.fill_null(0).to_numpy()])


def _untimed(cells: Any) -> Any:
    """Dates in microseconds since 1970, and times as the integers that store them."""
    if not pa.types.is_temporal(cells.type):
        return cells
    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        zone = getattr(cells.type, "tz", None)
        return cells.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64())
    return cells.cast(pa.int64() if cells.type.bit_width == 64 else pa.int32())
