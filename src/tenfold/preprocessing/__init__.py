"""The preprocessor of a model: a scikit-learn transformer, fitted on one fold's training rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tenfold.dataset import Schema
from tenfold.dataset.profile import ColumnCounts
from tenfold.metrics import Array
from tenfold.params import Categorical, Dates, Numeric, Preprocessing
from tenfold.preprocessing.input_form import CODES, DECLARED, IN_PLACE, NATIVE, InputForm

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "CODES",
    "DECLARED",
    "IN_PLACE",
    "NATIVE",
    "InputForm",
    "build",
    "categories",
    "fit",
    "n_columns",
    "n_numbers",
]

Choice = TypeVar("Choice")

SCALERS = {
    "standard": "StandardScaler",
    "min_max": "MinMaxScaler",
    "robust": "RobustScaler",
}


def fit(
    schema: Schema,
    declared: Preprocessing,
    X: pd.DataFrame,
    y: NDArray[np.generic],
    **options: Any,
) -> tuple[Any, Array]:
    """Fit a transformer on training rows; return it and the rows transformed.

    These differ from what `transform` returns for the same rows: target encoding leaves out the
    row's own target here, which would otherwise leak. A number that has one value or none is a
    flag: an indicator says which.

    Args:
        schema: the columns.
        declared: the section `preprocessing:`.
        X: training rows.
        y: their targets.
        options: of `build`.
    """
    flags = [name for name in schema.numeric if _is_flag(X[name].to_numpy())]
    transformer = build(schema, declared, flags=flags, **options)
    with warnings.catch_warnings():
        # Fewer rows than quantiles, or fewer rows of a class than inner folds, are no problem.
        warnings.simplefilter("ignore", UserWarning)
        return transformer, transformer.fit_transform(X, y)


def build(
    schema: Schema,
    declared: Preprocessing,
    *,
    form: InputForm = DECLARED,
    seed: int = 0,
    flags: Collection[str] = (),
) -> Any:
    """An unfitted scikit-learn transformer: frame (n, columns) -> float64 array (n, features).

    Numbers come first, then the parts of dates, categories, and the 0/1 indicators of missing
    numbers and dates. An unseen category becomes the rare bucket or all zeros (one-hot), -1
    (ordinal), NaN (among raw numbers), or the mean of all rows (target).

    Args:
        schema: the columns.
        declared: the section `preprocessing:`.
        form: that the family asks for.
        seed: of the inner folds of target encoding.
        flags: numeric columns of one value or none, which get an indicator.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    from tenfold.preprocessing.constants import VaryingColumns

    steps = [
        *_steps(
            "numeric", schema.numeric, declared.of_number, lambda choice: _numeric(choice, form)
        ),
        *_steps("dates", schema.dates, declared.of_date, lambda choice: _dates(choice, form)),
        *_steps(
            "categorical",
            schema.categorical,
            declared.of_category,
            lambda choice: _encoder(choice, schema, seed, form),
        ),
        *([] if form.is_raw else _indicators(schema, declared, flags, form)),
    ]
    columns = ColumnTransformer(steps, sparse_threshold=0.0)
    if form.in_place or not declared.drop_constant:
        return columns
    return Pipeline([("columns", columns), ("varying", VaryingColumns())])


def n_numbers(schema: Schema, declared: Preprocessing, form: InputForm = DECLARED) -> int:
    """How many numbers and parts of dates `build` makes, if none is dropped."""
    from tenfold.preprocessing.date_parts import width

    dates = [declared.of_date(name) for name in schema.dates]
    return len(schema.numeric) + sum(
        width(date.parts, date.cyclic and not form.is_raw) for date in dates
    )


def n_columns(
    schema: Schema,
    declared: Preprocessing,
    form: InputForm = DECLARED,
    flags: Collection[str] = (),
) -> int | None:
    """How many columns `build` makes; None if the training rows decide that.

    Encoding makes of a category as many columns as the rows have values.

    Args:
        schema: the columns.
        declared: the section `preprocessing:`.
        form: how the family takes them.
        flags: numeric columns of one value or none.
    """
    if not form.in_place or schema.categorical:
        return None
    indicated = {} if form.is_raw else _indicated(schema, declared, flags)
    return n_numbers(schema, declared, form) + sum(map(len, indicated.values()))


