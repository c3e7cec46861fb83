"""Rows whose cells are typed, on disk, for whoever reads them in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenfold.dataset import ROW
from tenfold.sources.kinds import Kind
from tenfold.sources.words import CODE, together

# The name of a number that tells rows of other texts apart, as far as those are codes.
TEXTS = "tenfold_texts"
# Tables of one Arrow file, which whoever reads it maps into memory as a whole.
TABLES = 16
TYPES: dict[Kind, pa.DataType] = {
    "integer": pa.int64(),
    "double": pa.float64(),
    "text": pa.string(),
}


class Files:
    """Arrow files in a folder, each of `TABLES` tables at most, whose rows follow one by one.

    Attributes:
        listed: their paths, each with the `ROW` of its first row.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.listed: list[tuple[Path, int]] = []
        self._folder, self._schema = folder, schema
        self._open = ExitStack()
        self._tables, self._next = TABLES, 0

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, table: pa.Table, first: int) -> None:
        """Write a table whose first row has this `ROW`."""
        if self._tables == TABLES or first != self._next:
            self._open.close()
            path = self._folder / f"{len(self.listed)}.arrow"
            self.listed.append((path, first))
            file = self._open.enter_context(pa.OSFile(str(path), "wb"))
            self._writer = self._open.enter_context(pa.ipc.new_file(file, self._schema))
            self._tables = 0
        self._writer.write_table(table)
        self._tables, self._next = self._tables + 1, first + table.num_rows


@dataclass(frozen=True)
class Parsed:
    """Typed rows in Arrow files, in order.

    Attributes:
        files: each of which holds the columns of some rows; behind the first `ROW`, which is told,
            the others follow one by one.
        kinds: of the columns.
        words: of the columns of texts that lie there as codes, what these mean.
        spans: of the columns of integers, if any is there, the least and the greatest.
        nulls: as in `Wish`.
        gaps: the columns in which any cell is null.
        headless: whether no row can be a header that stands there again.
    """

    files: Sequence[tuple[Path, int]]
    kinds: Mapping[str, Kind]
    words: Mapping[str, pa.StringArray]
    spans: Mapping[str, tuple[int, int]]
    nulls: bool
    gaps: frozenset[str]
    headless: bool

    def batches(self, columns: Sequence[str], *, last: bool = False) -> Iterator[pa.RecordBatch]:
        """`ROW`, `TEXTS` or columns of all rows in order, a batch at a time.

        Who reads them as the `last` one removes the files, so that what comes next has their room.
        """
        schema = self._schema(columns)
        for path, first in self.files:
            # What is mapped is read where it is needed, not copied, and let go with its batches.
            # (Arrow asked for some of the columns only would copy them.)
            with pa.memory_map(str(path)) as file:
                table = pa.ipc.open_file(file).read_all()
            if last:
                path.unlink()
            made: dict[str, NDArray[Any]] = {ROW: np.arange(first, first + len(table))}
            if TEXTS in columns:
                made[TEXTS] = together(table.select(list(self.words)))
            cells = [
                pa.array(made[column]) if column in made else self._texts(column, table[column])
                for column in columns
            ]
            yield from pa.table(cells, schema=schema).to_batches()

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
        """What DuckDB asks for whenever it reads the rows; `TEXTS` is among it, if any are."""
        columns = [ROW, *self.kinds, *([TEXTS] if self.words else [])]
        reader = pa.RecordBatchReader.from_batches(self._schema(columns), self.batches(columns))
        return reader.__arrow_c_stream__(requested_schema)

    def _texts(self, column: str, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        """The cells, those that lie there as codes with their words."""
        if column not in self.words:
            return cells
        words, own = self.words[column], cells.chunks
        return pa.chunked_array(
            [pa.DictionaryArray.from_arrays(each, words, safe=False) for each in own],
            pa.dictionary(CODE, pa.string()),
        )

    def _schema(self, columns: Sequence[str]) -> pa.Schema:
        types = {column: TYPES[kind] for column, kind in self.kinds.items()}
        types |= {ROW: pa.int64(), TEXTS: pa.int64()}
        types |= dict.fromkeys(self.words, pa.dictionary(CODE, pa.string()))
        return pa.schema([(column, types[column]) for column in columns])
