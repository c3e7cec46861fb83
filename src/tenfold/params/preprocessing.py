"""`preprocessing:`: everything that is fitted before a model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tenfold.params.section import Section


class Numeric(Section):
    """How numeric columns reach every family."""

    impute: Literal["median", "mean", "most_frequent"] = "median"
    indicator: bool = Field(False, description="Add a 0/1 column where a value was missing.")
    scale: Literal["standard", "min_max", "robust", "none"] = "standard"


class Categorical(Section):
    """How categorical columns reach every family."""

    encode: Literal["one_hot", "ordinal"] = "one_hot"
    min_frequency: int = Field(
        1, ge=1, description="Categories seen in fewer rows share one rare bucket."
    )


class Preprocessing(Section):
    """Everything that is fitted, and therefore fitted inside each fold."""

    numeric: Numeric = Numeric()
    categorical: Categorical = Categorical()
