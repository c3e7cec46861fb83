"""Everything that is fitted before a model: one declaration for every family.

A preprocessor is fitted on the training part of one fold and never sees the rest.
"""

from __future__ import annotations

from typing import Any

from tenfold.dataset import Schema
from tenfold.params import Categorical, Numeric, Preprocessing

SCALERS = {
    "standard": "StandardScaler",
    "min_max": "MinMaxScaler",
    "robust": "RobustScaler",
}


def build(schema: Schema, declared: Preprocessing, *, codes: bool = False) -> Any:
    """An unfitted scikit-learn transformer: frame (n, columns) -> float64 array (n, features).

    Numbers come first, then categories, then what tells of missing numbers. A category never
    seen in training becomes all zeros (one-hot) or -1 (ordinal); with `min_frequency` it joins
    the rare bucket.

    Args:
        schema: the columns.
        declared: what is done to them.
        codes: encode categories as ordinal codes, whatever is declared.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import MissingIndicator

    steps: list[tuple[str, Any, list[str]]] = []
    if schema.numeric:
        numeric = list(schema.numeric)
        steps.append(("numeric", _numeric(declared.numeric), numeric))
    if schema.categorical:
        encoder = _encoder(
            declared.categorical, "ordinal" if codes else declared.categorical.encode
        )
        steps.append(("categorical", encoder, list(schema.categorical)))
    if schema.numeric and declared.numeric.indicator:
        indicator = MissingIndicator(features="missing-only", error_on_new=False)
        steps.append(("missing", indicator, numeric))
    return ColumnTransformer(steps, sparse_threshold=0.0)


def _numeric(declared: Numeric) -> Any:
    from sklearn import preprocessing
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    imputer = SimpleImputer(strategy=declared.impute, keep_empty_features=True)
    if declared.scale == "none":
        return imputer
    return make_pipeline(imputer, getattr(preprocessing, SCALERS[declared.scale])())


def _encoder(declared: Categorical, encode: str) -> Any:
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    rare = declared.min_frequency if declared.min_frequency > 1 else None
    if encode == "ordinal":
        return OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=rare
        )
    unknown = "infrequent_if_exist" if rare else "ignore"
    return OneHotEncoder(handle_unknown=unknown, min_frequency=rare, sparse_output=False)
