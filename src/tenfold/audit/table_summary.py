"""One pass over a table of any size: a fingerprint of every row, the target, a sample of cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenfold.audit.audited_column import AuditedColumn, ColumnReader, kind_of
from tenfold.dataset import FOLD, ROW
from tenfold.runtime import derive_seed

Mask = NDArray[np.bool_]

BATCH = 1 << 17
# Enough rows that a share of one in a thousand is seen fifty times.
SAMPLE_ROWS = 50_000
# Wide tables get fewer rows, so that the sample takes 160 MB at most.
SAMPLE_CELLS = 20_000_000


@dataclass(frozen=True)
class TableSummary:
    """A table as the checks see it: everything of the columns, and of all rows two numbers."""

    columns: list[AuditedColumn]
    fingerprints: NDArray[np.uint64]
    y: NDArray[Any]
    classes: tuple[Any, ...]
    named: dict[str, NDArray[Any]]
    sample: NDArray[np.int64]
    n_train: int


def read(
    table: Any, target: str, is_class: bool, in_test: Mask, named: tuple[str, ...], seed: int
) -> TableSummary:
    """Read a clean table, a Parquet file or an Arrow table, batch by batch.

    `named` are columns that are wanted whole, as numbers in the order of their values.
    """
    schema, batches = _open(table)
    names = [name for name in schema.names if name not in (ROW, FOLD, target)]
    sample, n_train = _sample(in_test, len(names), seed)
    chosen = np.sort(sample)
    readers = [
        ColumnReader(AuditedColumn(name, kind_of(schema.field(name).type)), place, len(in_test))
        for place, name in enumerate(names)
    ]
    fingerprints = np.zeros(len(in_test), dtype=np.uint64)
    labels: list[Any] = []
    whole: dict[str, list[Any]] = {name: [] for name in named}
    start = 0
    for batch in batches:
        rows = slice(start, start + batch.num_rows)
        first, last = np.searchsorted(chosen, [rows.start, rows.stop])
        taken = chosen[first:last] - start
        for reader in readers:
            fingerprints[rows] += reader.read(batch.column(reader.column.name), taken)
        labels.append(batch.column(target))
        for name in named:
            whole[name].append(batch.column(name))
        start = rows.stop
    order = np.searchsorted(chosen, sample)
    y, classes = _target(labels, is_class)
    return TableSummary(
        [reader.finish(order) for reader in readers],
        fingerprints,
        y,
        classes,
        {name: ordered(pa.chunked_array(parts)) for name, parts in whole.items()},
        sample,
        n_train,
    )


def ordered(values: Any) -> NDArray[np.int64]:
    """Numbers that are equal and ordered as the values are, -1 for missing: names, dates, any."""
    import pandas as pd

    if isinstance(values, pa.ChunkedArray | pa.Array):
        values = values.to_pandas()
    return np.asarray(pd.factorize(pd.Series(values), sort=True)[0], dtype=np.int64)


def _open(table: Any) -> tuple[Any, Iterator[Any]]:
    if isinstance(table, str | Path):
        import pyarrow.parquet as pq

        # Buffered ahead, a file of 1 GB takes 1 GB of memory; without, it is read as fast.
        file = pq.ParquetFile(table, pre_buffer=False)
        return file.schema_arrow, file.iter_batches(BATCH)
    return table.schema, iter(table.to_batches(BATCH))


def _sample(in_test: Mask, n_columns: int, seed: int) -> tuple[NDArray[np.int64], int]:
    """Positions of the sampled rows, training rows first, each part in order."""
    most = min(SAMPLE_ROWS, max(1000, SAMPLE_CELLS // max(n_columns, 1)))
    draw = np.random.default_rng(derive_seed(seed, "audit", "sample"))
    parts = []
    for part in (np.flatnonzero(~in_test), np.flatnonzero(in_test)):
        whole = len(part) <= most
        parts.append(part if whole else np.sort(draw.choice(part, most, replace=False)))
    return np.concatenate(parts), len(parts[0])


def _target(parts: list[Any], is_class: bool) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """The target of all rows: float64 values, or int64 codes into the sorted classes."""
    target = pa.chunked_array(parts)
    if not is_class:
        return target.to_numpy().astype(np.float64), ()
    coded = target.combine_chunks().dictionary_encode()
    words = coded.dictionary.to_numpy(zero_copy_only=False)
    if words.dtype.kind == "f":  # Class 1.0 is class 1.
        words = words.astype(np.int64)
    classes, places = np.unique(words, return_inverse=True)
    return places[coded.indices.to_numpy()].astype(np.int64), tuple(classes.tolist())
