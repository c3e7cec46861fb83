"""`preprocessing:`: everything that is fitted before a model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from tenfold.params.section import Section, Text

Scale = Literal["standard", "robust", "min_max", "quantile", "none"]
Impute = Literal["median", "mean", "most_frequent", "constant"]
Encode = Literal["one_hot", "ordinal", "target"]
TransformName = Literal["none", "log", "quantile"]
Part = Literal["year", "month", "day", "weekday", "hour", "minute", "elapsed_days"]


def _once(parts: list[Part]) -> list[Part]:
    if len(set(parts)) < len(parts):
        raise ValueError(
            f"each part must be named once, but got {', '.join(parts)}: remove what is there twice"
        )
    return parts


Parts = Annotated[list[Part], Field(min_length=1), AfterValidator(_once)]

# Columns that one-hot encoding makes of one, and codes of ordinal encoding, at most.
MAX_CATEGORIES = 100


class Numeric(Section):
    """How numeric columns reach every family."""

    impute: Impute = "median"
    fill_value: float = Field(0.0, description="Of constant: what a missing number becomes.")
    indicator: bool = Field(False, description="Add a 0/1 column where a value was missing.")
    scale: Scale = Field("standard", description="quantile: to a normal distribution, by rank.")

    @model_validator(mode="after")
    def _consistent(self) -> Numeric:
        if "fill_value" in self.model_fields_set and self.impute != "constant":
            raise ValueError(
                f"fill_value needs impute: constant, but got fill_value={self.fill_value:g} with "
                f"impute: {self.impute}: leave it out"
            )
        return self


class Categorical(Section):
    """How categorical columns reach every family; learned embeddings take codes instead."""

    encode: Encode = Field(
        "one_hot",
        description="target: the mean target of a category's rows, smoothed; of a training row, "
        "that of the rows in other inner folds.",
    )
    min_frequency: int = Field(
        1, ge=1, description="Categories seen in fewer rows share one rare bucket."
    )
    max_categories: Annotated[int, Field(ge=2)] | None = Field(
        None,
        description="Of more, the rarest share the rare bucket, which counts as one; "
        f"{MAX_CATEGORIES} when absent, and as many as there are for target.",
    )

    def limit(self, *, codes: bool) -> int | None:
        """The maximal number of categories; `codes`: of a model that takes codes, not columns."""
        if self.max_categories is None and self.encode == "target" and not codes:
            return None
        return self.max_categories or MAX_CATEGORIES


class Dates(Section):
    """How dates reach every family: as numbers, which come behind the numeric columns."""

    parts: Parts = Field(
        ["year", "month", "day", "weekday", "hour"],
        description="weekday: 0 is Monday; elapsed_days: since 1970-01-01.",
    )
    cyclic: bool = Field(
        True,
        description="month, day, weekday, hour and minute as sine and cosine, so that December "
        "is next to January.",
    )
    impute: Literal["median", "mean", "most_frequent"] = Field(
        "median", description="Of every part by itself."
    )
    indicator: bool = Field(False, description="Add a 0/1 column where a date was missing.")
    scale: Scale | None = Field(None, description="As preprocessing.numeric.scale when absent.")


class Target(Section):
    """What a model learns of a regression target; scores and answers are in the target's units."""

    transform: Literal["none", "log", "quantile", "auto"] = Field(
        "none",
        description="log: sign(y) log(1 + |y|); quantile: to a normal distribution, by rank; auto: "
        "the search tries log and quantile with each family's best configuration, two trials more.",
    )

    @property
    def tried(self) -> tuple[TransformName, ...]:
        """The transforms that cross-validation compares, that of the search first."""
        return ("none", "log", "quantile") if self.transform == "auto" else (self.transform,)


class ColumnPreprocessing(Section):
    """What is done to one column; an absent key is as for all columns of its kind."""

    impute: Impute | None = None
    fill_value: float | None = Field(None, description="Of constant.")
    indicator: bool | None = None
    scale: Scale | None = None
    encode: Encode | None = Field(None, description="Also: take free text as categories.")
    min_frequency: Annotated[int, Field(ge=1)] | None = None
    max_categories: Annotated[int, Field(ge=2)] | None = None
    parts: Parts | None = None
    cyclic: bool | None = None
    text: Literal["drop"] | None = Field(None, description="Drop this column of text.")

    @model_validator(mode="after")
    def _consistent(self) -> ColumnPreprocessing:
        if self.text and len(self.given) > 1:
            raise ValueError(
                f"text: drop removes the column, but got {', '.join(self.given)}: remove text "
                "or the others"
            )
        return self

    @property
    def given(self) -> dict[str, Any]:
        """The declared keys and their values."""
        return self.model_dump(exclude_none=True)


class Preprocessing(Section):
    """Everything that is fitted, and therefore fitted inside each fold."""

    numeric: Numeric = Numeric()
    categorical: Categorical = Categorical()
    dates: Dates = Dates()
    target: Target = Target()
    text: Literal["refuse", "drop"] = Field(
        "refuse",
        description="Columns of free text: most values differ, and more than 20 do.",
    )
    drop_constant: bool = Field(
        True,
        description="Drop what is the same in all training rows; not where columns have places: "
        "pictures, sequences, embeddings.",
    )
    columns: dict[Text, ColumnPreprocessing] = Field(
        {}, description="By name: what is done to one column instead."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Preprocessing:
        for name, column in self.columns.items():
            impute = column.impute or self.numeric.impute
            if column.fill_value is not None and impute != "constant":
                raise ValueError(
                    f"columns.{name}.fill_value needs impute: constant, but got impute: {impute}: "
                    "leave it out"
                )
        return self

    def of_number(self, name: str) -> Numeric:
        """What is done to a numeric column."""
        return self.numeric.model_copy(update=self._overrides(name, Numeric))

    def of_category(self, name: str) -> Categorical:
        """What is done to a categorical column."""
        return self.categorical.model_copy(update=self._overrides(name, Categorical))

    def of_date(self, name: str) -> Dates:
        """What is done to a column of dates; `scale` is never None."""
        scale = self.dates.scale or self.numeric.scale
        return self.dates.model_copy(update={"scale": scale} | self._overrides(name, Dates))

    @property
    def scales(self) -> list[str]:
        """Every scale that any column has."""
        named = [column.scale for column in self.columns.values()]
        return [scale for scale in (self.numeric.scale, self.dates.scale, *named) if scale]

    def _overrides(self, name: str, kind: type[Section]) -> dict[str, Any]:
        given = self.columns[name].given if name in self.columns else {}
        return {key: value for key, value in given.items() if key in kind.model_fields}
