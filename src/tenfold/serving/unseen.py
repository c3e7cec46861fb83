"""Categories that no training row had: counted by column, refused if they are too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tenfold.models.shared.predictor import Predictor

if TYPE_CHECKING:
    import pandas as pd

# Categories that a message shows of a column.
MAX_SHOWN = 3


@dataclass(frozen=True)
class UnseenCategories:
    """How many rows have a category in a column that no training row had.

    Attributes:
        column: of the table.
        n_rows: with such a category.
        share: of all rows.
        categories: some of them.
    """

    column: str
    n_rows: int
    share: float
    categories: Sequence[str]

    def __str__(self) -> str:
        rows = "1 row has" if self.n_rows == 1 else f"{self.n_rows} rows have"
        return (
            f"{self.column!r}: {rows} a category that no training row had ({self.share:.1%}), "
            f"such as {', '.join(map(repr, self.categories))}"
        )


def count(model: Predictor, features: pd.DataFrame) -> list[UnseenCategories]:
    """The columns with categories that the model has not seen, in the order of the schema."""
    found = []
    for column, is_unseen in model.unseen(features).items():
        if is_unseen.any():
            values = features[column].to_numpy()[is_unseen]
            shown = list(dict.fromkeys(values.tolist()))[:MAX_SHOWN]
            share = float(np.mean(is_unseen))
            found.append(UnseenCategories(column, int(is_unseen.sum()), share, shown))
    return found


def refusal(found: Sequence[UnseenCategories], max_unseen: float) -> str | None:
    """The message about the first column in which too many rows have an unseen category."""
    for one in found:
        if one.share > max_unseen:
            return (
                f"column {one}, more than the {max_unseen:.1%} of select_model.max_unseen: correct "
                "them, or raise it and run `dvc repro`"
            )
    return None
