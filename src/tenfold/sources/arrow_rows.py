"""Typed rows in Arrow files on disk, read in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenfold.dataset import ROW
from tenfold.sources.column_kinds import Kind
from tenfold.sources.dictionaries import CODE

# Tables in one Arrow file, which is mapped into memory as a whole when it is read.
TABLES = 16
TYPES: dict[Kind, pa.DataType] = {
    "integer": pa.int64(),
    "double": pa.float64(),
    "text": pa.string(),
}


class ArrowWriter:
    """Writes rows to Arrow files in a folder, each of `TABLES` tables at most.

    Attributes:
        files: their paths, each with the `ROW` of its first row; the others follow one by one.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.files: list[tuple[Path, int]] = []
        self._folder, self._schema = folder, schema
        self._open = ExitStack()
        self._tables, self._next = TABLES, 0

    def __enter__(self) -> ArrowWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def write(self, table: pa.Table, first: int) -> None:
        """Write a table whose first row has this `ROW`."""
        if self._tables == TABLES or first != self._next:
            self._open.close()
            path = self._folder / f"{len(self.files)}.arrow"
            self.files.append((path, first))
            file = self._open.enter_context(pa.OSFile(str(path), "wb"))
            self._writer = self._open.enter_context(pa.ipc.new_file(file, self._schema))
            self._tables = 0
        self._writer.write_table(table)
        self._tables, self._next = self._tables + 1, first + table.num_rows


@dataclass(frozen=True)
class ArrowRows:
    """Typed rows in Arrow files, in order.

    Attributes:
        files: their paths, each with the `ROW` of its first row; the others follow one by one.
        kinds: of the columns.
        dictionaries: of the text columns that are dictionary-encoded.
        spans: the least and the greatest value of the integer columns that have any.
        nulls_in_text: as `strings_can_be_null` of `Conversion`.
        gaps: the columns with a null.
        no_header: whether no row can be a repeated header.
    """

    files: Sequence[tuple[Path, int]]
    kinds: Mapping[str, Kind]
    dictionaries: Mapping[str, pa.StringArray]
    spans: Mapping[str, tuple[int, int]]
    nulls_in_text: bool
    gaps: frozenset[str]
    no_header: bool

    def batches(self, columns: Sequence[str], *, last: bool = False) -> Iterator[pa.RecordBatch]:
        """`ROW` and columns of all rows in order; the `last` reader removes the files."""
        schema = self._schema(columns)
        for path, first in self.files:
            # What is mapped is read where it is needed, not copied, and let go with its batches.
            # (Arrow asked for some of the columns only would copy them.)
            with pa.memory_map(str(path)) as file:
                table = pa.ipc.open_file(file).read_all()
            if last:
                path.unlink()
            cells = [
                pa.array(np.arange(first, first + len(table)))
                if column == ROW
                else self._decoded(column, table[column])
                for column in columns
            ]
            yield from pa.table(cells, schema=schema).to_batches()

    def present(self, columns: Sequence[str], kept: NDArray[np.bool_]) -> dict[str, int]:
        """How many cells of columns are not null in the rows that are kept, by a flag for each."""
        found = dict.fromkeys(columns, int(np.count_nonzero(kept)))
        gaps = [column for column in columns if column in self.gaps]
        start = 0
        for batch in self.batches(gaps) if gaps else ():
            own = kept[start : start + batch.num_rows]
            for column in gaps:
                null = batch[column].is_null().to_numpy(zero_copy_only=False)
                found[column] -= int(np.count_nonzero(null & own))
            start += batch.num_rows
        return found

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """What DuckDB asks for whenever it reads the rows."""
        columns = [ROW, *self.kinds]
        reader = pa.RecordBatchReader.from_batches(self._schema(columns), self.batches(columns))
        return reader.__arrow_c_stream__(requested_schema)

    def _decoded(self, column: str, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        """The cells, codes together with their dictionary."""
        if column not in self.dictionaries:
            return cells
        texts = self.dictionaries[column]
        return pa.chunked_array(
            [pa.DictionaryArray.from_arrays(each, texts, safe=False) for each in cells.chunks],
            pa.dictionary(CODE, pa.string()),
        )

    def _schema(self, columns: Sequence[str]) -> pa.Schema:
        types = {column: TYPES[kind] for column, kind in self.kinds.items()} | {ROW: pa.int64()}
        types |= dict.fromkeys(self.dictionaries, pa.dictionary(CODE, pa.string()))
        return pa.schema([(column, types[column]) for column in columns])
