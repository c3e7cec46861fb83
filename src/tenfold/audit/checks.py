"""The table of checks: name -> function, level and description, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tenfold.audit.distribution import imbalance, shift
from tenfold.audit.finding import Observation
from tenfold.audit.leaks import leak
from tenfold.audit.redundancy import constant, copied_columns, id_like, nearly_constant
from tenfold.audit.rows import group_crossing, identical_rows, label_conflicts, time_crossing
from tenfold.audit.split_table import SplitTable
from tenfold.audit.target_copies import target_copy
from tenfold.audit.unused import unused_group, unused_time
from tenfold.params.audit import Audit, Level


@dataclass(frozen=True)
class Check:
    """A check, with the default level and the description of its key under `audit:`."""

    function: Callable[[SplitTable], Iterator[Observation]]
    level: Level
    description: str


def _check(function: Callable[[SplitTable], Iterator[Observation]]) -> Check:
    field = Audit.model_fields[function.__name__]
    return Check(function, field.default, field.description or "")


CHECKS: dict[str, Check] = {
    function.__name__: _check(function)
    for function in (
        identical_rows,
        group_crossing,
        time_crossing,
        target_copy,
        leak,
        id_like,
        copied_columns,
        constant,
        nearly_constant,
        shift,
        unused_group,
        unused_time,
        imbalance,
        label_conflicts,
    )
}
