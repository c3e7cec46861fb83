"""Rows on disk: fast to write where they are read again soon, the same bytes where they stay."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenfold.dataset import ROW
from tenfold.sources.arrow_rows import TYPES, ArrowRows
from tenfold.sources.dictionaries import ENCODED, by_appearance
from tenfold.sources.sql import text

# Integers that lie near each other are counted by flags, so many for all columns.
MAX_FLAGS = 2**24
# Rows that are written together, fewer where there are many columns.
GROUP_ROWS, GROUP_CELLS = 122_880, 20_000_000
# Texts with more distinct values are stored without a dictionary.
MAX_DICTIONARY = 1000
# Bytes a row that a dictionary-encoded column takes at most; any other text takes more.
MAX_ENCODED_BYTES = 2


@dataclass(frozen=True)
class StoredRows:
    """Rows on disk, in their order.

    Attributes:
        path: Parquet.
        rows: every row's `ROW`, rising.
        arrow: the same rows once more, in columns that `path` lacks.
    """

    path: Path
    rows: NDArray[np.int64]
    arrow: ArrowRows | None = None

    def column(self, column: str) -> NDArray[Any]:
        """A column of `path`, (n,), without nulls."""
        return column_of(self.path, column)

    def is_null(self, column: str) -> NDArray[np.bool_]:
        """Whether cells of a column of `path` are null, (n,)."""
        cells = pq.read_table(self.path, columns=[column])[column]
        return np.asarray(cells.is_null().to_numpy())

    def present(self, columns: Sequence[str], kept: NDArray[np.bool_]) -> dict[str, int]:
        """How many cells of columns are not null in the rows that are kept, by a flag for each."""
        own = set(pq.read_schema(self.path).names)
        elsewhere = [column for column in columns if column not in own]
        found = self.arrow.present(elsewhere, kept) if self.arrow and elsewhere else {}
        found |= _present(self.path, [column for column in columns if column in own], kept)
        return found


@dataclass(frozen=True)
class RowStream:
    """Rows on their way into a file.

    Attributes:
        rows: all columns but those of `texts` and `integers`, to be read once.
        texts: the distinct values of dictionary-encoded columns, as far as they are written.
        integers: of integer columns of a narrow range, (span,) whether each value is there.
    """

    rows: pa.RecordBatchReader
    texts: Mapping[str, Set[str]]
    integers: Mapping[str, NDArray[np.bool_]]


def store(connection: Any, query: str, n_columns: int, path: Path) -> None:
    """Write what a query gives with all cores; DuckDB's COPY keeps the order."""
    connection.execute(
        f"COPY ({query}) TO {text(str(path.resolve()))} (FORMAT parquet, "
        f"COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT {MAX_DICTIONARY}, "
        f"ROW_GROUP_SIZE {_rows(n_columns)})"
    )


def column_of(path: Path, column: str) -> NDArray[Any]:
    """A column of a Parquet file, (n,), none of whose cells is null, read into one array."""
    with pq.ParquetFile(path) as file:
        found, start = None, 0
        for group in range(file.num_row_groups):
            cells = file.read_row_group(group, columns=[column])[column].to_numpy()
            if found is None:
                found = np.empty(file.metadata.num_rows, cells.dtype)
            found[start : start + len(cells)] = cells
            start += len(cells)
    return found if found is not None else np.empty(0, np.int64)


def _present(path: Path, columns: Sequence[str], kept: NDArray[np.bool_]) -> dict[str, int]:
    """How many cells of a Parquet file's columns are not null in the rows that are kept."""
    found = dict.fromkeys(columns, int(np.count_nonzero(kept)))
    start = 0
    with pq.ParquetFile(path) as file:
        place = {column: number for number, column in enumerate(file.schema_arrow.names)}
        for number in range(file.num_row_groups):
            group = file.metadata.row_group(number)
            own = kept[start : start + group.num_rows]
            start += group.num_rows
            gaps = [column for column in columns if _has_null(group.column(place[column]))]
            cells = file.read_row_group(number, columns=gaps)
            for column in gaps:
                found[column] -= int(np.count_nonzero(cells[column].is_null().to_numpy() & own))
    return found


def _has_null(chunk: Any) -> bool:
    """Whether a column chunk of a Parquet file may hold a null."""
    known = chunk.statistics is not None and chunk.statistics.has_null_count
    return not known or chunk.statistics.null_count > 0


@contextmanager
def writing(
    stored: StoredRows, columns: Sequence[str], kept: NDArray[np.bool_], path: Path
) -> Iterator[RowStream]:
    """Write `ROW` and columns of the rows that are kept, by a flag for each.

    They can be read once on their way, and are no longer stored then. DuckDB's row groups depend on
    how its threads happen to run; these have a fixed number of rows.
    """
    schema = pa.schema([(ROW, pa.int64()), *_fields(stored, columns)])
    texts: dict[str, set[str]] = {f.name: set() for f in schema if f.type == ENCODED}
    spans = stored.arrow.spans if stored.arrow else {}
    integers = dict(_flags({column: spans[column] for column in columns if column in spans}))
    others = [column for column in columns if column not in texts and column not in integers]
    failed: list[Exception] = []

    def written() -> Iterator[pa.RecordBatch]:
        try:
            with writer(path, schema) as file, ThreadPoolExecutor(1) as thread:
                pending: Future[None] | None = None
                for piece in _pieces(stored, schema, kept):
                    if pending:
                        pending.result()
                    # One core writes while the others decode what comes next.
                    pending = thread.submit(file.write_table, piece)
                    for column, own in texts.items():
                        own.update(piece[column].chunk(0).dictionary.to_pylist())
                    for column, seen in integers.items():
                        cells = piece[column].drop_null().to_numpy()
                        seen[cells - spans[column][0]] = True
                    yield from piece.select(others).to_batches()
                if pending:
                    pending.result()
        except Exception as error:
            failed.append(error)
            raise

    batches = written()
    passing = pa.schema([schema.field(column) for column in others])
    try:
        yield RowStream(pa.RecordBatchReader.from_batches(passing, batches), texts, integers)
        # Whoever read them need not have read all.
        deque(batches, maxlen=0)
    except Exception:
        if failed:
            raise failed[0] from None
        raise


