"""Write training and test rows as Parquet, a few row groups at a time to save memory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from tenfold.sources import stored_rows
from tenfold.splitting.split_columns import labels
from tenfold.splitting.strategy import SplitColumns, TrainTestSplit

# At least this many rows are read at a time; they become a row group of each file.
MIN_ROWS = 2**18


def write(table: Path, out: Path, parts: TrainTestSplit, columns: SplitColumns) -> None:
    """Write `train.parquet` and `test.parquet`, in table order."""
    masks = {"train.parquet": parts.in_train, "test.parquet": parts.in_test}
    writers: dict[str, Any] = {}
    pending: list[Future[Any]] = []
    start = 0
    # One piece is written while the next one is read.
    with ThreadPoolExecutor(2) as pool:
        for whole in _pieces(stored_rows.reader(table)):
            piece = _labelled(whole, columns)
            chosen = {
                file: piece.filter(pa.array(mask[start : start + len(piece)]))
                for file, mask in masks.items()
            }
            start += len(piece)
            for written in pending:
                written.result()
            if not writers:
                writers = {file: stored_rows.writer(out / file, piece.schema) for file in masks}
            pending = [pool.submit(writers[file].write_table, own) for file, own in chosen.items()]
    for written in pending:
        written.result()
    for writer in writers.values():
        writer.close()


def _pieces(source: Any) -> Iterator[Any]:
    """The table in pieces of whole row groups."""
    together: list[int] = []
    rows = 0
    for group in range(source.num_row_groups):
        together.append(group)
        rows += source.metadata.row_group(group).num_rows
        if rows >= MIN_ROWS or group == source.num_row_groups - 1:
            # Each row group has its own dictionary.
            yield source.read_row_groups(together).unify_dictionaries()
            together, rows = [], 0


def _labelled(piece: Any, columns: SplitColumns) -> Any:
    """The piece with class labels that are integers or texts."""
    if not columns.classes:
        return piece
    position = piece.schema.get_field_index(columns.target)
    column = labels(piece[columns.target], columns.target)
    return piece.set_column(position, columns.target, column)
