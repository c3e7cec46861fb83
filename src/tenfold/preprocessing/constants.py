"""Constant columns are dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from tenfold.metrics import Array


class VaryingColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Keep the columns that vary in the training rows; if none varies, keep all.

    scikit-learn's VarianceThreshold raises an error if none varies, which would end a fold.
    """

    def fit(self, X: Array, y: Any = None) -> VaryingColumns:
        """Find the columns of X (n, d) that vary."""
        varies = X.max(axis=0) != X.min(axis=0)
        self.kept_ = np.flatnonzero(varies if varies.any() else np.ones_like(varies))
        return self

    def transform(self, X: Array) -> Array:
        """X (n, d) without the columns that were constant in training."""
        return X if len(self.kept_) == X.shape[1] else X[:, self.kept_]
