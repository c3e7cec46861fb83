"""Checks of columns that the split could use: likely groups and times, where they change scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.audit.audited_column import AuditedColumn
from tenfold.audit.finding import Observation, rounded
from tenfold.audit.optimism import MIN_DROP, SplitComparison, compare_splits
from tenfold.audit.split_table import SplitTable
from tenfold.dataset import dates
from tenfold.dataset.profile import ColumnCounts, is_likely_group, is_likely_time, may_be_group

if TYPE_CHECKING:
    import pandas as pd

# Each takes half a second.
MAX_MEASURED = 3
# What is a group by nothing but its many values must change more: a town that comes again is none.
UNNAMED_DROPS = 4


def unused_group(table: SplitTable) -> Iterator[Observation]:
    """Likely groups whose new values score lower than rows drawn by chance."""
    if table.groups is not None:
        return
    counts = {column.name: _counts(table, column) for column in table.summary.columns}
    named = [name for name, own in counts.items() if is_likely_group(name, own)]
    others = [name for name, own in counts.items() if may_be_group(own) and name not in named]
    for name in (*named, *others)[:MAX_MEASURED]:
        found = _compare(table, name, "group")
        if found is None or not found.matters:
            continue
        drop = found.by_chance - found.honest
        if name in others and drop < UNNAMED_DROPS * MIN_DROP[found.metric]:
            continue
        ordered = "".join(f", time: {time}" for time in table.time_columns)
        use = f"strategy: {'time' if ordered else 'grouped'}{ordered}, group: {name}"
        seen = any(column.name == name for column in table.columns)
        yield Observation(
            [name],
            f"rows with the same {name!r} resemble each other, and it is {'a' if seen else 'no'} "
            f"feature: {found} (a quick model): if the model will be asked about new ones, set "
            f"split: {{{use}}}; if about these, set audit: {{unused_group: off}}",
            _figures(found),
        )


def unused_time(table: SplitTable) -> Iterator[Observation]:
    """Likely times by which later rows score lower than rows drawn by chance."""
    if table.time is not None:
        return
    likely = [
        column.name
        for column in table.summary.columns
        if is_likely_time(column.name, _counts(table, column))
    ]
    for name in likely[:MAX_MEASURED]:
        found = _compare(table, name, "time")
        if found is not None and found.matters:
            grouped = "".join(f", group: {group}" for group in table.group_columns)
            yield Observation(
                [name],
                f"later rows by {name!r} are harder to predict: {found} (a quick model): if the "
                f"model will be asked about the future, set split: {{strategy: time, time: {name}"
                f"{grouped}}}, where {name!r} is no feature; if not, set audit: {{unused_time: "
                "off}",
                _figures(found),
            )


def _compare(
    table: SplitTable, name: str, kind: Literal["group", "time"]
) -> SplitComparison | None:
    """Both scores, of models that see the features, measured on training rows."""
    import pandas as pd

    features = [column.name for column in table.columns]
    wanted = {name, *features}
    frame = pd.DataFrame(
        {
            column.name: _cells(table, column)
            for column in table.summary.columns
            if column.name in wanted
        }
    )
    target = "target" if "target" not in frame else max(frame.columns, key=len) + "_"
    frame[target] = table.y
    return compare_splits(frame, target, table.task, name, kind, features=features, seed=table.seed)


def _cells(table: SplitTable, column: AuditedColumn) -> pd.Series[Any]:
    """A column's training cells: numbers, dates, texts as categories."""
    import pandas as pd

    values = table.train(column)
    if column.kind != "text":
        return _dates(values) if column.kind == "date" else pd.Series(values)
    codes = np.where(np.isnan(values), -1, values).astype(np.int64)
    if _holds_dates(column):
        moments = dates.parse(pd.Series(column.labels, dtype=object))[0].astype(np.float64)
        return _dates(np.where(codes < 0, np.nan, moments[codes]))
    return pd.Series(np.array([*column.labels, None], dtype=object)[codes])


def _dates(microseconds: NDArray[np.float64]) -> pd.Series[Any]:
    import pandas as pd

    missing = np.isnan(microseconds)
    moments = np.where(missing, 0, microseconds).astype(np.int64).astype("datetime64[us]")
    return pd.Series(np.where(missing, np.datetime64("NaT"), moments))


def _counts(table: SplitTable, column: AuditedColumn) -> ColumnCounts:
    """How many values a column has, where texts that are all dates count as dates."""
    counts = column.counts(len(table.in_test))
    if not _holds_dates(column):
        return counts
    return ColumnCounts("date", counts.rows, counts.present, counts.distinct)


def _holds_dates(column: AuditedColumn) -> bool:
    labels = column.labels
    return column.kind == "text" and bool(labels) and all(map(dates.ISO.fullmatch, labels))


def _figures(found: SplitComparison) -> dict[str, Any]:
    return {f"{found.metric}_{kind}": rounded(score) for kind, score in found.scores.items()}
