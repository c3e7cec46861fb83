"""The form in which columns reach a model, which each family asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tenfold.params import Categorical


@dataclass(frozen=True)
class InputForm:
    """How a family takes its columns; families of equal form share their folds.

    Attributes:
        numbers: as `preprocessing` declares them, or raw: NaN where a value is missing, neither
            imputed nor scaled; of dates the declared parts, none as sine and cosine.
        categories: as declared, or as codes 0, 1, ..., whatever is declared.
        in_place: no column is dropped, so that all are known by their places.
        max_categories: that the family can take of one column.
    """

    numbers: Literal["declared", "raw"] = "declared"
    categories: Literal["declared", "codes"] = "declared"
    in_place: bool = False
    max_categories: int | None = None

    @property
    def is_raw(self) -> bool:
        """Whether missing numbers stay NaN."""
        return self.numbers == "raw"

    @property
    def has_codes(self) -> bool:
        """Whether categories are codes, however they are declared."""
        return self.categories == "codes"

    def limit(self, choice: Categorical) -> int | None:
        """The maximal number of a column's categories, beyond which the rarest share a bucket."""
        declared = choice.max_categories if self.is_raw else choice.limit(codes=self.has_codes)
        limits = [limit for limit in (declared, self.max_categories) if limit is not None]
        return min(limits, default=None)


DECLARED = InputForm()
# Pictures and sequences.
IN_PLACE = InputForm(in_place=True)
# Networks that learn an embedding of each category.
CODES = InputForm(categories="codes", in_place=True)
# Boosted trees: missing values and categories are theirs to split on.
NATIVE = InputForm(numbers="raw", categories="codes", in_place=True)
