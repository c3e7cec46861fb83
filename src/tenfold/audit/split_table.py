"""What every check is given: the sampled training rows, the sampled test rows, the whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.audit.audited_column import AuditedColumn, mix
from tenfold.audit.table_summary import TableSummary
from tenfold.metrics import Task
from tenfold.runtime import derive_seed


@dataclass(frozen=True)
class SplitTable:
    """A split table. Checks that judge a column's tie to the target look at training rows only.

    `groups` and `time` have one number for each row, -1 where missing, if the split declared them;
    `group_columns` and `time_columns` are the columns they were read from, if any; `features` those
    that models see, all if None.
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

    @cached_property
    def columns(self) -> list[AuditedColumn]:
        """The features."""
        seen = self.features
        return [c for c in self.summary.columns if seen is None or c.name in seen]

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
        """Positions of all rows whose features another row has too, and a number per set."""
        order = np.argsort(self.summary.fingerprints, kind="stable")
        sorted_ = self.summary.fingerprints[order]
        same = sorted_[1:] == sorted_[:-1]
        in_set = np.concatenate([[False], same]) | np.concatenate([same, [False]])
        number = np.cumsum(np.concatenate([[True], ~same]))
        return order[in_set], number[in_set]

    @cached_property
    def identities(self) -> NDArray[np.uint64]:
        """A fingerprint of features and target of the rows in `twins`."""
        rows = self.twins[0]
        labels = np.ascontiguousarray(self.summary.y[rows]).view(np.uint64)
        return np.asarray(mix(self.summary.fingerprints[rows] ^ mix(labels)))

    def expected_twins(self, rows: NDArray[np.int64], among: NDArray[np.int64]) -> float:
        """How many of some sampled rows would have a twin among others by chance.

        Both are places in the sample; the target is a column too. A row with n neighbours that
        differ from it in one column only, whose values agree with probability p, would by chance
        have n p / (1 - p) twins.
        """
        y = self.summary.y[self.summary.sample]
        columns = self.summary.columns
        codes = [*(column.codes for column in columns), np.unique(y, return_inverse=True)[1]]
        cells = [_bits(each, place) for place, each in enumerate(codes)]
        total = np.asarray(np.sum(cells, axis=0, dtype=np.uint64))
        twins = _count(total[rows], total[among])
        expected = np.zeros(len(rows))
        for each, cell in zip(codes, cells, strict=True):
            rest = total - cell
            neighbours = _count(rest[rows], rest[among]) - twins
            agree = _agreement(each)
            if agree < 1:
                expected += neighbours * agree / (1 - agree)
        return float(np.minimum(expected, 1).sum())


def _count(asked: NDArray[np.uint64], held: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How often each number asked for is held."""
    held = np.sort(held)
    return np.searchsorted(held, asked, "right") - np.searchsorted(held, asked, "left")


def _agreement(codes: NDArray[np.int64]) -> float:
    """The probability that two rows have the same value."""
    counts = np.unique(codes, return_counts=True)[1].astype(np.float64)
    return float(np.sum(counts * (counts - 1)) / (len(codes) * max(len(codes) - 1, 1)))


def _bits(codes: NDArray[np.int64], salt: int) -> NDArray[np.uint64]:
    return mix(np.ascontiguousarray(codes).view(np.uint64), salt)
