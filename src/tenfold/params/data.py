"""`data:` and `clean:`: the table, and the rules its rows must keep."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tenfold.params.section import Section, Text


class Data(Section):
    """Where the table is and which column is predicted."""

    path: Text = Field(description="CSV, TSV, Parquet or JSON (lines or an array), by its ending.")
    target: Text = Field(description="The column to predict.")
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = Field(
        None, description="Between the columns of a CSV; found by looking when absent."
    )


class Clean(Section):
    """Row-local rules, so that nothing can leak from row to row."""

    missing_values: list[str] = Field([""], description="Texts that mean: no value.")
    types: dict[str, Literal["integer", "double", "text"]] = Field(
        {}, description="Column types; a row with a cell that does not fit is rejected."
    )
    drop_duplicates: bool = Field(True, description="Reject exact copies of an earlier row.")
    drop_missing_target: bool = Field(True, description="Reject rows without a target.")
    require: list[Text] = Field(
        [], description="SQL predicates of one row; a row for which one is false is rejected."
    )
    drop_columns: list[Text] = Field([], description="Columns no model may see.")
    max_missing: float = Field(
        1.0, ge=0, le=1, description="Drop columns with a greater share of missing cells."
    )
