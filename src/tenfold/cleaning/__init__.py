"""Row-local rules in; clean rows, and rejected rows with their source, line and reason, out.

The source is read once to type and judge every row; of the rows that go, and of a few others, the
source's own cells are looked up again. Rows are held on disk, never in memory.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from tenfold import runtime, sources
from tenfold.cleaning import cells, describing, judging, likenesses, rejecting
from tenfold.cleaning.cells import Cell
from tenfold.cleaning.judging import Judged
from tenfold.cleaning.rejecting import KEPT
from tenfold.cleaning.typed import LABEL
from tenfold.dataset import ROW
from tenfold.metrics import Task
from tenfold.params import Clean, Data
from tenfold.runtime import UserError, nearest, shown
from tenfold.sources import MALFORMED, RAW, REASON, Kind, Source, Unsound, name, storing

# What a message shows of many reasons.
MOST_REASONS = 5
TABLE, REJECTED = "table.parquet", "rejected.parquet"
# Rows that are being written.
PASSING = "passing"


def clean(
    data: Data, rules: Clean, task: Task, out: Path, *, limit: int | None = None
) -> dict[str, Any]:
    """Write `out/table.parquet` and `out/rejected.parquet`, and return the report.

    Every row of the source is in exactly one of the two, in source order; column `ROW` numbers
    them by their lines. The table's last column is the target. Rows are judged one by one, so
    nothing can leak between them; duplicates are the one exception. With a `limit`, so many of the
    first rows are looked at.

    Raises:
        UserError: if the source cannot be read, a rule names what is not there, too much is
            rejected, or nothing is left that a model could learn from.
    """
    source = sources.read(data, limit=limit)
    try:
        return _clean(source, data, rules, task, out)
    except (duckdb.Error, Unsound) as error:
        runtime.check_interrupted()
        source.check_unchanged()
        # An expression that fails here fails on the same row when all is read with care.
        if isinstance(error, duckdb.Error):
            judging.try_out(source, rules)
        source = sources.read(data, careful=True, limit=limit)
    try:
        return _clean(source, data, rules, task, out)
    except Unsound as unsound:
        raise UserError(
            f"data.path: {data.path} does not hold what it says ({unsound}): write it again"
        ) from None
    except duckdb.Error as error:
        runtime.check_interrupted()
        judging.try_out(source, rules)
        raise UserError(
            f"{data.path} cannot be read: {sources.first_line(error)}: is it damaged? Write it "
            "again"
        ) from None


def _clean(source: Source, data: Data, rules: Clean, task: Task, out: Path) -> dict[str, Any]:
    check_columns(data, rules, source)
    sources.seal(source, out)
    read = cells_of(source, data, rules)
    judged = judging.judge(source, read, data.target, rules)
    stays = rejecting.reject(source, judged, rules)
    counts = _count(source, judged, rules, data.target)
    # Those that models may see, empty ones among them.
    features = [c for c in judged.kinds if c != data.target and rules.shows(c)]
    missing = _missing(source, [*features, data.target], judged, stays)
    dropped = describing.dropped(missing, rules, counts["kept"], data.target)
    kept = [column for column in features if column not in dropped]
    _check_rest(source, data.target, task, kept, judged)
    columns = [*kept, data.target]
    present = {column: counts["kept"] - missing[column] for column in columns}
    distinct, words = _write(source, columns, judged, stays, out / TABLE, present)
    rejecting.write(source, out / REJECTED)
    source.check_unchanged()
    named = {
        column: "named in clean.drop_columns"
        if column in rules.drop_columns
        else "not named in clean.keep_columns"
        for column in judged.kinds
        if column not in features and column != data.target
    }
    report = {
        **counts,
        "columns": {
            column: {
                "type": judged.kinds[column],
                "missing": missing[column],
                "distinct": distinct[column],
            }
            for column in columns
        },
        "dropped_columns": named | dropped,
        "mended": judged.mended,
        "sources": [part.name for part in source.parts],
        "missing_values": rules.missing_values,
        "reading": reading(data, rules, judged.kinds),
    }
    looks = likenesses.remarks(
        source.connection, out / TABLE, report["columns"], data.target, words
    )
    if task != "regression" and judged.kinds[data.target] != "text":
        looks += _merged(source, data.target)
    return {**report, "remarks": source.notes + looks + describing.remarks(report, data.target)}


def _missing(
    source: Source, columns: Sequence[str], judged: Judged, stays: NDArray[np.bool_]
) -> dict[str, int]:
    """How many cells are missing in columns of the rows that stay."""
    own = [column for column in columns if column not in judged.in_raw]
    in_raw = [column for column in columns if column in judged.in_raw]
    rows = int(stays.sum())
    present = describing.present(source.connection, KEPT, own, judged.kinds)
    if judged.held.parsed:
        gaps = [column for column in in_raw if column in judged.held.parsed.gaps]
        present |= dict.fromkeys(in_raw, rows) | judged.held.parsed.present(gaps, stays)
    return {column: rows - present[column] for column in columns}


def _write(
    source: Source,
    columns: Sequence[str],
    judged: Judged,
    stays: NDArray[np.bool_],
    path: Path,
    present: Mapping[str, int],
) -> tuple[dict[str, int], Mapping[str, Set[str]]]:
    """Write the rows that stay; count how many values their columns have, and tell texts if few."""
    connection, kinds, rows = source.connection, judged.kinds, int(stays.sum())
    with storing.writing(judged.held, columns, stays, path) as passing:
        many, few = describing.apart(passing.rows.schema.names, kinds)
        found = {}
        if few:
            connection.register(PASSING, passing.rows)
            found = describing.distinct(connection, PASSING, few, kinds, rows)
    # These are counted in several passes.
    rest = [column for alike in many for column in alike]
    found |= describing.distinct(connection, sources.rows_of(path), rest, kinds, rows)
    if rows > describing.EXACT:
        found = describing.settled(connection, sources.rows_of(path), found, kinds, present)
    found |= {column: len(texts) for column, texts in passing.words.items()}
    found |= {column: int(seen.sum()) for column, seen in passing.numbers.items()}
    return found, passing.words


def _merged(source: Source, target: str) -> list[str]:
    """Classes that the source writes in several ways, in words."""
    found = source.connection.execute(
        f"SELECT DISTINCT {LABEL} FROM {KEPT} WHERE {LABEL} IS NOT NULL ORDER BY {LABEL} "
        f"LIMIT {likenesses.CATEGORIES}"
    ).fetchall()
    two = likenesses.alike([row[0] for row in found])
    return [f"the target {shown(target)}: {two[0]!r} and {two[1]!r} are one class"] if two else []


def cells_of(source: Source, data: Data, rules: Clean) -> dict[str, Cell]:
    """How every column's cells are read."""
    return {
        column: Cell(
            column,
            kind,
            tuple(rules.column_missing_values.get(column, rules.missing_values)),
            rules.trim,
            rules.replace.get(column, {}),
            data.decimal,
        )
        for column, kind in source.columns.items()
    }


