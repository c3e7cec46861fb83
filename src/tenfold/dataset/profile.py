"""What the counts of a column say of it: constant, id, free text. Decided here for everyone."""

from __future__ import annotations

from dataclasses import dataclass

# A text column with more distinct values, in most of its rows, says something new in each.
MAX_CATEGORIES = 20
# In fewer rows all values of an honest column may differ: enough to say so ...
MIN_ID_ROWS = 21
# ... and enough for the audit, which may stop a run.
MIN_AUDITED_ROWS = 50


@dataclass(frozen=True)
class ColumnCounts:
    """How many values a column has.

    Attributes:
        kind: integer, double, date or text.
        rows: of the table.
        present: cells with a value.
        distinct: different values.
    """

    kind: str
    rows: int
    present: int
    distinct: int

    @property
    def has_one_value(self) -> bool:
        """Whether all its values agree; missing cells may still tell rows apart."""
        return self.distinct == 1

    @property
    def is_constant(self) -> bool:
        """Whether no two rows differ in it."""
        return self.distinct == 0 or (self.has_one_value and self.present == self.rows)

    def is_id(self, min_rows: int = MIN_ID_ROWS) -> bool:
        """Whether every value is one of its own, as an id is; measurements may differ, too."""
        countable = self.kind in ("integer", "text")
        return countable and self.rows >= min_rows and self.distinct == self.present

    @property
    def is_free_text(self) -> bool:
        """Whether it is text of which most values occur once."""
        many = self.distinct > MAX_CATEGORIES and is_most(self.distinct, self.present)
        return self.kind == "text" and many


def is_most(distinct: int, rows: int) -> bool:
    """Whether values occur in fewer than two rows on average."""
    return 2 * distinct > rows