def _flags(spans: Mapping[str, tuple[int, int]]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """For integer columns of the narrowest ranges, a flag for each value in the range."""
    room = MAX_FLAGS
    for column, (least, greatest) in sorted(spans.items(), key=lambda one: one[1][1] - one[1][0]):
        room -= greatest - least + 1
        if room < 0:
            return
        yield column, np.zeros(greatest - least + 1, np.bool_)


def _rows(n_columns: int) -> int:
    return max(1, min(GROUP_ROWS, GROUP_CELLS // n_columns))


def writer(path: Path, schema: pa.Schema) -> Any:
    """A writer of Parquet that is fast to write and to read.

    Measurements seldom repeat: neither a dictionary nor compression would make them much smaller.
    """
    kinds = {field.name: field.type for field in schema}
    texts = [column for column, kind in kinds.items() if kind in (pa.string(), ENCODED)]
    return pq.ParquetWriter(
        path,
        schema,
        use_dictionary=texts,
        # Nobody reads the statistics, and they take a tenth of the time.
        write_statistics=False,
        column_encoding={
            column: "DELTA_BINARY_PACKED"
            for column, kind in kinds.items()
            if pa.types.is_integer(kind)
        },
        compression={column: "snappy" if column in texts else "none" for column in kinds},
        # Whoever reads the file gets texts, not codes.
        store_schema=False,
    )


def reader(path: Path) -> Any:
    """A reader of what `writer` wrote, dictionary-encoded where texts have few distinct values.

    These are read, filtered and written in a third of the time; with many distinct values, codes
    take longer than texts.
    """
    groups = pq.read_metadata(path)
    sizes = dict.fromkeys(groups.schema.names, 0)
    for group in range(groups.num_row_groups):
        for number, column in enumerate(sizes):
            sizes[column] += groups.row_group(group).column(number).total_uncompressed_size
    few = [column for column, size in sizes.items() if size < MAX_ENCODED_BYTES * groups.num_rows]
    return pq.ParquetFile(path, read_dictionary=few)


def _fields(stored: StoredRows, columns: Sequence[str]) -> Iterator[pa.Field]:
    """What the columns hold, wherever they lie."""
    own = {field.name: field.type for field in pq.read_schema(stored.path)}
    types: dict[str, pa.DataType] = {}
    if stored.arrow:
        types = {column: TYPES[kind] for column, kind in stored.arrow.kinds.items()}
        types |= dict.fromkeys(stored.arrow.dictionaries, ENCODED)
    for column in columns:
        yield pa.field(column, own[column] if column in own else types[column])


def _pieces(stored: StoredRows, schema: pa.Schema, kept: NDArray[np.bool_]) -> Iterator[pa.Table]:
    """The rows that are kept, in tables of as many as are written together."""
    own = set(pq.read_schema(stored.path).names) - {ROW}
    in_parquet = [column for column in schema.names if column in own]
    in_arrow = [column for column in schema.names if column not in own and column != ROW]
    rows = stored.rows[kept]
    n = _rows(len(schema))
    stores = []
    if in_parquet:
        stores.append(_parted(_kept(_groups(stored.path, in_parquet), kept), n))
    if stored.arrow and in_arrow:
        batches = stored.arrow.batches(in_arrow, last=True)
        tables = (pa.Table.from_batches([batch]) for batch in batches)
        stores.append(_parted(_kept(tables, kept), n))
    for number, parts in enumerate(zip(*stores, strict=True)):
        cells = {column: _listed(table[column]) for table in parts for column in table.column_names}
        cells[ROW] = pa.array(rows[number * n : (number + 1) * n])
        yield pa.table([cells[column] for column in schema.names], schema=schema)


def _listed(cells: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """The cells of a piece; a dictionary lists those texts only that occur."""
    return by_appearance(cells.chunk(0)) if pa.types.is_dictionary(cells.type) else cells


def _groups(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number, columns=list(columns), use_threads=False)
            # Arrow takes `a` for the beginning of `a.b`, too.
            yield group.select(list(columns))


def _kept(tables: Iterator[pa.Table], kept: NDArray[np.bool_]) -> Iterator[pa.Table]:
    start = 0
    for table in tables:
        own = kept[start : start + table.num_rows]
        yield table if own.all() else table.filter(pa.array(own))
        start += table.num_rows


def _parted(tables: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of so many, the last of fewer.

    Each is one chunk, or a file's pages would depend on the chunks in which its rows came.
    """
    waiting: list[pa.Table] = []
    n_rows = 0
    for table in tables:
        waiting.append(table)
        n_rows += table.num_rows
        while n_rows >= rows:
            together = pa.concat_tables(waiting)
            yield together.slice(0, rows).combine_chunks()
            waiting, n_rows = [together.slice(rows)], n_rows - rows
    if n_rows:
        yield pa.concat_tables(waiting).combine_chunks()
