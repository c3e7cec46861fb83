"""`clean:`: the rules that every cell, row and column must keep."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from tenfold.params.section import Section, Text

Type = Literal["integer", "double", "text", "boolean", "date"]
# Which types a setting is for.
TYPES_OF: dict[str, tuple[Type, ...]] = {
    **dict.fromkeys(("format", "offset", "years"), ("date",)),
    **dict.fromkeys(("thousands", "strip", "negative"), ("integer", "double")),
    **dict.fromkeys(("decimal", "percent", "multiples", "detection_limit"), ("double",)),
    **dict.fromkeys(("true", "false"), ("boolean",)),
}
# What is part of a number, and no word beside it.
PART_OF_NUMBER = re.compile(r"[0-9].*|[.,'()<>\u2212-]")


class Cast(Section):
    """How a column's texts are read; a row with a cell that is not written so is rejected."""

    type: Type
    format: Text | None = Field(
        None,
        description="Of a date, as strptime has it: `%d.%m.%Y`; ISO 8601, such as 2024-05-31, is "
        "always read.",
    )
    offset: Literal["utc", "local"] = Field(
        "utc",
        description="Of a time with an offset, such as 09:00+02:00: moved to UTC, or the hours of "
        "its clock.",
    )
    years: list[int] | None = Field(
        None,
        min_length=2,
        max_length=2,
        description="The first and the last year that a date may well have, `[1800, 2200]` when "
        "absent; others are named.",
    )
    decimal: Literal[".", ","] | None = Field(None, description="By default that of `data`.")
    thousands: Literal[".", ",", " ", "'"] | None = Field(
        None,
        description="The mark between groups of digits; `' '` is any space, `\"'\"` also the "
        "typographic one.",
    )
    strip: Text | list[Text] = Field(
        [], description="Currencies or units, which are taken from either end: `[$, USD]`."
    )
    percent: bool = Field(False, description="Whether `5%` is written, which means 0.05.")
    negative: Literal["brackets", "trailing"] | None = Field(
        None, description="How negative numbers are written, beside `-5`: `(5)` or `5-`."
    )
    multiples: dict[Text, float] = Field(
        {}, description="Letters behind a number, and what it is multiplied by: `{k: 1000}`."
    )
    detection_limit: Literal["half", "limit", "zero", "missing"] | None = Field(
        None,
        description="What `<0.5` means: half of it, the limit itself, zero or no value; `>100` is "
        "the limit, or no value with `missing`.",
    )
    true: list[Text] = Field(["true", "yes", "1"], description="Words, upper or lower case.")
    false: list[Text] = Field(["false", "no", "0"], description="Words, upper or lower case.")

    @property
    def units(self) -> list[str]:
        """What is taken from either end."""
        return [self.strip] if isinstance(self.strip, str) else self.strip

    @model_validator(mode="after")
    def _consistent(self) -> Cast:
        for setting, types in TYPES_OF.items():
            if setting in self.model_fields_set and self.type not in types:
                raise ValueError(
                    f"{setting} is for the type {' or '.join(types)}, but type is {self.type}: "
                    f"remove {setting}"
                )
        if self.thousands is not None and self.thousands == self.decimal:
            raise ValueError(
                f"decimal and thousands must differ, but both are {self.decimal!r}: change one"
            )
        both = {word.lower() for word in self.true} & {word.lower() for word in self.false}
        if both:
            raise ValueError(
                f"true and false must differ, but both hold {sorted(both)[0]!r}: remove it from one"
            )
        if self.years and self.years != sorted(self.years):
            raise ValueError(
                f"years must begin with the first one, but got {self.years}: swap them"
            )
        self._check_units()
        return self

    def _check_units(self) -> None:
        for setting, words in (("strip", self.units), ("multiples", list(self.multiples))):
            for word in words:
                if word != word.strip() or PART_OF_NUMBER.fullmatch(word):
                    raise ValueError(
                        f"{setting} must hold words such as $ or kg, without white space around "
                        f"them and no part of a number, but got {word!r}: correct or remove it"
                    )
        twice = sorted(set(self.units) & set(self.multiples))
        if twice:
            raise ValueError(
                f"strip and multiples must differ, but both hold {twice[0]!r}: remove it from one"
            )
        if self.percent and (self.multiples or "%" in self.units):
            other = "multiples" if self.multiples else "'%' in strip"
            raise ValueError(f"percent: true reads 5% as 0.05, {other} would not: remove one")
        for word, by in self.multiples.items():
            if by <= 0:
                raise ValueError(
                    f"multiples.{word} must be above 0, but got {by}: write what {word!r} stands "
                    "for, such as 1000"
                )


