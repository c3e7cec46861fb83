"""Categories as the mean target of their rows, without a leak of a row's own target."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from tenfold.metrics import Array

INNER_FOLDS = 5


class TargetEncoding(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """scikit-learn's TargetEncoder (Micci-Barreca 2001) behind a bucket for rare categories.

    A column becomes one number, or one per class for three or more classes: the mean target of the
    category's rows, shrunk towards that of all rows, more so for small and varied categories. An
    unseen category gets the mean of all rows.

    Args:
        task: regression, binary or multiclass.
        seed: of the inner folds.
        min_frequency: categories in fewer rows share one bucket.
        max_categories: beyond this number, the rarest categories share the bucket.
    """

    def __init__(
        self,
        task: str = "regression",
        seed: int = 0,
        min_frequency: int | None = None,
        max_categories: int | None = None,
    ) -> None:
        self.task = task
        self.seed = seed
        self.min_frequency = min_frequency
        self.max_categories = max_categories

    def fit(self, X: pd.DataFrame, y: NDArray[np.generic]) -> TargetEncoding:
        """Learn every category's mean target."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: NDArray[np.generic]) -> Array:
        """Learn the means; encode each training row by the means of the other inner folds."""
        from sklearn.preprocessing import OrdinalEncoder

        self.buckets_ = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            min_frequency=self.min_frequency,
            max_categories=self.max_categories,
        )
        codes = self.buckets_.fit_transform(X)
        splitter = self._splitter(y)
        self.means_ = self._encoder(y, splitter)
        if splitter is None:
            return np.asarray(self.means_.fit(codes, y).transform(codes))
        encoded = self.means_.fit_transform(codes, y)
        # The drawn folds serve no later row, and would be stored with the model.
        self.means_.set_params(cv=INNER_FOLDS)
        return self._constants_encoded_alike(codes, np.asarray(encoded))

    def transform(self, X: pd.DataFrame) -> Array:
        """Encode new rows by the means of all training rows."""
        return np.asarray(self.means_.transform(self.buckets_.transform(X)))

    def _encoder(self, y: NDArray[np.generic], splitter: Any) -> Any:
        from sklearn.preprocessing import TargetEncoder

        kind = "continuous"
        if self.task != "regression":
            kind = "binary" if len(np.unique(y)) < 3 else "multiclass"
        return TargetEncoder(target_type=kind, cv=splitter or INNER_FOLDS)

    def _splitter(self, y: NDArray[np.generic]) -> Any:
        """Shuffled inner folds, stratified by class; None if there are too few rows to split."""
        from sklearn.model_selection import KFold, StratifiedKFold

        if self.task == "regression":
            kind, n_possible = KFold, len(y)
        else:
            kind, n_possible = StratifiedKFold, int(np.unique(y, return_counts=True)[1].max())
        if n_possible < 2:
            return None
        return kind(min(INNER_FOLDS, n_possible), shuffle=True, random_state=self.seed)

    def _constants_encoded_alike(self, codes: Array, encoded: Array) -> Array:
        """Encode columns with one category alike in all rows: inner folds' means would leak y."""
        width = encoded.shape[1] // codes.shape[1]
        single = np.repeat(codes.max(axis=0) == codes.min(axis=0), width)
        if single.any():
            encoded[:, single] = self.means_.transform(codes)[:, single]
        return encoded
