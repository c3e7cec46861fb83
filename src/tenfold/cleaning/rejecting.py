"""Which rows go: those that a rule rejects, and of rows that are one and the same all but one.

A row that goes is kept elsewhere, its cells as the source has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenfold.cleaning.expressions import ROWS
from tenfold.cleaning.grouping import cells
from tenfold.cleaning.judging import COPY, JUDGED, Judged
from tenfold.dataset import ROW
from tenfold.params import Clean
from tenfold.params.cleaning import Duplicates
from tenfold.runtime import shown
from tenfold.sources import (
    CONTENT,
    MALFORMED,
    REASON,
    Kind,
    Source,
    Unsound,
    name,
    storing,
    text,
)
from tenfold.sources.storing import Held

GONE, KEPT = "gone", "kept"
# Rows that go, may go or are probed, as the source has them.
SUSPECTS = "suspects"
# Rows all over the source that are looked at twice.
PROBES = 1000
# Of a hash, those that are looked up first.
BITS = 20
# Hashes that are compared at once, in memory that is taken again for the next.
PIECE = 2**18
# Of the n-th of `copies` equal rows, in their order: whether it goes.
GOES = {"first": "n > 1", "last": "n < copies", "none": "copies > 1"}


def reject(source: Source, judged: Judged, rules: Clean) -> NDArray[np.bool_]:
    """Make table `GONE` of `ROW` and `REASON`, and view `KEPT` of rows that stay.

    Rows are compared cell by cell, but only those of equal hashes. Exact copies are judged as the
    source has them; rows that agree in key columns are compared where all keys are present and no
    other rule rejects them.

    Returns:
        (n,) whether a row stays, in their order.

    Raises:
        Unsound: if the source's rows are not where they were when they were judged.
    """
    connection = source.connection
    connection.execute(
        f"CREATE TEMP TABLE {GONE} AS SELECT {ROW}, {REASON} FROM {JUDGED} "
        f"WHERE {REASON} IS NOT NULL"
    )
    declared = rules.drop_duplicates if rules.drop_duplicates is not True else Duplicates()
    by = declared.by if declared else []
    alike = _alike(judged.held, among_kept=bool(by)) if declared else judged.held.rows[:0]
    connection.register("alike", pa.table({ROW: alike}))
    # Where lines were parsed they were counted, too.
    probes = 0 if judged.held.parsed else PROBES
    looked_at = judged.held.rows[:: max(1, judged.read // probes)].tolist() if probes else []
    source.hold_some(
        f"SELECT {ROW} FROM {GONE} UNION FROM alike UNION SELECT unnest({looked_at}::BIGINT[])",
        SUSPECTS,
    )
    if probes:
        _check_places(source, judged.copy)
    if declared and by:
        keys = ", ".join(map(name, by))
        present = "".join(f" AND {name(column)} IS NOT NULL" for column in by)
        reason = f"duplicate by {', '.join(map(shown, by))}"
        _reject_copies(source, JUDGED, keys, present, GOES[declared.keep], reason)
    elif declared:
        keys = ", ".join(_lists(source.columns))
        _reject_copies(source, SUSPECTS, keys, "", GOES[declared.keep], "duplicate")
    connection.execute(f"CREATE TEMP VIEW {KEPT} AS FROM {JUDGED} ANTI JOIN {GONE} USING ({ROW})")
    gone = connection.execute(f"SELECT {ROW} FROM {GONE}").fetchnumpy()[ROW]
    kept = np.ones(judged.read, np.bool_)
    kept[np.searchsorted(judged.held.rows, gone)] = False
    return kept


def write(source: Source, path: Path) -> None:
    """Write what goes: where it stood, why, and its cells as the source has them."""
    raw = ", ".join(f"{name(column)}::VARCHAR AS {name(column)}" for column in source.columns)
    nothing = ", ".join(f"NULL AS {name(column)}" for column in source.columns)
    place = source.place()
    source.connection.execute(
        f"COPY (FROM (SELECT {ROW}, {place}, {REASON}, NULL::VARCHAR AS {CONTENT}, {raw} "
        f"FROM {SUSPECTS} JOIN (FROM {GONE}) USING ({ROW}) UNION ALL "
        f"SELECT {ROW}, {place}, {REASON}, {CONTENT}, {nothing} FROM {MALFORMED}) ORDER BY {ROW}) "
        f"TO {text(str(path.resolve()))} (FORMAT parquet)"
    )


def _alike(held: Held, *, among_kept: bool) -> NDArray[np.int64]:
    """The rows whose hashes others have, too; `among_kept`: of those that no rule rejects."""
    hashes, rows = storing.column_of(held.path, COPY), held.rows
    if among_kept:
        kept = pq.read_table(held.path, columns=[REASON])[REASON].is_null().to_numpy()
        hashes, rows = hashes[kept], rows[kept]
    return rows[_repeated(hashes)]


def _repeated(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The places of values (n,) that are there more than once."""
    if not len(hashes):
        return np.empty(0, np.int64)
    ordered = np.sort(hashes)
    pieces = (ordered[start : start + PIECE + 1] for start in range(0, len(ordered), PIECE))
    repeated = np.unique(np.concatenate([piece[1:][piece[1:] == piece[:-1]] for piece in pieces]))
    # Most values are told by their first bits to be none of these.
    begins = np.zeros(2**BITS, np.bool_)
    begins[repeated >> np.uint64(64 - BITS)] = True
    found = []
    for start in range(0, len(hashes), PIECE):
        piece = hashes[start : start + PIECE]
        places = np.flatnonzero(begins[piece >> np.uint64(64 - BITS)])
        found.append(start + places[np.isin(piece[places], repeated)])
    return np.concatenate(found)


def _check_places(source: Source, copy: str) -> None:
    """Check that rows found by their lines are those that were counted when all were read."""
    with source.only(SUSPECTS):
        elsewhere = source.connection.execute(
            f"SELECT count(*) FROM (SELECT {ROW}, {copy} AS {COPY} FROM {ROWS}) AS again "
            f"JOIN {JUDGED} USING ({ROW}) WHERE again.{COPY} <> {JUDGED}.{COPY}"
        ).fetchall()[0][0]
    if elsewhere:
        raise Unsound(f"{elsewhere} rows are not where they were")


def _reject_copies(
    source: Source, compared: str, keys: str, present: str, goes: str, reason: str
) -> None:
    """Of the rows in `alike` whose keys agree, reject those that are not to be kept."""
    connection = source.connection
    connection.execute(
        f"CREATE TEMP TABLE copies AS SELECT {ROW} FROM (SELECT {ROW}, "
        f"row_number() OVER (PARTITION BY {keys} ORDER BY {ROW}) AS n, "
        f"count(*) OVER (PARTITION BY {keys}) AS copies FROM {compared} "
        f"WHERE {ROW} IN (FROM alike){present}) WHERE {goes}"
    )
    connection.execute(f"DELETE FROM {GONE} WHERE {ROW} IN (FROM copies)")
    connection.execute(f"INSERT INTO {GONE} SELECT {ROW}, {text(reason)} FROM copies")


def _lists(columns: Mapping[str, Kind]) -> list[str]:
    """SQL of all columns as one list a kind, which DuckDB compares faster than many columns."""
    kinds: dict[Kind, list[str]] = {}
    for column, kind in columns.items():
        kinds.setdefault(kind, []).append(column)
    return [cells(alike) for alike in kinds.values()]
