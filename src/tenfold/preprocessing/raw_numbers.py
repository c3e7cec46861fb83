"""Numbers for models that take missing values: NaN stays."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from tenfold.metrics import Array


class RawNumbers(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers as they are; a column without any value in the training rows is 0.

    It tells nothing, and scikit-learn's booster finds no bins for it.
    """

    def fit(self, X: Any, y: Any = None) -> RawNumbers:
        """Find the columns of X (n, d) without a value."""
        self.is_empty_ = np.isnan(_values(X)).all(axis=0)
        return self

    def transform(self, X: Any) -> Array:
        """X (n, d) as float64."""
        return np.where(self.is_empty_, 0.0, _values(X))


def _values(X: Any) -> Array:
    return np.asarray(X, dtype=np.float64)
