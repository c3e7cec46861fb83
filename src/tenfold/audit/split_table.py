"""What every check is given: a split table, as fingerprints of all rows and a sample of cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.audit.audited_column import AuditedColumn
from tenfold.audit.table_summary import TableSummary
from tenfold.dataset.copies import expected_twins, scramble
from tenfold.metrics import Task
from tenfold.runtime import derive_seed


@dataclass(frozen=True)
class SplitTable:
    """A split table. Checks of a column's relation to the target look at training rows only.

    Attributes:
        target: name of the target.
        seed: of the experiment.
        summary: the table.
        in_test: (n,) which rows are held out.
        groups: (n,) group of each row, -1 where missing, if the split declared groups.
        time: (n,) time of each row as an ordered number, -1 where missing, likewise.
        group_columns: the column that groups were read from, if any.
        time_columns: the column that times were read from, if any.
        features: the columns that models see; all if None.
        independent: whether the split takes rows that are equal in all features for different ones.
    """

    target: str
    task: Task
    seed: int
    summary: TableSummary
    in_test: NDArray[np.bool_]
    groups: NDArray[np.int64] | None
    time: NDArray[np.int64] | None
    group_columns: tuple[str, ...] = ()
    time_columns: tuple[str, ...] = ()
    features: frozenset[str] | None = None
    independent: bool = False

    @cached_property
    def columns(self) -> list[AuditedColumn]:
        """The features."""
        features = self.features
        return [c for c in self.summary.columns if features is None or c.name in features]

    @property
    def n_train(self) -> int:
        """How many of the sampled rows are training rows; they come first."""
        return self.summary.n_train

    @cached_property
    def y(self) -> NDArray[Any]:
        """The target of the sampled training rows: values, or class codes."""
        return self.summary.y[self.summary.sample[: self.n_train]]

    def train(self, column: AuditedColumn) -> NDArray[np.float64]:
        """A column's values in the sampled training rows."""
        return column.values[: self.n_train]

    def seed_for(self, *parts: Any) -> int:
        """The seed of one piece of work."""
        return derive_seed(self.seed, "audit", *parts)

    @cached_property
    def twins(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of all rows that equal another in all features, and the number of their set."""
        order = np.argsort(self.summary.fingerprints, kind="stable")
        fingerprints = self.summary.fingerprints[order]
        same = fingerprints[1:] == fingerprints[:-1]
        in_set = np.concatenate([[False], same]) | np.concatenate([same, [False]])
        number = np.cumsum(np.concatenate([[True], ~same]))
        return order[in_set], number[in_set]

    @cached_property
    def twin_identities(self) -> NDArray[np.uint64]:
        """A fingerprint of features and target of each row in `twins`."""
        rows = self.twins[0]
        labels = np.ascontiguousarray(self.summary.y[rows]).view(np.uint64)
        return np.asarray(scramble(self.summary.fingerprints[rows] ^ scramble(labels)))

    def expected_twins(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> float:
        """How many of some sampled rows equal one of the others in all columns by chance.

        Both are places in the sample; the target counts as a column.
        """
        y = self.summary.y[self.summary.sample]
        columns = [*(column.codes for column in self.summary.columns)]
        columns.append(np.unique(y, return_inverse=True)[1])
        return expected_twins(columns, rows, others)[0]
