"""The champion's out-of-fold predictions, as rows of one table that can be cross-fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import Dataset
from tenfold.metrics import Array
from tenfold.selection.bootstrap import Units
from tenfold.training.leave_one_out import overlapping

# With more folds, as of many repetitions, a fit for each would take minutes.
MAX_FOLDS = 100

# What is fitted to predictions and truths, and turns predictions into others.
Fit = Callable[[Array, NDArray[Any]], Callable[[Array], Any]]


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of the rows that the folds validate, one fold after the other.

    Attributes:
        train: the training table with its folds.
        prediction: (n,), or probabilities (n, C).
    """

    train: Dataset
    prediction: Array

    @classmethod
    def of(cls, train: Dataset, predictions: Sequence[Array]) -> OutOfFold:
        """The predictions of each fold."""
        return cls(train, np.concatenate(predictions))

    @cached_property
    def vals(self) -> list[NDArray[np.int64]]:
        """The positions of the rows that each fold validates."""
        folds = self.train.folds
        assert folds is not None, "the training table has no folds"
        return [folds.val(number) for number in range(folds.n)]

    @property
    def by_fold(self) -> list[Array]:
        """The predictions of each fold."""
        return np.split(self.prediction, np.cumsum([len(val) for val in self.vals])[:-1])

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """The position of each prediction's row in the table (n,)."""
        return np.concatenate(self.vals)

    @cached_property
    def fold(self) -> NDArray[np.int64]:
        """The number of each prediction's fold (n,)."""
        return np.repeat(np.arange(len(self.vals)), [len(val) for val in self.vals])

    @property
    def y(self) -> NDArray[Any]:
        """The truth of each prediction (n,)."""
        return self.train.y[self.places]

    @cached_property
    def units(self) -> Units:
        """What is drawn independently: rows, or whole groups."""
        return Units.of(self.train, self.places)

    @cached_property
    def why_not_cross_fitted(self) -> str:
        """Why nothing can be fitted without a fold's rows and then tried on them, if so."""
        if len(self.vals) > MAX_FOLDS:
            return f"it is fitted without each of {MAX_FOLDS} folds at most, not {len(self.vals)}"
        overlaps = overlapping(self.vals)
        if overlaps.all(axis=1).any():
            return "a fold shares rows with each of the others, so that none can fit it"
        n_classes = len(self.train.schema.classes)
        if any(len(np.unique(self.y[others])) < n_classes for _, others in self.parts()):
            return "without a fold, the others lack one of the classes"
        return ""

    def parts(self) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """Each fold's predictions, and those of the folds that share no row with it (n,) each."""
        for number, overlap in enumerate(overlapping(self.vals)):
            yield self.fold == number, ~overlap[self.fold]

    def cross_fit(self, fit: Fit) -> NDArray[Any]:
        """What becomes of each fold's predictions by what the others have fitted (n, ...)."""
        found: NDArray[Any] | None = None
        for own, others in self.parts():
            made = fit(self.prediction[others], self.y[others])(self.prediction[own])
            if found is None:
                found = np.empty((len(self.fold), *made.shape[1:]), made.dtype)
            found[own] = made
        assert found is not None, "there is no fold"
        return found


def shares(units: NDArray[np.int64]) -> Array:
    """The weight of each prediction (n,) by the number of its unit: those of a unit sum to one."""
    weights: Array = 1 / np.bincount(units)[units]
    return weights
