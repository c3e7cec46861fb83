"""Which rows go: those that a rule rejects, and all but one of the rows that are duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenfold.cleaning.expressions import ROWS
from tenfold.cleaning.rules import COPY, JUDGED, JudgedRows
from tenfold.dataset import ROW
from tenfold.dataset.copies import MAX_SAMPLE_ROWS, repeat_by_nature
from tenfold.params.cleaning import Duplicates
from tenfold.runtime import shown
from tenfold.sources import CONTENT, MALFORMED, REASON, Kind, Source, Unsound, name, text
from tenfold.sources.stored_rows import StoredRows

GONE = "gone"
# Rows that go, may go or are probed, as the source has them.
SUSPECTS = "suspects"
# Of a hash, the bits that are looked up first.
BITS = 20
# Hashes that are compared at once, in memory that is reused for the next.
PIECE = 2**18
# Whether the n-th of `copies` equal rows goes.
GOES = {"first": "n > 1", "last": "n < copies", "none": "copies > 1"}


def reject(
    judged: JudgedRows, declared: Literal["auto"] | bool | Duplicates
) -> tuple[NDArray[np.bool_], str]:
    """Make table `GONE` of `ROW` and `REASON` of the rows that go.

    Only rows of equal hashes are compared, cell by cell. Exact copies are judged as the source has
    them; rows that agree in key columns are compared where no other rule rejects them, and keys
    without a value agree.

    Returns:
        (n,) whether a row stays, in their order; and a note if copies stay that were found.

    Raises:
        Unsound: if the source's rows are not where they were when they were judged.
    """
    stored, source = judged.stored, judged.plan.source
    source.connection.execute(
        f"CREATE TEMP TABLE {GONE} AS SELECT {ROW}, {REASON} FROM {JUDGED} "
        f"WHERE {REASON} IS NOT NULL"
    )
    rule = declared if isinstance(declared, Duplicates) else Duplicates()
    alike = _alike(stored, among_kept=bool(rule.by)) if declared else stored.rows[:0]
    source.connection.register("alike", pa.table({ROW: alike}))
    probes = source.probes(stored)
    source.store_some(
        f"SELECT {ROW} FROM {GONE} UNION FROM alike UNION SELECT unnest({probes}::BIGINT[])",
        SUSPECTS,
    )
    if probes:
        _check_places(source, judged.copy)
    note = ""
    if declared and rule.by:
        keys = ", ".join(map(name, rule.by))
        reason = f"duplicate by {', '.join(map(shown, rule.by))}"
        _reject_copies(source, JUDGED, keys, GOES[rule.keep], reason)
    elif declared == "auto" and (n_copies := _repeating(judged, alike)):
        note = (
            f"{n_copies} rows are copies of an earlier one, as often as chance makes them in "
            "columns of few values: they stay (clean.drop_duplicates: auto)"
        )
    elif declared:
        keys = ", ".join(_lists(source.columns))
        _reject_copies(source, SUSPECTS, keys, GOES[rule.keep], "duplicate")
    gone = source.connection.execute(f"SELECT {ROW} FROM {GONE}").fetchnumpy()[ROW]
    kept = np.ones(len(stored.rows), np.bool_)
    kept[np.searchsorted(stored.rows, gone)] = False
    return kept, note


def write(source: Source, path: Path) -> None:
    """Write the rows that go: their place, the reason, and their cells as the source has them."""
    raw = ", ".join(f"{name(column)}::VARCHAR AS {name(column)}" for column in source.columns)
    nothing = ", ".join(f"NULL AS {name(column)}" for column in source.columns)
    place = source.place()
    source.connection.execute(
        f"COPY (FROM (SELECT {ROW}, {place}, {REASON}, NULL::VARCHAR AS {CONTENT}, {raw} "
        f"FROM {SUSPECTS} JOIN (FROM {GONE}) USING ({ROW}) UNION ALL "
        f"SELECT {ROW}, {place}, {REASON}, {CONTENT}, {nothing} FROM {MALFORMED}) ORDER BY {ROW}) "
        f"TO {text(str(path.resolve()))} (FORMAT parquet)"
    )


def _alike(stored: StoredRows, *, among_kept: bool) -> NDArray[np.int64]:
    """The rows whose hash others have, too; `among_kept`: of those that no rule rejects."""
    hashes, rows = stored.column(COPY), stored.rows
    if among_kept:
        kept = stored.is_null(REASON)
        hashes, rows = hashes[kept], rows[kept]
    return rows[_repeated(hashes)]


def _repeating(judged: JudgedRows, alike: NDArray[np.int64]) -> int:
    """How many rows are copies, if they repeat by nature; else 0.

    Args:
        judged: all rows.
        alike: rows that equal another one, as table `SUSPECTS` has them.
    """
    rows, connection = judged.stored.rows, judged.plan.source.connection
    if not len(alike):
        return 0
    hashes = judged.stored.column(COPY)[np.searchsorted(rows, alike)]
    n_copies = len(alike) - len(np.unique(hashes))

    def sample() -> pa.Table:
        chosen = alike
        if len(alike) > MAX_SAMPLE_ROWS:
            chosen = np.random.default_rng(0).choice(alike, MAX_SAMPLE_ROWS, replace=False)
        connection.register("chosen", pa.table({ROW: np.sort(chosen)}))
        columns = ", ".join(map(name, judged.plan.source.columns))
        query = f"SELECT {columns} FROM {SUSPECTS} WHERE {ROW} IN (FROM chosen) ORDER BY {ROW}"
        return connection.sql(query).to_arrow_table()

    return n_copies if repeat_by_nature(len(rows), n_copies, sample) else 0


def _repeated(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The places of values (n,) that occur more than once."""
    if not len(hashes):
        return np.empty(0, np.int64)
    ordered = np.sort(hashes)
    pieces = (ordered[start : start + PIECE + 1] for start in range(0, len(ordered), PIECE))
    repeated = np.unique(np.concatenate([piece[1:][piece[1:] == piece[:-1]] for piece in pieces]))
    # The first bits of most values show that they are none of these.
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


def _reject_copies(source: Source, compared: str, keys: str, goes: str, reason: str) -> None:
    """Of the rows in `alike` whose keys agree, reject those that are not to be kept."""
    connection = source.connection
    connection.execute(
        f"CREATE TEMP TABLE copies AS SELECT {ROW} FROM (SELECT {ROW}, "
        f"row_number() OVER (PARTITION BY {keys} ORDER BY {ROW}) AS n, "
        f"count(*) OVER (PARTITION BY {keys}) AS copies FROM {compared} "
        f"WHERE {ROW} IN (FROM alike)) WHERE {goes}"
    )
    connection.execute(f"DELETE FROM {GONE} WHERE {ROW} IN (FROM copies)")
    connection.execute(f"INSERT INTO {GONE} SELECT {ROW}, {text(reason)} FROM copies")


def _lists(columns: Mapping[str, Kind]) -> list[str]:
    """SQL of all columns as one list a kind, which DuckDB compares faster than many columns."""
    kinds: dict[Kind, list[str]] = {}
    for column, kind in columns.items():
        kinds.setdefault(kind, []).append(column)
    return [f"[{', '.join(map(name, alike))}]" for alike in kinds.values()]
