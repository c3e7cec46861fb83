"""Rows of text cells, from a source that is no text file, and how they become a Parquet file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tenfold.sources import sql

Row = Sequence[str | None]

# Cells that are in memory at a time, and in one row group of the file.
MAX_CELLS = 1 << 18


@dataclass
class TextRows:
    """Named columns and an iterator of rows; `None` is a missing cell, not an empty text.

    The rows of a query are not `ordered`, not even with ORDER BY: rows that are equal in its
    columns come in any order. If it `has_blanks`, a row in which all cells are missing is no row.
    """

    names: list[str]
    rows: Iterator[Row]
    ordered: bool
    notes: list[str] = field(default_factory=list)
    has_blanks: bool = False


def write_parquet(rows: TextRows, path: Path) -> int:
    """Write the rows to `path`, every column as text, and return their number.

    Equal rows give equal bytes. Rows without an order are sorted by all their cells as UTF-8 bytes,
    missing cells first; a sort that does not fit into memory spills beside `path`. The file is
    written in place, so the caller must see to it that nobody reads an unfinished one.
    """
    if rows.ordered:
        return _write(rows, path)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        unsorted = Path(folder) / "unsorted.parquet"
        written = _write(rows, unsorted)
        _sort(unsorted, path, _rows_at_once(rows))
    return written


def _write(rows: TextRows, path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    written = 0
    schema = pa.schema([pa.field(name, pa.string()) for name in rows.names])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(rows.rows, _rows_at_once(rows))):
            columns = [pa.array(column, pa.string()) for column in zip(*batch, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            written += len(batch)
    return written


def _rows_at_once(rows: TextRows) -> int:
    return max(1, MAX_CELLS // len(rows.names))


def _sort(unsorted: Path, path: Path, n_rows: int) -> None:
    import duckdb

    with duckdb.connect(config={"temp_directory": str(unsorted.parent / "sorting")}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"COPY (FROM read_parquet({sql.file(unsorted)}, hive_partitioning = false) "
            f"ORDER BY ALL ASC NULLS FIRST) TO {sql.text(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {max(2048, n_rows)})"
        )
