"""Partial dependence: what the champion predicts on average as one column takes each value.

Source: Friedman 2001, Greedy function approximation. The mean is over rows of the table in which
the column alone is replaced, so it shows combinations that may not occur.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import Schema
from tenfold.inspection.held_out import SEED, HeldOut
from tenfold.metrics import Array

if TYPE_CHECKING:
    import pandas as pd

N_COLUMNS = 6
N_VALUES = 20
# Categories of a column, and classes of a target.
MAX_CATEGORIES = 10
MAX_CLASSES = 6
N_ROWS = 100
# Rarer values are seldom what a column is about.
TAIL = 0.01


@dataclass(frozen=True)
class Dependence:
    """The mean prediction at each value of a column.

    Attributes:
        column: its name.
        kind: number, date or category.
        values: of the column (v,), in order.
        mean: of the prediction (v,), or (v, C) of probabilities.
        low, high: the least and the greatest of the models, like `mean`; None of a single one.
    """

    column: str
    kind: str
    values: Sequence[Any]
    mean: Array
    low: Array | None
    high: Array | None


def partial_dependence(
    held_out: HeldOut, schema: Schema, columns: Sequence[str]
) -> list[Dependence]:
    """How the champion answers to some columns.

    Args:
        held_out: the models, and the rows in which values are replaced.
        schema: the columns.
        columns: those asked about.
    """
    import pandas as pd

    X = pd.concat([own.X for own in held_out.sets], ignore_index=True)
    draw = np.random.default_rng(SEED)
    rows = X.iloc[np.sort(draw.permutation(len(X))[:N_ROWS])]
    grids = {column: grid(X[column], schema) for column in columns}
    grids = {column: values for column, values in grids.items() if len(values) > 1}
    if not grids:
        return []
    asked = pd.concat([replaced(rows, *one) for one in grids.items()], ignore_index=True)
    each = np.stack([own.predict(asked) for own in held_out.sets])
    ends = np.cumsum([len(rows) * len(values) for values in grids.values()])[:-1]
    found = []
    for (column, values), own in zip(grids.items(), np.split(each, ends, axis=1), strict=True):
        means = averages(own, len(values))
        low, high = (means.min(axis=0), means.max(axis=0)) if len(means) > 1 else (None, None)
        kind = _kind(schema, column)
        found.append(Dependence(column, kind, values.tolist(), means.mean(axis=0), low, high))
    return found


def _kind(schema: Schema, column: str) -> str:
    if column in schema.categorical:
        return "category"
    return "date" if column in schema.dates else "number"


def grid(cells: pd.Series[Any], schema: Schema) -> NDArray[Any]:
    """Values at which to ask: quantiles of numbers and dates, the most frequent categories."""
    if cells.name in schema.categorical:
        return np.array(cells.value_counts().index[:MAX_CATEGORIES].tolist(), dtype=object)
    present = np.sort(cells.dropna().to_numpy())
    if not len(present):
        return present
    places = np.linspace(TAIL, 1 - TAIL, N_VALUES) * (len(present) - 1)
    return np.unique(present[np.round(places).astype(int)])


def replaced(rows: pd.DataFrame, column: str, values: NDArray[Any]) -> pd.DataFrame:
    """The rows with each value in turn in a column: (values x rows, columns)."""
    import pandas as pd

    stacked: pd.DataFrame = pd.concat([rows] * len(values), ignore_index=True)
    stacked[column] = pd.Series(np.repeat(values, len(rows))).astype(rows[column].dtype)
    return stacked


def averages(predictions: Array, n_values: int) -> Array:
    """The mean prediction of each model at each value: (models, v) or (models, v, C)."""
    shape = (len(predictions), n_values, -1, *predictions.shape[2:])
    means: Array = predictions.reshape(shape).mean(axis=2)
    return means
