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

BATCH_ROWS = 1 << 17
# Enough that a share of one in a thousand is seen fifty times.
MAX_SAMPLE_ROWS = 50_000
# Of a wide table fewer rows are sampled, so that the sample takes at most 160 MB.
MAX_SAMPLE_CELLS = 20_000_000


@dataclass(frozen=True)
class TableSummary:
    """What the checks need of a table.

    Attributes:
        columns: all but the target, each with its cells in the sample.
        fingerprints: (n,) a hash of all these columns for each row.
        y: (n,) values of the target, or codes into `classes`.
        classes: the labels, sorted; empty for regression.
        whole: (n,) the columns that were asked for, as ordered numbers.
        sample: (m,) positions of the sampled rows, training rows first.
        n_train: how many of these are training rows.
    """

    columns: list[AuditedColumn]
    fingerprints: NDArray[np.uint64]
    y: NDArray[Any]
    classes: tuple[Any, ...]
    whole: dict[str, NDArray[Any]]
    sample: NDArray[np.int64]
    n_train: int


def read(
    table: Any,
    target: str,
    is_class: bool,
    in_test: NDArray[np.bool_],
    whole: tuple[str, ...],
    seed: int,
    left_out: str | None = None,
    used: NDArray[np.bool_] | None = None,
) -> TableSummary:
    """Read a clean table, an Arrow table or the path of a Parquet file, batch by batch.

    The columns named in `whole` are kept for all rows; `left_out` is a column that is not read,
    and `used` says which rows are.
    """
    schema, batches = _open(table)
    names = [name for name in schema.names if name not in (ROW, FOLD, target, left_out)]
    sample, n_train = _sample(in_test, len(names), seed)
    in_order = np.sort(sample)
    readers = [
        ColumnReader(AuditedColumn(name, kind_of(schema.field(name).type)), place, len(in_test))
        for place, name in enumerate(names)
    ]
    fingerprints = np.zeros(len(in_test), dtype=np.uint64)
    kept: dict[str, list[Any]] = {name: [] for name in {target, *whole}}
    start = 0
    for batch in batches if used is None else _of_rows(batches, used):
        stop = start + batch.num_rows
        first, last = np.searchsorted(in_order, [start, stop])
        sampled = in_order[first:last] - start
        for reader in readers:
            fingerprints[start:stop] += reader.read(batch.column(reader.column.name), sampled)
        for name, parts in kept.items():
            parts.append(batch.column(name))
        start = stop
    y, classes = _target(pa.chunked_array(kept[target]), is_class)
    order = np.searchsorted(in_order, sample)
    return TableSummary(
        [reader.finish(order) for reader in readers],
        fingerprints,
        y,
        classes,
        {name: as_ordered_numbers(pa.chunked_array(kept[name])) for name in whole},
        sample,
        n_train,
    )


def _of_rows(batches: Iterator[Any], used: NDArray[np.bool_]) -> Iterator[Any]:
    start = 0
    for batch in batches:
        yield batch.filter(pa.array(used[start : start + batch.num_rows]))
        start += batch.num_rows


def as_ordered_numbers(values: Any) -> NDArray[np.int64]:
    """Codes 0, 1, ... in the order of names, dates or numbers; -1 where missing."""
    import pandas as pd

    if isinstance(values, pa.ChunkedArray | pa.Array):
        values = values.to_pandas()
    return np.asarray(pd.factorize(pd.Series(values), sort=True)[0], dtype=np.int64)


def _open(table: Any) -> tuple[Any, Iterator[Any]]:
    if isinstance(table, str | Path):
        import pyarrow.parquet as pq

        # Buffered ahead, a file of 1 GB would take 1 GB of memory, and be read no faster.
        file = pq.ParquetFile(table, pre_buffer=False)
        return file.schema_arrow, file.iter_batches(BATCH_ROWS)
    return table.schema, iter(table.to_batches(BATCH_ROWS))


def _sample(in_test: NDArray[np.bool_], n_columns: int, seed: int) -> tuple[NDArray[np.int64], int]:
    """Positions of the sampled rows, training rows first, each part in order."""
    most = min(MAX_SAMPLE_ROWS, max(1000, MAX_SAMPLE_CELLS // max(n_columns, 1)))
    draw = np.random.default_rng(derive_seed(seed, "audit", "sample"))
    train, test = (
        draw_sorted(draw, part, most)
        for part in (np.flatnonzero(~in_test), np.flatnonzero(in_test))
    )
    return np.concatenate([train, test]), len(train)


def draw_sorted(draw: np.random.Generator, rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """All of some increasing rows, or `most` of them at random, in order."""
    return rows if len(rows) <= most else np.sort(draw.choice(rows, most, replace=False))


def _target(target: Any, is_class: bool) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """The target of all rows: float64 values, or int64 codes into the sorted classes."""
    if not is_class:
        return target.to_numpy().astype(np.float64), ()
    encoded = target.combine_chunks().dictionary_encode()
    labels = encoded.dictionary.to_numpy(zero_copy_only=False)
    if labels.dtype.kind == "f":  # Class 1.0 is class 1.
        labels = labels.astype(np.int64)
    classes, places = np.unique(labels, return_inverse=True)
    return places[encoded.indices.to_numpy()].astype(np.int64), tuple(classes.tolist())
