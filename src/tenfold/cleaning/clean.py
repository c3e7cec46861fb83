"""Row-local rules in; clean rows, and rejected rows with their source, line and reason, out.

The source is read once to type and judge every row; the source's own cells of the rows that go, and
of a few others, are looked up again. Rows are held on disk, never in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from tenfold import runtime, sources
from tenfold.cleaning import (
    cells,
    clean_table,
    duplicates,
    expressions,
    rule_checks,
    warnings,
)
from tenfold.cleaning.declared_columns import declared_columns
from tenfold.cleaning.duplicates import GONE
from tenfold.cleaning.expressions import ROWS
from tenfold.cleaning.odd_cells import unfit_cells, unlikely_dates
from tenfold.cleaning.plan import CleaningPlan
from tenfold.cleaning.rules import JudgedRows, judge
from tenfold.dataset import ROW
from tenfold.metrics import Task
from tenfold.params import Clean, Data
from tenfold.runtime import UserError
from tenfold.sources import MALFORMED, REASON, Kind, Source, Unsound, name

# Reasons that a message lists.
MAX_REASONS = 5
TABLE, REJECTED = "table.parquet", "rejected.parquet"


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
    for careful in (False, True):
        source = sources.read(data, careful=careful, limit=limit)
        try:
            return _clean(source, data, rules, task, out)
        except (duckdb.Error, Unsound) as error:
            runtime.check_interrupted()
            source.check_unchanged()
            # An expression that fails on a row fails on it however the source is read.
            if isinstance(error, duckdb.Error):
                expressions.try_out(source, rules)
            refusal = _unreadable(data.path, error)
    raise refusal


def _unreadable(path: str, error: duckdb.Error | Unsound) -> UserError:
    if isinstance(error, Unsound):
        return UserError(f"data.path: {path} does not hold what it says ({error}): write it again")
    return UserError(
        f"{path} cannot be read: {sources.first_line(error)}: is it damaged? Write it again"
    )


def _clean(source: Source, data: Data, rules: Clean, task: Task, out: Path) -> dict[str, Any]:
    target = data.target
    rule_checks.check_names(source, data, rules)
    sources.seal(source, out)
    columns = declared_columns(source, data, rules)
    judged = judge(CleaningPlan(source, target, columns), rules)
    stays, note = duplicates.reject(judged, rules.drop_duplicates)
    counts, kinds = _count(judged, rules), judged.plan.kinds
    hidden = judged.plan.hidden
    how_read = reading(data, rules, kinds)
    # Those that models may see, empty ones among them.
    unseen = {target, *hidden}
    features = [column for column in kinds if column not in unseen]
    present = judged.stored.present([*features, target], stays)
    missing = {column: counts["kept"] - present[column] for column in (*features, target)}
    empty = clean_table.too_empty(judged, missing, counts["kept"], rules.max_missing)
    kept = [column for column in features if column not in empty]
    _check_rest(judged, task, kept, hidden | empty)
    distinct, texts = clean_table.write(judged, [*kept, target], stays, present, out / TABLE)
    duplicates.write(source, out / REJECTED)
    source.check_unchanged()
    described = {
        column: {
            "type": kinds[column],
            "missing": missing[column],
            "distinct": distinct[column],
        }
        for column in (*kept, target)
    }
    odd = [
        *unfit_cells(judged, counts["rejected"]),
        *unlikely_dates(judged, out / TABLE, [c for c in described if kinds[c] == "date"]),
    ]
    found = warnings.warnings(judged, out / TABLE, counts, described, task, texts)
    return {
        **counts,
        "columns": described,
        "dropped_columns": hidden | empty,
        "mended": judged.edits,
        "sources": [part.name for part in source.parts],
        "missing_values": rules.missing_values,
        "reading": how_read,
        "remarks": [*source.notes, *filter(None, [note]), *found],
        **({"odd_cells": odd} if odd else {}),
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


def _count(judged: JudgedRows, rules: Clean) -> dict[str, Any]:
    """Rows read, kept and rejected by reason: always adding up."""
    source = judged.plan.source
    rejected, malformed = (
        dict(
            source.connection.execute(
                f"SELECT {REASON}, count(*) FROM {rows} GROUP BY ALL ORDER BY min({ROW})"
            ).fetchall()
        )
        for rows in (GONE, MALFORMED)
    )
    read = judged.n_read + sum(malformed.values())
    kept = judged.n_read - sum(rejected.values())
    rejected |= malformed
    if kept == 0:
        most = dict(sorted(rejected.items(), key=lambda one: -one[1])[:MAX_REASONS])
        raise UserError(
            f"no row is left of {read}; rejected: {most}: mend the source, or loosen a rule of "
            f"clean{_first_unfit(judged, rejected)}"
        )
    share = (read - kept) / read
    if share > rules.max_rejected:
        worst = max(rejected, key=lambda reason: rejected[reason])
        raise UserError(
            f"clean.max_rejected: {share:.1%} of {read} rows are rejected, more than "
            f"{rules.max_rejected:.1%}, most of them for {worst!r} ({rejected[worst]}): look at "
            f"the source, or raise max_rejected{_first_unfit(judged, rejected)}"
        )
    lost, first = judged.no_target
    if lost:
        raise UserError(
            f"clean.drop_missing_target is false, but {lost} rows have no {judged.plan.target!r} "
            f"(first: {source.where(first)}): set it to true or fill them in"
        )
    return {"read": read, "kept": kept, "rejected": rejected}


def _first_unfit(judged: JudgedRows, rejected: Mapping[str, int]) -> str:
    """The cells that do not fit their declared type in the first column that has any."""
    return next((f". {sentence}" for sentence in unfit_cells(judged, rejected)), "")


def _check_rest(
    judged: JudgedRows, task: Task, features: Sequence[str], dropped: Mapping[str, str]
) -> None:
    """Check that something is left to learn from and to predict."""
    source, target = judged.plan.source, judged.plan.target
    if "prediction" in features:
        raise UserError(
            "column 'prediction' has the name that an answer gets: rename it, or name it in "
            "clean.drop_columns"
        )
    if not features:
        raise UserError(
            f"no feature column is left beside the target {target!r}{_why(dropped)}: keep one of "
            "them, or add a column with values"
        )
    if task != "regression" or judged.plan.kinds[target] in ("integer", "double"):
        return
    words = f"{name(target)}::VARCHAR"
    row, value = source.connection.execute(
        f"SELECT {ROW}, {words} FROM {ROWS} ANTI JOIN {GONE} USING ({ROW}) "
        f"ORDER BY {cells.matches(words, cells.NUMBER)}, "
        f"NOT {cells.matches(words, cells.PADDED)}, {ROW} LIMIT 1"
    ).fetchall()[0]
    raise UserError(
        f"task regression needs a numeric target, but {target!r} is {value!r} in "
        f"{source.where(row)}: change task or data.target, or declare it in clean.types"
    )


def _why(dropped: Mapping[str, str]) -> str:
    """Why columns are dropped, in brackets: each reason with the first columns."""
    columns: dict[str, list[str]] = {}
    for column, why in dropped.items():
        columns.setdefault(why, []).append(repr(column))
    said = [
        f"{', '.join(named[:MAX_REASONS])}{', ...' if len(named) > MAX_REASONS else ''}: {why}"
        for why, named in columns.items()
    ]
    return f" ({'; '.join(said[:MAX_REASONS])})" if said else ""
