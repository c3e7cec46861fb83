"""Rows whose cells are typed, on disk, for whoever reads them in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenfold.sources.columns import Kind

# The name of a flag.
KEPT = "tenfold_kept"
TYPES: dict[Kind, pa.DataType] = {
    "integer": pa.int64(),
    "double": pa.float64(),
    "text": pa.string(),
}


@dataclass(frozen=True)
class Parsed:
    """Typed rows in an Arrow file, in order.

    Attributes:
        path: of a file of `ROW` and columns.
        kinds: of the columns.
        nulls: as in `Wish`.
        gaps: the columns in which any cell is null.
        headless: whether no row can be a header that stands there again.
        kept: (n,) a flag of every row, if there is one.
    """

    path: Path
    kinds: Mapping[str, Kind]
    nulls: bool
    gaps: frozenset[str]
    headless: bool
    kept: NDArray[np.bool_] | None = None

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns of all rows in order, a batch at a time."""
        schema = _schema(self.path)
        fields = [schema.get_field_index(column) for column in columns]
        options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
        with pa.OSFile(str(self.path)) as file:
            reader = pa.ipc.open_file(file, options=options)
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number).select(columns)

    def present(self, columns: Sequence[str], kept: NDArray[np.bool_]) -> dict[str, int]:
        """How many cells of columns are not null in the rows that are kept."""
        found = dict.fromkeys(columns, 0)
        start = 0
        for batch in self.batches(columns):
            own = kept[start : start + batch.num_rows]
            for column in columns:
                valid = batch[column].is_valid().to_numpy(zero_copy_only=False)
                found[column] += int(np.count_nonzero(valid & own))
            start += batch.num_rows
        return found

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """What DuckDB asks for whenever it reads the rows, and `KEPT` of each."""
        schema = _schema(self.path)
        batches = self.batches(schema.names)
        if self.kept is not None:
            batches = _flagged(batches, self.kept)
            schema = schema.append(pa.field(KEPT, pa.bool_()))
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        return reader.__arrow_c_stream__(requested_schema)


def _schema(path: Path) -> pa.Schema:
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).schema


def _flagged(
    batches: Iterator[pa.RecordBatch], kept: NDArray[np.bool_]
) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in batches:
        own = pa.array(kept[start : start + batch.num_rows])
        yield batch.append_column(KEPT, own)
        start += batch.num_rows
