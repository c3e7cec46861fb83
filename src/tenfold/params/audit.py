"""`audit:`: the checks of the split table before training, and the level of each."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tenfold.params.section import Section

Level = Literal["error", "warn", "off"]


class Audit(Section):
    """Leakage and quality checks of the split table: error stops the run, warn prints a warning."""

    identical_rows: Level = Field(
        "error", description="A test row that also stands among the training rows."
    )
    group_crossing: Level = Field(
        "error", description="A declared group with rows in training and in test."
    )
    time_crossing: Level = Field(
        "error", description="A training row later than a test row, where a time is declared."
    )
    target_copy: Level = Field(
        "error", description="A column that is the target recoded, rescaled, rounded or cut."
    )
    leak: Level = Field(
        "warn", description="A column that alone predicts the target almost perfectly."
    )
    id_like: Level = Field("warn", description="A column that names the row instead of telling.")
    copied_columns: Level = Field(
        "warn", description="Columns that say the same, one to one or by a linear rescaling."
    )
    constant: Level = Field("warn", description="A column with one value only.")
    nearly_constant: Level = Field(
        "warn", description="A column in which almost all rows have one value."
    )
    shift: Level = Field("warn", description="A classifier can tell test rows from training rows.")
    unused_group: Level = Field(
        "warn",
        description="A likely group that the split does not use, whose new values score lower.",
    )
    unused_time: Level = Field(
        "warn",
        description="A likely time that the split does not use, whose later rows score lower.",
    )
    imbalance: Level = Field("warn", description="A class that is rare beside the commonest.")
    label_conflicts: Level = Field(
        "warn", description="Rows with the same features and different labels."
    )
