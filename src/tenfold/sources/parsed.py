"""Rows whose cells are typed, on disk, for whoever reads them in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenfold.dataset import ROW
from tenfold.sources.columns import Kind
from tenfold.sources.words import CODE

# The name of a flag.
KEPT = "tenfold_kept"
TYPES: dict[Kind, pa.DataType] = {
    "integer": pa.int64(),
    "double": pa.float64(),
    "text": pa.string(),
}


@dataclass(frozen=True)
class Parsed:
    """Typed rows in Arrow files, in order.

    Attributes:
        paths: of the files, each of which holds the columns of some of the rows.
        runs: the first `ROW` of each of the files that were parsed, and how many follow one by one.
        kinds: of the columns.
        words: of the columns of texts that lie there as codes, what these mean.
        nulls: as in `Wish`.
        gaps: the columns in which any cell is null.
        headless: whether no row can be a header that stands there again.
        kept: (n,) a flag of every row, if there is one.
    """

    paths: Sequence[Path]
    runs: Sequence[tuple[int, int]]
    kinds: Mapping[str, Kind]
    words: Mapping[str, pa.StringArray]
    nulls: bool
    gaps: frozenset[str]
    headless: bool
    kept: NDArray[np.bool_] | None = None

    @property
    def rows(self) -> NDArray[np.int64]:
        """The `ROW` of every row, rising."""
        return np.concatenate([np.arange(first, first + n) for first, n in self.runs])

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """`ROW` or columns, one at least, of all rows in order, a batch at a time."""
        names = list(self.kinds)
        fields = [names.index(column) for column in columns if column != ROW]
        options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
        schema = self._schema(columns)
        rows, start = self.rows if ROW in columns else np.empty(0, np.int64), 0
        for path in self.paths:
            # What is mapped is not copied, and given back once its batches are.
            with pa.memory_map(str(path)) as file:
                reader = pa.ipc.open_file(file, options=options)
                for number in range(reader.num_record_batches):
                    batch = reader.get_batch(number)
                    own = rows[start : start + batch.num_rows]
                    cells = [
                        pa.array(own) if column == ROW else self._texts(column, batch[column])
                        for column in columns
                    ]
                    yield pa.record_batch(cells, schema=schema)
                    start += batch.num_rows

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
        columns = [ROW, *self.kinds]
        schema, batches = self._schema(columns), self.batches(columns)
        if self.kept is not None:
            batches = _flagged(batches, self.kept)
            schema = schema.append(pa.field(KEPT, pa.bool_()))
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        return reader.__arrow_c_stream__(requested_schema)

    def _texts(self, column: str, cells: pa.Array) -> pa.Array:
        """The cells, those that lie there as codes with their words."""
        if column not in self.words:
            return cells
        return pa.DictionaryArray.from_arrays(cells, self.words[column], safe=False)

    def _schema(self, columns: Sequence[str]) -> pa.Schema:
        types = {column: TYPES[kind] for column, kind in self.kinds.items()} | {ROW: pa.int64()}
        types |= dict.fromkeys(self.words, pa.dictionary(CODE, pa.string()))
        return pa.schema([(column, types[column]) for column in columns])


def _flagged(
    batches: Iterator[pa.RecordBatch], kept: NDArray[np.bool_]
) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in batches:
        own = pa.array(kept[start : start + batch.num_rows])
        yield batch.append_column(KEPT, own)
        start += batch.num_rows
