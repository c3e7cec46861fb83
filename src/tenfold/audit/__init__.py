"""The audit of a split table: leaks and poor columns, found before anything is trained on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from tenfold.params.audit import Audit
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
    seed: int,
) -> list[Finding]:
    """Look for leaks and poor columns in a split table, in the order of `CHECKS`.

    Args:
        table: a clean table in source order, as Arrow or the path of a Parquet file.
        target: its column that is predicted.
        task: what the target is.
        in_test: (n,) which rows are held out.
        rules: the level of every check.
        groups: what the split keeps on one side: a column's name, or a value for each row.
        time: by what the split orders: a column's name, or a value for each row.
        features: the columns that models see, by default all but the target. Others are not judged,
            but tell rows from each other all the same.
        seed: which rows of a large table are looked at follows from it.
    """
    columns = tuple({name: None for name in (groups, time) if isinstance(name, str)})
    summary = table_summary.read(table, target, task != "regression", in_test, columns, seed)
    table = SplitTable(
        target,
        task,
        seed,
        summary,
        in_test,
        _whole(groups, summary),
        _whole(time, summary),
        (groups,) if isinstance(groups, str) else (),
        (time,) if isinstance(time, str) else (),
        None if features is None else frozenset(features),
    )
    return [
        found
        for name, check in CHECKS.items()
        if getattr(rules, name) != "off"
        for found in _findings(name, check, getattr(rules, name), table)
    ]


def audit_files(
    table: Path, test: Path, experiment: Params, features: Collection[str]
) -> list[Finding]:
    """Audit a clean table, of whose rows those in the file `test` are held out."""
    import pyarrow.parquet as pq

    rows, held_out = (pq.read_table(path, columns=[ROW])[ROW].to_numpy() for path in (table, test))
    return audit(
        str(table),
        experiment.data.target,
        experiment.task,
        np.isin(rows, held_out),
        experiment.audit,
        groups=experiment.split.group,
        time=experiment.split.time,
        features=features,
        seed=experiment.seed,
    )


def refuse(findings: Sequence[Finding]) -> None:
    """Refuse to go on when a finding is an error.

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


def _findings(name: str, check: Check, level: Any, table: SplitTable) -> list[Finding]:
    """What one check sees; the only feature is all there is to learn from, so it is no error."""
    only = [table.columns[0].name] if len(table.columns) == 1 else None
    return [
        Finding(
            name,
            "warn" if seen.doubtful or list(seen.columns) == only else level,
            tuple(seen.columns),
            dict(seen.figures),
            seen.sentence,
        )
        for seen in check.function(table)
    ]


def _whole(
    declared: str | Sequence[Any] | NDArray[Any] | None, summary: table_summary.TableSummary
) -> NDArray[np.int64] | None:
    """Groups or times of all rows as ordered numbers."""
    if declared is None:
        return None
    if isinstance(declared, str):
        return summary.named[declared]
    return table_summary.ordered(declared)
