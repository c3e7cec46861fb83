"""The columns that tell training rows apart; the others are dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from tenfold.metrics import Array


class VaryingColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Keeps what differs between training rows; where nothing does, everything.

    scikit-learn's VarianceThreshold refuses a table in which nothing differs, and with it a fold.
    """

    def fit(self, X: Array, y: Any = None) -> VaryingColumns:
        """Look which columns of X (n, d) differ."""
        varies = X.max(axis=0) != X.min(axis=0)
        self.kept_ = np.flatnonzero(varies if varies.any() else np.ones_like(varies))
        return self

    def transform(self, X: Array) -> Array:
        """X (n, d) without what was constant in training."""
        return X if len(self.kept_) == X.shape[1] else X[:, self.kept_]
