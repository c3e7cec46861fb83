"""What a strategy is given of a table, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset.folds import Folds


@dataclass(frozen=True)
class Units:
    """Rows that are never parted: `of` gives each row its unit, `first` each unit its first row.

    Units are numbered as they appear. Where every row is a unit of its own, both are all rows.
    """

    of: NDArray[np.int64] | slice = field(default_factory=lambda: slice(None))
    first: NDArray[np.int64] | slice = field(default_factory=lambda: slice(None))

    @property
    def apart(self) -> bool:
        """Whether every row is a unit of its own."""
        return isinstance(self.of, slice)


@dataclass(frozen=True)
class Times:
    """When each row was: numbers (n,), or microseconds if `dated`."""

    values: NDArray[Any]
    dated: bool


@dataclass(frozen=True)
class Deciding:
    """The columns of a clean table that decide how it is split, in its order of rows.

    Attributes:
        rows: their lines in the source.
        target: its name.
        y: values (n,), or codes (n,) into `classes`.
        classes: the labels, sorted; empty for regression.
        copies: rows that are equal in all features.
        groups: each row's code into `labels`, its group.
        times: when each row was.
        given: each row's code into `labels`, as the table itself says.
    """

    rows: NDArray[np.int64]
    target: str
    y: NDArray[Any]
    classes: Sequence[Any] = ()
    copies: Units = field(default_factory=Units)
    groups: NDArray[np.int64] | None = None
    times: Times | None = None
    given: NDArray[np.int64] | None = None
    labels: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Assignment:
    """Each row's part, and the folds of those in training; a row may be in neither part.

    Attributes:
        in_train: (n,) whether a row is trained on.
        in_test: (n,) whether it is held out.
        draw: gives the folds, which takes a while and can be done beside other work.
    """

    in_train: NDArray[np.bool_]
    in_test: NDArray[np.bool_]
    draw: Callable[[], Folds]

    @cached_property
    def folds(self) -> Folds:
        """What every training row is to every fold, drawn when it is first asked for."""
        return self.draw()

    @property
    def left_out(self) -> int:
        """How many rows are in neither part."""
        return len(self.in_train) - int(self.in_train.sum()) - int(self.in_test.sum())