def reading(data: Data, rules: Clean, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """How cells were read, so that whoever scores a file later reads it alike."""
    layout = {"delimiter", "quote", "encoding", "decimal", "header", "columns"}
    of_cells = {"trim", "missing_values", "column_missing_values", "replace", "derive"}
    # A cast may hold only what is for its type, defaults aside.
    types = rules.model_dump(mode="json", include={"types"}, exclude_defaults=True)
    return {
        "data": data.model_dump(mode="json", include=layout, exclude_defaults=True),
        "clean": {**rules.model_dump(mode="json", include=of_cells), **types},
        "kinds": dict(kinds),
    }


def check_columns(data: Data, rules: Clean, source: Source) -> None:
    """Check that what is declared is there, and that what is derived is not.

    Raises:
        UserError: naming the declaration and the nearest column.
    """
    if len(source.columns) == 1 and not rules.derive:
        raise UserError(
            f"{data.path} has one column, {next(iter(source.columns))!r}, but a table needs a "
            "target and a feature: if its columns are there, set data.delimiter"
        )
    for column in rules.derive:
        if column.lower() in map(str.lower, source.columns) or column.startswith("tenfold_"):
            raise UserError(
                f"clean.derive.{column}: {data.path} has such a column already, or tenfold does: "
                "choose another name"
            )
    of_source: dict[str, Iterable[str]] = {
        "data.target": [data.target],
        "clean.types": rules.types,
        "clean.column_missing_values": rules.column_missing_values,
        "clean.replace": rules.replace,
        "clean.drop_duplicates.by": rules.keys,
    }
    of_any: dict[str, Iterable[str]] = {
        "clean.ranges": rules.ranges,
        "clean.allowed": rules.allowed,
        "clean.drop_columns": rules.drop_columns,
        "clean.keep_columns": rules.keep_columns,
    }
    for where, columns in of_source.items():
        _check_known(where, columns, source.columns, data.path)
    for where, columns in of_any.items():
        _check_known(where, columns, [*source.columns, *rules.derive], data.path)


def _check_known(where: str, columns: Iterable[str], known: Collection[str], path: str) -> None:
    for column in columns:
        if column not in known:
            headless = any(re.fullmatch(cells.NUMBER, name) for name in known)
            hint = "; is its header line missing? then set data.header: false" if headless else ""
            raise UserError(
                f"{where}: {path} has no column {column!r}; {nearest(column, known)}{hint}"
            )


def _count(source: Source, judged: Judged, rules: Clean, target: str) -> dict[str, Any]:
    """Rows read, kept and rejected by reason: always adding up."""
    connection = source.connection
    rejected, malformed = (
        dict(
            connection.execute(
                f"SELECT {REASON}, count(*) FROM {rows} GROUP BY ALL ORDER BY min({ROW})"
            ).fetchall()
        )
        for rows in (rejecting.GONE, MALFORMED)
    )
    read = judged.read + sum(malformed.values())
    kept = judged.read - sum(rejected.values())
    rejected |= malformed
    if kept == 0:
        most = dict(sorted(rejected.items(), key=lambda one: -one[1])[:MOST_REASONS])
        raise UserError(
            f"no row is left of {read}; rejected: {most}: mend the source, or loosen a rule of "
            "clean"
        )
    share = (read - kept) / read
    if share > rules.max_rejected:
        worst = max(rejected, key=lambda reason: rejected[reason])
        raise UserError(
            f"clean.max_rejected: {share:.1%} of {read} rows are rejected, more than "
            f"{rules.max_rejected:.1%}, most of them for {worst!r} ({rejected[worst]}): look at "
            "the source, or raise max_rejected"
        )
    lost, first = judged.no_target
    if lost:
        raise UserError(
            f"clean.drop_missing_target is false, but {lost} rows have no {target!r} (first: "
            f"{source.where(first)}): set it to true or fill them in"
        )
    return {"read": read, "kept": kept, "rejected": rejected}


def _check_rest(
    source: Source, target: str, task: Task, features: list[str], judged: Judged
) -> None:
    if "prediction" in features:
        raise UserError(
            "column 'prediction' has the name that an answer gets: rename it, or name it in "
            "clean.drop_columns"
        )
    if not features:
        raise UserError(
            f"no feature column is left beside the target {target!r}: drop fewer in "
            "clean.drop_columns or raise clean.max_missing"
        )
    if task != "regression" or judged.kinds[target] in ("integer", "double"):
        return
    stay = KEPT
    if target in judged.in_raw:
        stay = f"(FROM {RAW} ANTI JOIN {rejecting.GONE} USING ({ROW}))"
    words = f"{name(target)}::VARCHAR"
    row, value = source.connection.execute(
        f"SELECT {ROW}, {words} FROM {stay} ORDER BY {cells.matches(words, cells.NUMBER)}, "
        f"NOT {cells.matches(words, cells.PADDED)}, {ROW} LIMIT 1"
    ).fetchall()[0]
    raise UserError(
        f"task regression needs a numeric target, but {target!r} is {value!r} in "
        f"{source.where(row)}: change task or data.target, or declare it in clean.types"
    )
