"""The folds: which rows each trains on and which it validates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.runtime import UserError

ROW = "tenfold_row"
FOLD = "tenfold_fold"
UNUSED, TRAIN, VAL = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Folds:
    """The role of each row in each fold: `membership` (folds, rows) of UNUSED, TRAIN or VAL."""

    membership: NDArray[np.int8]

    @classmethod
    def of(cls, fold: NDArray[np.integer]) -> Folds:
        """k-fold: row i validates fold `fold[i]` and trains all others.

        >>> Folds.of(np.array([0, 1, 1])).membership.tolist()
        [[2, 1, 1], [1, 2, 2]]
        """
        membership = np.full((int(fold.max()) + 1, len(fold)), TRAIN, np.int8)
        for number, own in enumerate(membership):
            np.copyto(own, VAL, where=fold == number)
        return cls(membership)

    @property
    def n(self) -> int:
        """The number of folds."""
        return len(self.membership)

    def count(self, role: int) -> list[int]:
        """How many rows are UNUSED, TRAIN or VAL in each fold."""
        return [int(np.count_nonzero(own == role)) for own in self.membership]

    def train(self, number: int) -> NDArray[np.int64]:
        """The positions of the rows that a fold trains on, in table order."""
        return np.flatnonzero(self.membership[number] == TRAIN)

    def val(self, number: int) -> NDArray[np.int64]:
        """The positions of the rows that a fold validates, in table order."""
        return np.flatnonzero(self.membership[number] == VAL)

    @cached_property
    def validated(self) -> NDArray[np.int64]:
        """The positions of the rows that any fold validates, in table order."""
        return np.flatnonzero((self.membership == VAL).any(axis=0))

    @cached_property
    def validations(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Position of the row and number of the fold, of every row that a fold validates.

        In table order; a row that several folds validate stands there for each of them.
        """
        rows, folds = np.nonzero((self.membership == VAL).T)
        return rows, folds

    def by_fold(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        """Values in the order of `validations`, parted by fold."""
        order = np.argsort(self.validations[1], kind="stable")
        return np.split(values[order], np.cumsum(self.count(VAL))[:-1])

    @property
    def even(self) -> bool:
        """Whether all rows are validated equally often, as in (repeated) k-fold."""
        times = (self.membership == VAL).sum(axis=0)
        return bool((times == times[0]).all())


def write(path: Path, folds: Folds, rows: NDArray[np.int64]) -> None:
    """Write the source rows and a column of int8 per fold as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {f"{FOLD}_{number}": part for number, part in enumerate(folds.membership)}
    pq.write_table(
        pa.table({ROW: rows, **columns}),
        path,
        compression="snappy",
        write_statistics=False,
        use_dictionary=list(columns),
        # Source rows ascend, mostly by one.
        column_encoding={ROW: "DELTA_BINARY_PACKED"},
    )


def read(path: Path, rows: NDArray[np.int64]) -> Folds:
    """Read the folds of the training table whose source rows are `rows`.

    Raises:
        UserError: if the file is of another table.
    """
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    if not np.array_equal(table[ROW].to_numpy(), rows):
        raise UserError(f"{path} holds other rows than the training table: run `dvc repro split`")
    return Folds(np.stack([column.to_numpy() for column in table.columns[1:]]))
