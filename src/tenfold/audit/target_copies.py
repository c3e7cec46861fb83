"""Check for columns that are the target: recoded, rescaled, rounded, cut into ranges or as text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.audit import significance
from tenfold.audit.audited_column import AuditedColumn, dense_ranks
from tenfold.audit.finding import Observation
from tenfold.audit.split_table import SplitTable

NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")


def target_copy(table: SplitTable) -> Iterator[Observation]:
    """Columns that determine the target in every sampled row, where chance is ruled out."""
    for column in table.columns:
        how = kind_of_copy(table, column)
        if how:
            yield Observation(
                [column.name],
                f"{column.name!r} is the target {table.target!r} in disguise ({how}): a model "
                "would copy it and know nothing: name it in clean.drop_columns",
                {"kind": how},
            )


def kind_of_copy(table: SplitTable, column: AuditedColumn) -> str:
    """In what way a column is the target; empty if it is not."""
    values, y = table.train(column), table.y
    tried = len(table.columns)
    if table.task != "regression":
        missing = np.isnan(values)
        if _recodes(missing.astype(np.int64), y, tried):
            return "missing for one class and for no other"
        if _recodes(dense_ranks(values), y, tried):
            return "one value for each class"
        present = ~missing
        if missing.any() and _recodes(dense_ranks(values[present]), y[present], tried):
            return "one value for each class where it is present"
        return ""
    present = ~np.isnan(values)
    values, y = values[present], y[present]
    if column.kind == "text":
        numbers = _numbers_in(column.labels)[values.astype(np.int64)]
        if not np.isnan(numbers).any() and _same_order(numbers, y, tried):
            return "the same order, as text"
    elif _same_order(values, y, tried):
        return "a straight line" if _is_line(values, y) else "the same order"
    codes, targets = dense_ranks(values), dense_ranks(y)
    if 2 * len(np.unique(targets)) <= len(y) and _recodes(codes, targets, tried):
        return "one value for each value"
    return "ranges of it" if _cuts(codes, y, tried) else ""


def _recodes(codes: NDArray[np.int64], y: NDArray[Any], tried: int) -> bool:
    """Whether codes and target are in one-to-one correspondence."""
    n_codes, n_values = len(np.unique(codes)), len(np.unique(y))
    if n_codes != n_values or n_codes < 2:
        return False
    pairs = codes * (int(y.max()) + 1) + y
    if len(np.unique(pairs)) != n_codes:
        return False
    ways = significance.log_arrangements(codes) - math.lgamma(n_codes + 1)
    return significance.is_ruled_out(ways, tried)


def _same_order(values: NDArray[np.float64], y: NDArray[Any], tried: int) -> bool:
    """Whether no pair of rows is in another order; ties, which rounding makes, do not count."""
    if len(y) < 2:
        return False
    ways = min(significance.log_arrangements(values), significance.log_arrangements(y)) - math.log(
        2
    )
    if not significance.is_ruled_out(ways, tried):
        return False
    return any(
        bool(np.all(np.diff(sign * values[np.lexsort((sign * values, y))]) >= 0))
        for sign in (1, -1)
    )


def _is_line(values: NDArray[np.float64], y: NDArray[Any]) -> bool:
    """Whether numbers in the same or the opposite order lie on a straight line."""
    one, other = ((part - part.min()) / np.ptp(part) for part in (values, y))
    return bool(np.allclose(one, other, atol=1e-9) or np.allclose(1 - one, other, atol=1e-9))


def _cuts(codes: NDArray[np.int64], y: NDArray[Any], tried: int) -> bool:
    """Whether each code has a range of the target to itself."""
    n_codes = len(np.unique(codes))
    if n_codes < 2 or 2 * n_codes > len(codes):
        return False
    ways = significance.log_arrangements(codes) - math.lgamma(n_codes + 1)
    ordered = codes[np.lexsort((codes, y))]
    runs = 1 + int(np.sum(ordered[1:] != ordered[:-1]))
    return runs == n_codes and significance.is_ruled_out(ways, tried)


def _numbers_in(labels: tuple[str, ...]) -> NDArray[np.float64]:
    """The first number in each text, NaN where there is none."""
    found = [NUMBER.search(label.replace(",", "")) for label in labels]
    numbers = np.array([float(match.group()) if match else np.nan for match in found])
    return np.where(np.isfinite(numbers), numbers, np.nan)
