"""`data:`: where the table is, and how its text is read."""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from tenfold.params.section import Section, Text

Mark = Annotated[str, StringConstraints(min_length=1, max_length=1)]

# What `path` may begin with instead of naming a file -> whether it needs a query.
SCHEMES = {"postgresql": True, "sklearn": False, "sqlite": True}
# A database's own address.
POSTGRESQL = re.compile(r"postgres(ql)?://")


class Data(Section):
    """Where the table is and which column is predicted."""

    path: Text = Field(
        description="A file or a pattern such as `parts/*.parquet`: CSV, TSV, Parquet, JSON (lines "
        "or an array) or Excel, by its ending, text also as .gz or .zst; `sqlite:FILE`, "
        "`postgresql:VARIABLE` (the environment variable that holds the address) or `sklearn:NAME`."
    )
    target: Text = Field(description="The column to predict.")
    positive_class: bool | int | Text | None = Field(
        None,
        description="The class of two that precision, recall, f1 and average_precision are about; "
        "the second in order when absent.",
    )
    delimiter: Mark | None = Field(
        None, description="Between the columns of a CSV; found by looking when absent."
    )
    quote: Mark | Literal["none"] = Field('"', description="Around the cells of a CSV.")
    encoding: Text = Field("utf-8", description="Of a CSV, as Python names it: cp1252, utf-16.")
    decimal: Literal[".", ","] = Field(".", description="The decimal mark of a text's numbers.")
    header: bool = Field(True, description="Whether the first record of a CSV names the columns.")
    skip_lines: int = Field(
        0, ge=0, description="Lines of a CSV, or rows of an Excel sheet, above the header: a title."
    )
    columns: list[Text] = Field([], description="Names of a CSV's columns, whatever its header.")
    sheet: Text | None = Field(None, description="Of an Excel file; needed if there are several.")
    query: Text | None = Field(None, description="The SELECT whose rows are read from a database.")

    @property
    def scheme(self) -> str | None:
        """What `path` begins with, where it names no file."""
        scheme, colon, _ = self.path.partition(":")
        return scheme if colon and scheme in SCHEMES else None

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError(
                f"must be an encoding that Python knows, but got {value!r}: try latin-1, cp1252 "
                "or utf-16"
            ) from None

    @field_validator("delimiter", "quote")
    @classmethod
    def _no_line_end(cls, value: str | None) -> str | None:
        if value in ("\r", "\n", "\0"):
            raise ValueError(f"must be a character within a line, but got {value!r}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Data:
        if POSTGRESQL.match(self.path):
            raise ValueError(
                "path must not hold a database's address, which may hold a password: put it into "
                "an environment variable, such as DATABASE, and set path: postgresql:DATABASE"
            )
        if self.scheme is None and self.query is not None:
            raise ValueError(
                f"query is for a database, but path is {self.path!r}: let path begin with sqlite: "
                "or postgresql:, or remove query"
            )
        if self.scheme is not None and SCHEMES[self.scheme] and self.query is None:
            raise ValueError(f"query is missing: say what to SELECT from {self.path!r}")
        if self.delimiter is not None and self.delimiter == self.quote:
            raise ValueError(
                f"delimiter and quote must differ, but both are {self.quote!r}: change one"
            )
        twice = {column for column in self.columns if self.columns.count(column) > 1}
        if twice:
            raise ValueError(
                f"columns must differ, but {sorted(twice)[0]!r} is there twice: rename one"
            )
        return self
