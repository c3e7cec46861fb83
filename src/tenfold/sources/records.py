"""Rows of text cells, from any source that is no text file, on their way into a Parquet file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tenfold.sources import sql

Row = Sequence[str | None]

# So many cells are in memory at a time, and in one group of the file.
CELLS = 1 << 18


@dataclass
class Records:
    """Named columns and the rows to come; `None` is a missing cell, and no empty text.

    A source that gives no order of its own (a database) is not `ordered`. An ORDER BY makes none
    either: it leaves rows that are equal in its columns in any order.
    """

    names: list[str]
    rows: Iterator[Row]
    ordered: bool


def store(records: Records, path: Path) -> int:
    """Write the rows to `path`, every column as text, and return their number.

    Equal rows give equal bytes. Rows without an order are sorted by all their cells as bytes of
    UTF-8, missing cells first, in scratch beside `path` where they do not fit into memory. The
    file is written in place: whoever calls sees to it that half of one is never taken for it.
    """
    if records.ordered:
        return _write(records, path)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        unsorted = Path(folder) / "unsorted.parquet"
        written = _write(records, unsorted)
        _sort(unsorted, path, _at_once(records))
    return written


def _write(records: Records, path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    written = 0
    schema = pa.schema([pa.field(name, pa.string()) for name in records.names])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while rows := list(islice(records.rows, _at_once(records))):
            columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            written += len(rows)
    return written


def _at_once(records: Records) -> int:
    return max(1, CELLS // len(records.names))


def _sort(unsorted: Path, path: Path, at_once: int) -> None:
    import duckdb

    with duckdb.connect(config={"temp_directory": str(unsorted.parent / "sorting")}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"COPY (FROM read_parquet({sql.file(unsorted)}, hive_partitioning = false) "
            f"ORDER BY ALL ASC NULLS FIRST) TO {sql.text(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {max(2048, at_once)})"
        )
