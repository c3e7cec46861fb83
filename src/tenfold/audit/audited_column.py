"""One column of a table of any size: read batch by batch, kept as facts and sampled cells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Kind = Literal["integer", "double", "date", "text"]

# Distinct values are counted exactly up to here, and on a sample of the values above.
DISTINCT = 1 << 17


@dataclass
class AuditedColumn:
    """A feature: facts about all rows, and its cells in the sample, training rows first.

    `values` has shape (m,), NaN where missing; a text is its number in order of appearance, and
    `labels` are the texts.
    """

    name: str
    kind: Kind
    present: int = 0
    distinct: int = 0
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    labels: tuple[str, ...] = ()

    @property
    def codes(self) -> NDArray[np.int64]:
        """The sampled cells as ranks 0, 1, ...; missing ones are -1."""
        return dense(self.values)


class ColumnReader:
    """Reads one column batch by batch."""

    def __init__(self, column: AuditedColumn, place: int, rows: int) -> None:
        self.column = column
        self._salt = place
        self._parts: list[Any] = []
        self._seen: list[NDArray[np.uint64]] = []
        # Of many rows only values whose hash ends in zeros are counted.
        self._every = 1 << max(0, (rows - 1).bit_length() - DISTINCT.bit_length() + 1)
        self._first: np.uint64 | None = None
        self._varies = False

    def read(self, cells: Any, taken: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Note a batch; return each cell's share in its row's fingerprint."""
        text = self.column.kind == "text"
        self._parts.append(cells.take(pa.array(taken)))
        hashes = mix(_text_bits(cells) if text else _number_bits(cells), self._salt)
        present = hashes if not cells.null_count else hashes[pc.is_valid(cells).to_numpy(False)]
        self._count(present)
        if cells.null_count:
            hashes[pc.is_null(cells).to_numpy(False)] = mix(np.zeros(1, np.uint64), ~self._salt)[0]
        return hashes

    def finish(self, order: NDArray[np.int64]) -> AuditedColumn:
        """The column, its sampled cells in `order`."""
        seen = np.unique(np.concatenate(self._seen)) if self._seen else np.empty(0)
        # A column of one value must not look like one of none, or of `every`.
        least = int(self._first is not None) + int(self._varies)
        self.column.distinct = max(least, len(seen) * self._every) if self._varies else least
        self.column.distinct = min(self.column.distinct, self.column.present)
        cells = pa.chunked_array(self._parts).take(pa.array(order))
        if self.column.kind == "text":
            coded = cells.combine_chunks().cast(pa.string()).dictionary_encode()
            self.column.labels = tuple(coded.dictionary.to_pylist())
            cells = coded.indices
        self.column.values = _numbers(cells)
        return self.column

    def _count(self, hashes: NDArray[np.uint64]) -> None:
        self.column.present += len(hashes)
        if not len(hashes):
            return
        if self._first is None:
            self._first = hashes[0]
        self._varies = self._varies or bool(np.any(hashes != self._first))
        if self._every > 1:
            hashes = hashes[hashes & np.uint64(self._every - 1) == 0]
        self._seen.append(np.unique(hashes))


def kind_of(kind: Any) -> Kind:
    """What an Arrow type is to the audit."""
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "integer"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "double"
    return "date" if pa.types.is_temporal(kind) else "text"


def dense(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Ranks 0, 1, ... of values, equal for equal ones; -1 for NaN."""
    codes = np.full(len(values), -1, dtype=np.int64)
    present = ~np.isnan(values)
    codes[present] = np.unique(values[present], return_inverse=True)[1]
    return codes


def mix(bits: NDArray[np.uint64], salt: int = 0) -> NDArray[np.uint64]:
    """Scatter 64-bit numbers so that their sums tell rows apart (the finaliser of splitmix64)."""
    mixed = bits + np.uint64((0x9E3779B97F4A7C15 * (salt + 1)) & 0xFFFF_FFFF_FFFF_FFFF)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _number_bits(cells: Any) -> NDArray[np.uint64]:
    if pa.types.is_temporal(cells.type):
        cells = cells.cast(pa.int64()) if cells.type.bit_width == 64 else cells.cast(pa.int32())
    if cells.null_count:
        cells = cells.fill_null(False if pa.types.is_boolean(cells.type) else 0)
    values = cells.to_numpy(zero_copy_only=False)
    if values.dtype.kind in "fO":
        # -0.0 and 0.0 are one value.
        return np.asarray((values.astype(np.float64) + 0.0).view(np.uint64))
    return np.asarray(values.astype(np.int64).view(np.uint64))


def _text_bits(cells: Any) -> NDArray[np.uint64]:
    from pandas.util import hash_array

    coded = cells.cast(pa.string()).dictionary_encode()
    words = coded.dictionary.to_numpy(zero_copy_only=False).astype(object)
    if not len(words):
        return np.zeros(len(cells), dtype=np.uint64)
    hashed = np.asarray(hash_array(words, categorize=False), dtype=np.uint64)
    return np.asarray(hashed[coded.indices.fill_null(0).to_numpy()])


def _numbers(cells: Any) -> NDArray[np.float64]:
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    missing = pc.is_null(cells).to_numpy(False)
    if pa.types.is_temporal(cells.type):
        cells = cells.cast(pa.int64() if cells.type.bit_width == 64 else pa.int32())
    filled = cells.fill_null(False if pa.types.is_boolean(cells.type) else 0)
    values = filled.to_numpy(zero_copy_only=False).astype(np.float64)
    values[missing] = np.nan
    return np.asarray(values)