class Limits(Section):
    """The least and the greatest value of a column."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Limits:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(
                f"min must not exceed max, but got {self.min:g} and {self.max:g}: exchange them"
            )
        return self


class Duplicates(Section):
    """Which rows count as one, and which of them stays."""

    by: list[Text] = Field([], description="The columns that must agree; by default all.")
    keep: Literal["first", "last", "none"] = "first"


class Clean(Section):
    """Row-local rules, so that nothing can leak from row to row."""

    trim: bool = Field(True, description="Take white space from both ends of every text.")
    missing_values: list[str] = Field([""], description="Texts that mean: no value.")
    column_missing_values: dict[str, list[str]] = Field(
        {}, description="Column: the texts that mean no value there, instead of missing_values."
    )
    replace: dict[str, dict[str, str | None]] = Field(
        {}, description="Column: text -> the text, or null, that takes its place."
    )
    types: dict[str, Type | Cast] = Field(
        {}, description="Column types; a row with a cell that does not fit is rejected."
    )
    derive: dict[str, Text] = Field(
        {}, description="New columns: SQL of one row's typed columns; no aggregates or windows."
    )
    drop_duplicates: Literal["auto"] | bool | Duplicates = Field(
        "auto",
        description="Reject exact copies of an earlier row, or rows that agree `by` columns. auto: "
        "no copies where more than a tenth of the rows are, and the columns have few values.",
    )
    drop_missing_target: bool = Field(True, description="Reject rows without a target.")
    ranges: dict[str, Limits] = Field({}, description="Column: {min, max} of its numbers.")
    allowed: dict[str, list[str | int | float | bool]] = Field(
        {}, description="Column: the only values it may have, besides none."
    )
    require: list[Text] = Field(
        [], description="SQL predicates of one row; a row for which one is false is rejected."
    )
    max_missing_in_row: float = Field(
        1.0, ge=0, le=1, description="Reject rows with a greater share of missing cells."
    )
    max_rejected: float = Field(
        1.0, ge=0, le=1, description="Stop if a greater share of the rows is rejected."
    )
    keep_columns: list[Text] = Field([], description="The only columns models may see.")
    drop_columns: list[Text] = Field([], description="Columns no model may see.")
    max_missing: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Drop columns with a greater share of missing cells; not a flag, which has one "
        "value or none.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Clean:
        both = set(self.keep_columns) & set(self.drop_columns)
        if both:
            raise ValueError(
                f"{sorted(both)[0]!r} is in keep_columns and in drop_columns: remove it from one"
            )
        for column, swaps in self.replace.items():
            for new in swaps.values():
                if new in swaps:
                    raise ValueError(
                        f"replace.{column}: what takes a text's place must not be replaced itself, "
                        f"but got {new!r}: name its own replacement at once"
                    )
        return self

    @cached_property
    def casts(self) -> dict[str, Cast]:
        """How every declared column is read."""
        return {
            column: Cast(type=declared) if isinstance(declared, str) else declared
            for column, declared in self.types.items()
        }

    @property
    def keys(self) -> list[str]:
        """The columns in which duplicates agree; none: all of them."""
        return self.drop_duplicates.by if isinstance(self.drop_duplicates, Duplicates) else []
