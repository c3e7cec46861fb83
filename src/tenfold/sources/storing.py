"""Rows on disk: what is soon read again, written fast; what is to stay, the same bytes always."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenfold.dataset import ROW
from tenfold.sources.sql import text

# Rows that are written together, fewer where there are many columns.
ROWS, CELLS = 122_880, 20_000_000
# Texts that differ more often are not worth a dictionary.
DICTIONARY = 1000


@dataclass(frozen=True)
class Held:
    """A file of rows in their order, and the `ROW` of each."""

    path: Path
    rows: NDArray[np.int64]


def hold(connection: Any, query: str, n_columns: int, path: Path) -> None:
    """Write what a query gives with all cores; DuckDB's COPY keeps the order."""
    connection.execute(
        f"COPY ({query}) TO {text(str(path.resolve()))} (FORMAT parquet, "
        f"COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT {DICTIONARY}, "
        f"ROW_GROUP_SIZE {_rows(n_columns)})"
    )


def write(held: Held, columns: Sequence[str], gone: NDArray[np.int64], path: Path) -> None:
    """Write `ROW` and columns of the rows that are held, but those whose `ROW` is in `gone`.

    DuckDB parts what it has filtered by how its threads happen to run; here it is parted by count.
    """
    kept = ~np.isin(held.rows, gone, assume_unique=True)
    schema = _select(pq.read_schema(held.path).empty_table(), columns, held.rows[:0]).schema
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    with (
        pq.ParquetWriter(path, schema, use_dictionary=texts) as writer,
        ThreadPoolExecutor(1) as thread,
    ):
        pending: Future[None] | None = None
        for piece in _pieces(_filtered(held, columns, kept), _rows(len(schema))):
            if pending:
                pending.result()
            # One core writes while the others decode what comes next.
            pending = thread.submit(writer.write_table, piece)
        if pending:
            pending.result()


def _rows(n_columns: int) -> int:
    return max(1, min(ROWS, CELLS // n_columns))


def _filtered(held: Held, columns: Sequence[str], kept: NDArray[np.bool_]) -> Iterator[pa.Table]:
    start = 0
    with pq.ParquetFile(held.path) as file:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number, columns=list(columns), use_threads=False)
            own = slice(start, start + group.num_rows)
            table = _select(group, columns, held.rows[own])
            yield table if kept[own].all() else table.filter(pa.array(kept[own]))
            start += group.num_rows


def _select(table: pa.Table, columns: Sequence[str], rows: NDArray[np.int64]) -> pa.Table:
    """Just these columns (Arrow takes `a` for the beginning of `a.b`, too) behind `ROW`."""
    return table.select(list(columns)).add_column(0, ROW, pa.array(rows))


def _pieces(tables: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of so many, the last of fewer."""
    held: pa.Table | None = None
    for table in tables:
        held = pa.concat_tables([held, table]) if held else table
        while held.num_rows >= rows:
            yield held.slice(0, rows)
            held = held.slice(rows)
    if held and held.num_rows:
        yield held
