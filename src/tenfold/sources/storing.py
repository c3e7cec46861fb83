"""Rows on disk: what is soon read again, written fast; what is to stay, the same bytes always."""

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
from tenfold.sources.parsed import TYPES, Parsed
from tenfold.sources.sql import text
from tenfold.sources.words import CODES, by_appearance

# Integers that lie near each other are counted by flags, so many for all columns.
FLAGS = 2**24
# Rows that are written together, fewer where there are many columns.
ROWS, CELLS = 122_880, 20_000_000
# Texts that differ more often are not worth a dictionary.
DICTIONARY = 1000
# Bytes a row that a column of texts takes if few of them differ, which are then stored as codes.
REPEATING = 2


@dataclass(frozen=True)
class Held:
    """A file of rows in their order, and the `ROW` of each.

    Attributes:
        path: Parquet.
        rows: every row's number, rising.
        parsed: the same rows once more, in columns that `path` lacks.
    """

    path: Path
    rows: NDArray[np.int64]
    parsed: Parsed | None = None


@dataclass(frozen=True)
class Passing:
    """Rows on their way into a file.

    Attributes:
        rows: all columns but those of `words` and `numbers`, to be read once.
        words: the different texts in columns of codes, as far as they are written.
        numbers: of columns of integers that lie near each other, (span,) whether each is there.
    """

    rows: pa.RecordBatchReader
    words: Mapping[str, Set[str]]
    numbers: Mapping[str, NDArray[np.bool_]]


def hold(connection: Any, query: str, n_columns: int, path: Path) -> None:
    """Write what a query gives with all cores; DuckDB's COPY keeps the order."""
    connection.execute(
        f"COPY ({query}) TO {text(str(path.resolve()))} (FORMAT parquet, "
        f"COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT {DICTIONARY}, "
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


@contextmanager
def writing(
    held: Held, columns: Sequence[str], kept: NDArray[np.bool_], path: Path
) -> Iterator[Passing]:
    """Write `ROW` and columns of the rows that are kept, by a flag for every one that is held.

    They can be read once on their way; what is held is gone then. DuckDB parts what it has filtered
    by how its threads happen to run; here it is parted by count.
    """
    schema = pa.schema([(ROW, pa.int64()), *_fields(held, columns)])
    words: dict[str, set[str]] = {f.name: set() for f in schema if f.type == CODES}
    spans = held.parsed.spans if held.parsed else {}
    numbers = dict(_flags({column: spans[column] for column in columns if column in spans}))
    others = [column for column in columns if column not in words and column not in numbers]
    failed: list[Exception] = []

    def written() -> Iterator[pa.RecordBatch]:
        try:
            with writer(path, schema) as file, ThreadPoolExecutor(1) as thread:
                pending: Future[None] | None = None
                for piece in _pieces(held, schema, kept):
                    if pending:
                        pending.result()
                    # One core writes while the others decode what comes next.
                    pending = thread.submit(file.write_table, piece)
                    for column, own in words.items():
                        own.update(piece[column].chunk(0).dictionary.to_pylist())
                    for column, seen in numbers.items():
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
        yield Passing(pa.RecordBatchReader.from_batches(passing, batches), words, numbers)
        # Whoever read them need not have read all.
        deque(batches, maxlen=0)
    except Exception:
        if failed:
            raise failed[0] from None
        raise


def _flags(spans: Mapping[str, tuple[int, int]]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Of columns of integers whose least and greatest lie nearest, a flag for each in between."""
    room = FLAGS
    for column, (least, greatest) in sorted(spans.items(), key=lambda one: one[1][1] - one[1][0]):
        room -= greatest - least + 1
        if room < 0:
            return
        yield column, np.zeros(greatest - least + 1, np.bool_)


def _rows(n_columns: int) -> int:
    return max(1, min(ROWS, CELLS // n_columns))


def writer(path: Path, schema: pa.Schema) -> Any:
    """A Parquet file to be, soon written and soon read.

    Measurements seldom repeat: neither a dictionary nor compression would make them much smaller.
    """
    kinds = {field.name: field.type for field in schema}
    texts = [column for column, kind in kinds.items() if kind in (pa.string(), CODES)]
    return pq.ParquetWriter(
        path,
        schema,
        use_dictionary=texts,
        # Nobody asks for the least and the greatest values, and they take a tenth of the time.
        write_statistics=False,
        column_encoding={
            column: "DELTA_BINARY_PACKED"
            for column, kind in kinds.items()
            if pa.types.is_integer(kind)
        },
        compression={column: "snappy" if column in texts else "none" for column in kinds},
        # Whoever reads codes is to get texts.
        store_schema=False,
    )


def reader(path: Path) -> Any:
    """A Parquet file of `writer`, whose texts are codes where few of them differ.

    They are so read, filtered and written in a third of the time; of many that differ, the codes
    take longer than the texts.
    """
    groups = pq.read_metadata(path)
    sizes = dict.fromkeys(groups.schema.names, 0)
    for group in range(groups.num_row_groups):
        for number, column in enumerate(sizes):
            sizes[column] += groups.row_group(group).column(number).total_uncompressed_size
    few = [column for column, size in sizes.items() if size < REPEATING * groups.num_rows]
    return pq.ParquetFile(path, read_dictionary=few)


def _fields(held: Held, columns: Sequence[str]) -> Iterator[pa.Field]:
    """What the columns hold, wherever they lie."""
    own = {field.name: field.type for field in pq.read_schema(held.path)}
    parsed = held.parsed
    types = {column: TYPES[kind] for column, kind in parsed.kinds.items()} if parsed else {}
    types |= dict.fromkeys(parsed.words, CODES) if parsed else {}
    for column in columns:
        yield pa.field(column, own[column] if column in own else types[column])


def _pieces(held: Held, schema: pa.Schema, kept: NDArray[np.bool_]) -> Iterator[pa.Table]:
    """The rows that are kept, in tables of as many as are written together."""
    own = set(pq.read_schema(held.path).names) - {ROW}
    stored = [column for column in schema.names if column in own]
    parsed = [column for column in schema.names if column not in own and column != ROW]
    rows = held.rows[kept]
    n = _rows(len(schema))
    stores = []
    if stored:
        stores.append(_parted(_kept(_stored(held.path, stored), kept), n))
    if held.parsed and parsed:
        batches = held.parsed.batches(parsed, last=True)
        tables = (pa.Table.from_batches([batch]) for batch in batches)
        stores.append(_parted(_kept(tables, kept), n))
    for number, parts in enumerate(zip(*stores, strict=True)):
        cells = {column: _listed(table[column]) for table in parts for column in table.column_names}
        cells[ROW] = pa.array(rows[number * n : (number + 1) * n])
        yield pa.table([cells[column] for column in schema.names], schema=schema)


def _listed(cells: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """The cells of a piece; if codes, then of those texts only that are there."""
    return by_appearance(cells.chunk(0)) if pa.types.is_dictionary(cells.type) else cells


def _stored(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
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

    Each is in one piece, or a file's pages would tell in which pieces its rows came.
    """
    held: list[pa.Table] = []
    n_rows = 0
    for table in tables:
        held.append(table)
        n_rows += table.num_rows
        while n_rows >= rows:
            together = pa.concat_tables(held)
            yield together.slice(0, rows).combine_chunks()
            held, n_rows = [together.slice(rows)], n_rows - rows
    if n_rows:
        yield pa.concat_tables(held).combine_chunks()
