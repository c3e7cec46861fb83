"""The parts of a table as files, a piece at a time, so that the table is never held in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tenfold import folds
from tenfold.splitting.assignment import Assignment, Deciding
from tenfold.splitting.columns import labels

# Rows of the table in one piece, which becomes a row group of each part.
PIECE = 2**19


def write(table: Path, out: Path, assignment: Assignment, deciding: Deciding) -> None:
    """Write `train.parquet`, `test.parquet` and `folds.parquet`, all in table order."""
    folds.write(out / "folds.parquet", assignment.folds, deciding.rows[assignment.in_train])
    source = pq.ParquetFile(table)
    parts = {"train.parquet": assignment.in_train, "test.parquet": assignment.in_test}
    writers: dict[str, Any] = {}
    start = 0
    for batch in source.iter_batches(PIECE):
        piece = _labelled(pa.Table.from_batches([batch]), deciding)
        for file, chosen in parts.items():
            own = piece.filter(pa.array(chosen[start : start + len(piece)]))
            if file not in writers:
                writers[file] = pq.ParquetWriter(out / file, own.schema, compression="zstd")
            writers[file].write_table(own)
        start += len(piece)
    for writer in writers.values():
        writer.close()


def _labelled(piece: Any, deciding: Deciding) -> Any:
    """The piece with class labels that are integers or texts."""
    if not deciding.classes:
        return piece
    position = piece.schema.get_field_index(deciding.target)
    column = labels(piece[deciding.target], deciding.target)
    return piece.set_column(position, deciding.target, column)
