"""The split stage's tables as arrays to learn from, and predictions written beside their rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import folds
from tenfold.dataset.folds import ROW, Folds
from tenfold.dataset.schema import Schema
from tenfold.metrics import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """Rows ready to learn from: features X (n, columns), target y (n,), source rows, folds."""

    schema: Schema
    X: pd.DataFrame
    y: NDArray[np.generic]
    rows: NDArray[np.int64]
    folds: Folds | None = None


def read(path: Path, schema: Schema, membership: Path | None = None) -> Dataset:
    """Read a Parquet table written by the split stage, and the folds of its rows."""
    import pandas as pd

    table = pd.read_parquet(path)
    rows = table[ROW].to_numpy(dtype=np.int64)
    return Dataset(
        schema=schema,
        X=schema.frame(table),
        y=schema.encode(table[schema.target]),
        rows=rows,
        folds=None if membership is None else folds.read(membership, rows),
    )


def write_predictions(path: Path, dataset: Dataset, prediction: Array) -> None:
    """Write each row's source row, true value or label, and prediction as Parquet.

    Regression has `prediction`; classes have a column `probability_<label>` each. Of a table
    with folds, the predictions are of the rows that these validate.
    """
    import pandas as pd

    predicted = slice(None) if dataset.folds is None else dataset.folds.validated
    columns: dict[str, Any] = {ROW: dataset.rows[predicted]}
    y, classes = dataset.y[predicted], dataset.schema.classes
    if classes:
        columns["true"] = np.array(classes)[y.astype(np.int64)]
        for code, label in enumerate(classes):
            columns[f"probability_{label}"] = prediction[:, code]
    else:
        columns |= {"true": y, "prediction": prediction}
    pd.DataFrame(columns).to_parquet(path, index=False)