def categories(transformer: Any) -> dict[str, set[str]]:
    """The categories of each column that a fitted transformer of `build` has seen."""
    from sklearn.pipeline import Pipeline

    columns = transformer["columns"] if isinstance(transformer, Pipeline) else transformer
    found: dict[str, set[str]] = {}
    for kind, encoder, names in columns.transformers_:
        if kind.startswith("categorical"):
            seen = getattr(encoder, "buckets_", encoder).categories_
            found |= {name: set(values) for name, values in zip(names, seen, strict=True)}
    return found


def _steps(
    kind: str,
    columns: Sequence[str],
    choose: Callable[[str], Choice],
    make: Callable[[Choice], Any],
) -> Iterator[tuple[str, Any, list[str]]]:
    """One transformer for every run of columns with the same settings; their order stays."""
    for number, (choice, run) in enumerate(groupby(columns, choose)):
        yield f"{kind}-{number}", make(choice), list(run)


def _numeric(choice: Numeric, form: InputForm) -> Any:
    from sklearn.impute import SimpleImputer

    from tenfold.preprocessing.raw_numbers import RawNumbers

    if form.is_raw:
        return RawNumbers()

    constant = {"fill_value": choice.fill_value} if choice.impute == "constant" else {}
    imputer = SimpleImputer(strategy=choice.impute, keep_empty_features=True, **constant)
    return _pipeline(imputer, _scaler(choice.scale))


def _dates(choice: Dates, form: InputForm) -> Any:
    from sklearn.impute import SimpleImputer

    from tenfold.preprocessing.date_parts import DateParts
    from tenfold.preprocessing.raw_numbers import RawNumbers

    if form.is_raw:
        return _pipeline(DateParts(tuple(choice.parts), cyclic=False), RawNumbers())
    imputer = SimpleImputer(strategy=choice.impute, keep_empty_features=True)
    parts = DateParts(tuple(choice.parts), choice.cyclic)
    return _pipeline(parts, imputer, _scaler(choice.scale or "none"))


def _scaler(scale: str) -> Any:
    from sklearn import preprocessing

    if scale == "none":
        return None
    if scale == "quantile":
        # By default it fits on a random subsample.
        return preprocessing.QuantileTransformer(output_distribution="normal", subsample=None)
    return getattr(preprocessing, SCALERS[scale])()


def _encoder(choice: Categorical, schema: Schema, seed: int, form: InputForm) -> Any:
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    from tenfold.preprocessing.target_encoding import TargetEncoding

    rare = choice.min_frequency if choice.min_frequency > 1 else None
    bucket = {"min_frequency": rare, "max_categories": form.limit(choice)}
    if form.has_codes or choice.encode == "ordinal":
        unknown = np.nan if form.is_raw else -1
        return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=unknown, **bucket)
    if choice.encode == "target":
        return TargetEncoding(schema.task, seed, **bucket)
    return OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False, **bucket)


def _is_flag(values: Array) -> bool:
    missing = np.isnan(values)
    if not missing.any() or missing.all():
        return False
    distinct = 1 if np.nanmin(values) == np.nanmax(values) else 2
    return ColumnCounts("double", len(values), int((~missing).sum()), distinct).is_flag


def _indicated(
    schema: Schema, declared: Preprocessing, flags: Collection[str]
) -> dict[str, list[str]]:
    """The numbers and the dates whose missing cells are indicated, where there are any."""
    of_kinds = {
        "numeric": [n for n in schema.numeric if declared.of_number(n).indicator or n in flags],
        "dates": [name for name in schema.dates if declared.of_date(name).indicator],
    }
    return {kind: names for kind, names in of_kinds.items() if names}


def _indicators(
    schema: Schema, declared: Preprocessing, flags: Collection[str], form: InputForm
) -> Iterator[tuple[str, Any, list[str]]]:
    from sklearn.impute import MissingIndicator

    from tenfold.preprocessing.date_parts import DateParts

    # Where columns are known by their places, all folds must have the same.
    features = "all" if form.in_place else "missing-only"
    for kind, names in _indicated(schema, declared, flags).items():
        indicator = MissingIndicator(features=features, error_on_new=False)
        parts = DateParts(("elapsed_days",), False) if kind == "dates" else None
        yield f"missing-{kind}", _pipeline(parts, indicator), names


def _pipeline(*steps: Any) -> Any:
    from sklearn.pipeline import make_pipeline

    present = [step for step in steps if step is not None]
    return present[0] if len(present) == 1 else make_pipeline(*present)
