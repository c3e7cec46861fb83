"""Segments: parts of the table, described by few columns, in which the champion errs more.

A shallow regression tree of the rows' errors finds them (in the manner of Chung et al. 2019,
Automated data slicing). It grows on one half of the rows and is judged by the other, so that no
segment is worse by having been looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import Schema
from tenfold.inspection.held_out import SEED
from tenfold.metrics import Array
from tenfold.selection.comparison import mean_error_width

if TYPE_CHECKING:
    import pandas as pd

MAX_DEPTH = 3
MIN_ROWS, MIN_SHARE = 20, 0.02
MAX_ROWS = 20_000
MAX_CATEGORIES = 10
MAX_SEGMENTS = 5


@dataclass(frozen=True)
class Segment:
    """Rows of which the errors are surely greater than those of all.

    Attributes:
        description: which rows these are.
        rows: how many of those that judge.
        error: their mean, with the 95 % interval `low` to `high`.
        overall: the mean error of all rows that judge.
    """

    description: str
    rows: int
    error: float
    low: float
    high: float
    overall: float


def segments(
    X: pd.DataFrame, error: Array, schema: Schema, groups: NDArray[np.int64] | None = None
) -> list[Segment]:
    """The segments with greater errors, the worst first.

    Args:
        X: features (n, columns).
        error: of each row (n,).
        schema: the columns.
        groups: rows of one number are no independent draws (n,).
    """
    from sklearn.tree import DecisionTreeRegressor

    draw = np.random.default_rng(SEED)
    units = np.arange(len(error)) if groups is None else np.unique(groups, return_inverse=True)[1]
    half = draw.permutation(int(units.max()) + 1) % 2 == 0
    grows, judges = (np.flatnonzero(half[units] == side)[:MAX_ROWS] for side in (True, False))
    least = max(MIN_ROWS, int(MIN_SHARE * len(grows)))
    if min(len(grows), len(judges)) < 2 * least:
        return []
    names, table = _encoded(X, schema)
    tree = DecisionTreeRegressor(max_depth=MAX_DEPTH, min_samples_leaf=least, random_state=SEED)
    tree.fit(table[grows], error[grows])
    leaves = tree.apply(table[judges])
    overall, has_gaps = float(error[judges].mean()), np.isnan(table).any(axis=0)
    found = []
    for leaf in np.unique(leaves).tolist():
        own = judges[leaves == leaf]
        mean, low, high = _mean(error[own], units[own])
        if low > overall:
            said = _description(tree.tree_, leaf, names, has_gaps)
            found.append(Segment(said, len(own), mean, low, high, overall))
    return sorted(found, key=lambda one: -one.error)[:MAX_SEGMENTS]


def _mean(error: Array, units: NDArray[np.int64]) -> tuple[float, float, float]:
    """The mean of errors with its 95 % interval, by the means of what is drawn."""
    codes = np.unique(units, return_inverse=True)[1]
    of_units = np.bincount(codes, error) / np.bincount(codes)
    _, _, width = mean_error_width(of_units, 0.0)
    mean = float(error.mean())
    return mean, mean - float(width), mean + float(width)


def _encoded(X: pd.DataFrame, schema: Schema) -> tuple[list[tuple[str, Any]], Array]:
    """Columns for the tree: numbers and dates as they are, one 0/1 column for a frequent category.

    Returns:
        Of each the name and what it holds (a category, `number` or `date`), and the table.
    """
    names: list[tuple[str, Any]] = []
    columns: list[Array] = []
    for column in schema.numeric:
        names.append((column, "number"))
        columns.append(X[column].to_numpy(dtype=np.float64))
    for column in schema.dates:
        days = X[column].to_numpy().astype("datetime64[s]")
        numbers = days.astype(np.int64).astype(np.float64)
        names.append((column, "date"))
        columns.append(np.where(np.isnat(days), np.nan, numbers))
    for column in schema.categorical:
        for category in X[column].value_counts().index[:MAX_CATEGORIES]:
            names.append((column, [category]))
            columns.append((X[column] == category).to_numpy(dtype=np.float64))
    return names, np.column_stack(columns)


def _description(tree: Any, leaf: int, names: list[tuple[str, Any]], has_gaps: Any) -> str:
    """What the rows of a leaf have in common, in the order of the splits.

    Of several bounds on one side of a column, the last split has the tightest.
    """
    found: dict[tuple[str, str], str] = {}
    for node, goes_left in _way(tree, leaf):
        feature = int(tree.feature[node])
        column, kind = names[feature]
        if isinstance(kind, list):
            category = f"not {kind[0]}" if goes_left else str(kind[0])
            found[column, category] = f"{column} is {category}"
            continue
        sign = "<=" if goes_left else ">"
        said = f"{column} {sign} {_bound(float(tree.threshold[node]), kind)}"
        if has_gaps[feature] and goes_left == bool(tree.missing_go_to_left[node]):
            said = f"({said} or missing)"
        found[column, sign] = said
    return " and ".join(found.values())


def _bound(threshold: float, kind: str) -> str:
    return str(np.datetime64(int(threshold), "s"))[:10] if kind == "date" else f"{threshold:.4g}"


def _way(tree: Any, leaf: int) -> list[tuple[int, bool]]:
    """From the root to a leaf: each split, and whether the way goes left."""
    above = {}
    for node in range(tree.node_count):
        above[int(tree.children_left[node])] = (node, True)
        above[int(tree.children_right[node])] = (node, False)
    found = []
    node = leaf
    while node in above:
        node, goes_left = above[node]
        found.append((node, goes_left))
    return found[::-1]
