"""The split stage's tables as arrays to learn from, and predictions written beside their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import folds
from tenfold.dataset.folds import FOLD, ROW, Folds
from tenfold.dataset.schema import Schema
from tenfold.metrics import Array
from tenfold.runtime import UserError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """Rows ready to learn from: features X (n, columns), target y (n,), source rows, folds.

    Rows of the same number in `groups` (n,) are no independent draws.
    """

    schema: Schema
    X: pd.DataFrame
    y: NDArray[np.generic]
    rows: NDArray[np.int64]
    folds: Folds | None = None
    groups: NDArray[np.int64] | None = None


def read(
    path: Path, schema: Schema, membership: Path | None = None, group: str | None = None
) -> Dataset:
    """Read a Parquet table written by the split stage.

    Args:
        path: of the table.
        schema: its columns.
        membership: the file of its folds, if they are wanted.
        group: the column that groups its rows, if one does.
    """
    import pandas as pd

    table = pd.read_parquet(path)
    rows = table[ROW].to_numpy(dtype=np.int64)
    return Dataset(
        schema=schema,
        X=schema.frame(table),
        y=schema.encode(table[schema.target]),
        rows=rows,
        folds=None if membership is None else folds.read(membership, rows),
        groups=None if group is None else pd.factorize(table[group])[0].astype(np.int64),
    )


def write_predictions(path: Path, dataset: Dataset, prediction: Array) -> None:
    """Write each row's source row, true value or label, and prediction as Parquet.

    Regression has `prediction`; classes have a column `probability_<label>` each. Of a table
    with folds, the predictions are of the rows that these validate.
    """
    predicted = np.arange(len(dataset.rows))
    if dataset.folds is not None:
        predicted = dataset.folds.validated
    _write(path, dataset, predicted, prediction)


def write_out_of_fold(path: Path, dataset: Dataset, predictions: Sequence[Array]) -> None:
    """Write as `write_predictions` does what each fold's model predicts for its validation rows.

    Rows are in the table's order. If a row is validated repeatedly, so that it has several
    predictions, the column `FOLD` says whose each is.
    """
    assert dataset.folds is not None, "the training table has no folds"
    positions, fold = dataset.folds.validations
    order = np.argsort(fold, kind="stable")
    together = np.concatenate(predictions)
    in_table_order = np.empty_like(together)
    in_table_order[order] = together
    repeated = len(dataset.folds.validated) < len(positions)
    _write(path, dataset, positions, in_table_order, {FOLD: fold} if repeated else {})


def read_out_of_fold(path: Path, dataset: Dataset) -> list[Array]:
    """What `write_out_of_fold` wrote: the predictions of each fold's validation rows.

    Raises:
        UserError: if the file is of other folds.
    """
    import pandas as pd

    assert dataset.folds is not None, "the training table has no folds"
    table = pd.read_parquet(path)
    if not np.array_equal(table[ROW], dataset.rows[dataset.folds.validations[0]]):
        raise UserError(f"{path} holds predictions of other folds: run `dvc repro --force`")
    names = [f"probability_{label}" for label in dataset.schema.classes]
    written = table[names or "prediction"].to_numpy(dtype=np.float64)
    return dataset.folds.by_fold(written)


def _write(
    path: Path,
    dataset: Dataset,
    predicted: NDArray[np.int64],
    prediction: Array,
    others: Mapping[str, NDArray[np.int64]] = MappingProxyType({}),
) -> None:
    import pandas as pd

    columns: dict[str, Any] = {ROW: dataset.rows[predicted], **others}
    y, classes = dataset.y[predicted], dataset.schema.classes
    if classes:
        columns["true"] = np.array(classes)[y.astype(np.int64)]
        for code, label in enumerate(classes):
            columns[f"probability_{label}"] = prediction[:, code]
    else:
        columns |= {"true": y, "prediction": prediction}
    pd.DataFrame(columns).to_parquet(path, index=False)
