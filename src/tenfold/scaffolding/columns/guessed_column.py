"""A column as its cells show it: kind, ids, free text, sentinels, spellings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tenfold.cleaning import ColumnPlan
from tenfold.dataset.profile import ColumnCounts
from tenfold.scaffolding.columns.first_rows import Numbers
from tenfold.scaffolding.columns.readings import Reading
from tenfold.scaffolding.columns.sentinels import Sentinel
from tenfold.sources import Kind


@dataclass(frozen=True)
class GuessedColumn:
    """A column as its cells show it.

    Attributes:
        plan: how its cells are read.
        reading: what they show.
        kind: its type; whole numbers are integers however they are written.
        rows: that were read.
        copies: rows that are copies of another one.
        present: cells with a value.
        distinct: different values.
        numbers: of a column of numbers or dates.
        sentinel: a number or a date that may stand for no value.
        spellings: how that is written.
        corrections: categories that seem to be another one in another spelling -> that one.
    """

    plan: ColumnPlan
    reading: Reading
    kind: Kind
    rows: int
    copies: int
    present: int
    distinct: int
    numbers: Numbers | None = None
    sentinel: Sentinel | None = None
    spellings: tuple[str, ...] = ()
    corrections: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_id(self) -> bool:
        """Whether every row but copies of a row has a value of its own."""
        rows = self.rows - self.copies
        return self.present == self.rows and replace(self.counts, rows=rows, present=rows).is_id()

    @property
    def is_free_text(self) -> bool:
        """Whether most rows hold a text of their own."""
        return self.counts.is_free_text

    @property
    def counts(self) -> ColumnCounts:
        """How many values it has, once its cells are read."""
        found = self.numbers
        least, greatest = (found.least, found.greatest) if found else (None, None)
        return ColumnCounts(self.kind, self.rows, self.present, self.distinct, least, greatest)

    @property
    def useless(self) -> str:
        """Why no model should see the column; empty if one should."""
        if self.present == 0:
            return "no value in any row"
        if self.counts.is_constant:
            return "the same value in every row"
        if self.is_id:
            numbers = ", counting up or of one length" if self.kind == "integer" else ""
            return f"another value in every row{numbers}: an id says nothing about new rows"
        if self.is_free_text:
            return f"free text: {self.distinct} different values in {self.present} rows"
        return ""
