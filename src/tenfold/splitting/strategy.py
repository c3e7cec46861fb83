"""The contract of strategies: each is given `SplitColumns` and returns a `TrainTestSplit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset.folds import Folds


@dataclass(frozen=True)
class EqualRows:
    """Sets of rows that are equal in all features, numbered in order of appearance.

    Attributes:
        first: (sets,) the first row of each set.
        inverse: (n,) the set of each row; both are `slice(None)` if no two rows are equal.
    """

    first: NDArray[np.int64] | slice = field(default_factory=lambda: slice(None))
    inverse: NDArray[np.int64] | slice = field(default_factory=lambda: slice(None))

    @property
    def all_different(self) -> bool:
        """Whether no two rows are equal."""
        return isinstance(self.inverse, slice)

    def among(self, rows: NDArray[np.bool_]) -> EqualRows:
        """The sets of some flagged rows (n,), numbered anew."""
        if isinstance(self.inverse, slice):
            return self
        return EqualRows.of(self.inverse[rows])

    @classmethod
    def of(cls, values: NDArray[Any]) -> EqualRows:
        """The sets of rows with the same value (n,)."""
        _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
        by_appearance = np.argsort(first)
        number = np.empty_like(by_appearance)
        number[by_appearance] = np.arange(len(first))
        return cls(first[by_appearance], number[inverse])


@dataclass(frozen=True)
class Times:
    """The time of each row: numbers (n,), or microseconds since 1970 if `dated`."""

    values: NDArray[Any]
    dated: bool

    def shown(self, value: Any) -> Any:
        """A time as a number, or as the text of a date."""
        if not self.dated:
            return value.item()
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(value))
        return moment.replace(tzinfo=None).isoformat()


@dataclass(frozen=True)
class SplitColumns:
    """The columns of a clean table on which its split depends, in table order.

    Attributes:
        rows: (n,) line of each row in the source.
        target: name of the target.
        y: (n,) values of the target, or codes into `classes`.
        classes: the labels, sorted; empty for regression.
        copies: the rows that are equal in all features and stay on one side.
        n_copies: how many rows are equal to an earlier one in all features.
        n_parted: how many of these are in another given part.
        groups: (n,) codes into `labels`, if the strategy reads groups.
        times: the time of each row, if the strategy reads times.
        given: (n,) codes into `labels`, if the strategy reads each row's part.
    """

    rows: NDArray[np.int64]
    target: str
    y: NDArray[Any]
    classes: Sequence[Any] = ()
    copies: EqualRows = field(default_factory=EqualRows)
    n_copies: int = 0
    n_parted: int = 0
    groups: NDArray[np.int64] | None = None
    times: Times | None = None
    given: NDArray[np.int64] | None = None
    labels: Sequence[str] = ()

    def only(self, rows: NDArray[np.bool_]) -> SplitColumns:
        """The columns of some flagged rows (n,)."""
        times = self.times
        return replace(
            self,
            rows=self.rows[rows],
            y=self.y[rows],
            copies=self.copies.among(rows),
            groups=None if self.groups is None else self.groups[rows],
            times=None if times is None else replace(times, values=times.values[rows]),
            given=None if self.given is None else self.given[rows],
        )


@dataclass(frozen=True, eq=False)
class TrainTestSplit:
    """Training rows, test rows, and the folds of the training rows; a row may be in neither part.

    Attributes:
        in_train: (n,) whether a row is trained on.
        in_test: (n,) whether a row is held out.
        draw: makes the folds; it takes a while and may run beside other work.
    """

    in_train: NDArray[np.bool_]
    in_test: NDArray[np.bool_]
    draw: Callable[[], Folds]

    @cached_property
    def folds(self) -> Folds:
        """The role of every training row in every fold."""
        return self.draw()

    @property
    def left_out(self) -> int:
        """How many rows are in neither part."""
        return len(self.in_train) - int(self.in_train.sum()) - int(self.in_test.sum())
