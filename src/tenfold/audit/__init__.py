"""Audit a split table for leaks and poor columns before anything is trained on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.audit import table_summary
from tenfold.audit.checks import CHECKS, Check
from tenfold.audit.finding import Finding
from tenfold.audit.split_table import SplitTable
from tenfold.dataset import ROW
from tenfold.metrics import Task
from tenfold.params import Params
from tenfold.params.audit import Audit, Level
from tenfold.runtime import UserError

__all__ = ["CHECKS", "Check", "Finding", "audit", "audit_files", "refuse"]


def audit(
    table: Any,
    target: str,
    task: Task,
    in_test: NDArray[np.bool_],
    rules: Audit,
    *,
    groups: str | Sequence[Any] | NDArray[Any] | None = None,
    time: str | Sequence[Any] | NDArray[Any] | None = None,
    features: Collection[str] | None = None,
    used: NDArray[np.bool_] | None = None,
    independent: bool = False,
    part: str | None = None,
    seed: int,
) -> list[Finding]:
    """Find leaks and poor columns in a split table; findings are in the order of `CHECKS`.

    Args:
        table: a clean table in source order, as Arrow or the path of a Parquet file.
        target: name of the target.
        task: what the target is.
        in_test: (n,) which rows are held out, of those that are used.
        rules: the level of every check.
        groups: which rows the split keeps on one side: a column's name, or a value for each row.
        time: the time by which the split orders rows: a column's name, or a value for each row.
        features: the columns that models see, by default all but the target. Other columns are not
            judged, but are compared where rows are.
        used: which rows of the table are in a part at all; by default all.
        independent: whether the split takes rows that are equal in all features for different ones.
        part: the column that says which rows are held out; it does not tell rows apart.
        seed: of the sample of a large table.
    """
    group_columns, time_columns = (
        (name,) if isinstance(name, str) else () for name in (groups, time)
    )
    summary = table_summary.read(
        table,
        target,
        task != "regression",
        in_test,
        (*group_columns, *time_columns),
        seed,
        part,
        used,
    )
    split = SplitTable(
        target,
        task,
        seed,
        summary,
        in_test,
        _of_all_rows(groups, summary),
        _of_all_rows(time, summary),
        group_columns,
        time_columns,
        None if features is None else frozenset(features),
        independent,
    )
    return [found for name in CHECKS for found in _findings(name, getattr(rules, name), split)]


def audit_files(
    table: Path,
    parts: Path,
    experiment: Params,
    features: Collection[str],
    *,
    independent: bool = False,
) -> list[Finding]:
    """Audit a clean table whose training and test rows lie in the folder `parts`.

    A given split is published as it is: copies across its parts are a warning unless `audit:` says
    otherwise, and nobody asks whether it should have been another.
    """
    import pyarrow.parquet as pq

    rules = experiment.audit
    if experiment.split.strategy == "given":
        mild: dict[str, Level] = {
            "identical_rows": "warn",
            "unused_group": "off",
            "unused_time": "off",
        }
        declared = rules.model_fields_set
        rules = rules.model_copy(
            update={check: level for check, level in mild.items() if check not in declared}
        )
    rows, trained, held_out = (
        pq.read_table(path, columns=[ROW])[ROW].to_numpy()
        for path in (table, parts / "train.parquet", parts / "test.parquet")
    )
    used = None
    if len(trained) + len(held_out) < len(rows):
        used = np.isin(rows, np.concatenate([trained, held_out]))
        rows = rows[used]
    return audit(
        str(table),
        experiment.data.target,
        experiment.task,
        np.isin(rows, held_out),
        rules,
        groups=experiment.split.group,
        time=experiment.split.time,
        features=features,
        used=used,
        independent=independent,
        part=experiment.split.column,
        seed=experiment.seed,
    )


def refuse(findings: Sequence[Finding]) -> None:
    """Refuse to go on if a finding is an error.

    Raises:
        UserError: with every error, and how to accept it.
    """
    errors = [
        f"{found.check}: {found.sentence}; to go on all the same, "
        f"set audit: {{{found.check}: warn}}"
        for found in findings
        if found.level == "error"
    ]
    if errors:
        raise UserError("\n       ".join(errors))


def _findings(name: str, level: Level, table: SplitTable) -> Iterator[Finding]:
    """The findings of one check; on the only feature they are warnings, as it cannot be dropped."""
    if level == "off":
        return
    only = [table.columns[0].name] if len(table.columns) == 1 else None
    for seen in CHECKS[name].function(table):
        mild = seen.doubtful or list(seen.columns) == only
        columns, figures = tuple(seen.columns), dict(seen.figures)
        yield Finding(name, "warn" if mild else level, columns, figures, seen.sentence)


def _of_all_rows(
    declared: str | Sequence[Any] | NDArray[Any] | None, summary: table_summary.TableSummary
) -> NDArray[np.int64] | None:
    """Groups or times of all rows as ordered numbers."""
    if declared is None:
        return None
    if isinstance(declared, str):
        return summary.whole[declared]
    return table_summary.as_ordered_numbers(declared)
