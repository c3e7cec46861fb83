"""What counts and a name say of a column: constant, flag, id, free text, a group of rows, a time.

Decided here for everyone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A text column with more distinct values, in most of its rows, says something new in each.
MAX_CATEGORIES = 20
# In fewer rows all values of an honest column may differ: enough to say so ...
MIN_ID_ROWS = 21
# ... and enough for the audit, which may stop a run.
MIN_AUDITED_ROWS = 50
# Fewer values are categories rather than groups of rows, or no order in time.
MIN_GROUPS, MIN_TIMES = 10, 5
# Names of what several rows may belong to: patient_id, store nbr, machine.
GROUP_NAME = re.compile(
    r"\b(id|ids|key|code|uuid|guid)\b|"
    r"\b(account|animal|asset|batch|borrower|branch|building|client|clinic|company|customer|device|"
    r"doctor|donor|driver|employee|engine|equipment|family|farm|firm|group|hospital|household|lot|"
    r"machine|member|merchant|mouse|participant|patient|person|plant|plate|player|plot|policy|"
    r"provider|pupil|respondent|school|seller|sensor|session|shop|site|station|store|student|"
    r"subject|supplier|team|tenant|user|vehicle|vendor|village|ward)"
    r"( (name|nbr|no|nr|num|number))?$"
)
# Names of whole numbers that order rows in time: week, order_date, event timestamp.
TIME_NAME = re.compile(
    r"(date|datetime|day|epoch|month|period|quarter|time|timestamp|week|year)( (index|no|number))?|"
    r"(?!.*\b(birth|born)\b).+ (date|datetime|epoch|timestamp)"
)
# A date of a person or thing that orders no rows.
BIRTH_NAME = re.compile(r"\b(birth|birthday|birthdate|born|dob)\b")
# A flag is set in at least so many rows, and not set in as many: fewer may be a slip.
MIN_FLAG_ROWS = 10
# Ids count up, so that their range is at most this many times their number, ...
MAX_ID_RANGE = 10
# ... or all have the same number of digits, which measurements seldom have.
MIN_ID_DIGITS = 4
# Whole numbers in this range may be years, which count up and yet say something.
YEARS = (1800, 2200)


@dataclass(frozen=True)
class ColumnCounts:
    """How many values a column has.

    Attributes:
        kind: integer, double, date or text.
        rows: of the table.
        present: cells with a value.
        distinct: different values.
        least, greatest: of an integer column, as far as they are known.
    """

    kind: str
    rows: int
    present: int
    distinct: int
    least: float | None = None
    greatest: float | None = None

    @property
    def has_one_value(self) -> bool:
        """Whether all its values agree; missing cells may still tell rows apart."""
        return self.distinct == 1

    @property
    def is_constant(self) -> bool:
        """Whether no two rows differ in it."""
        return self.distinct == 0 or (self.has_one_value and self.present == self.rows)

    @property
    def is_flag(self) -> bool:
        """Whether a cell holds the one value or none, as a ticked box does: both say something."""
        unset = self.rows - self.present
        return self.has_one_value and self.present >= MIN_FLAG_ROWS and unset >= MIN_FLAG_ROWS

    def all_differ(self, min_rows: int = MIN_ID_ROWS) -> bool:
        """Whether no integer or text occurs twice."""
        countable = self.kind in ("integer", "text")
        return countable and self.rows >= min_rows and self.distinct == self.present

    def is_id(self, min_rows: int = MIN_ID_ROWS) -> bool:
        """Whether the column holds ids: all values differ, and numbers look assigned."""
        return self.all_differ(min_rows) and (self.kind == "text" or self._looks_assigned)

    @property
    def _looks_assigned(self) -> bool:
        """Whether whole numbers, all different, count up or have digits of one length."""
        assert self.least is not None and self.greatest is not None, "the range is not known"
        if self.least >= YEARS[0] and self.greatest <= YEARS[1]:
            return False
        if self.greatest - self.least < MAX_ID_RANGE * self.present:
            return True
        digits = {len(f"{value:.0f}") for value in (self.least, self.greatest)}
        return self.least >= 0 and len(digits) == 1 and digits.pop() >= MIN_ID_DIGITS

    @property
    def is_free_text(self) -> bool:
        """Whether it is text of which most values occur once."""
        many = self.distinct > MAX_CATEGORIES and is_most(self.distinct, self.present)
        return self.kind == "text" and many


def is_most(distinct: int, rows: int) -> bool:
    """Whether values occur in fewer than two rows on average."""
    return 2 * distinct > rows


def is_likely_group(name: str, counts: ColumnCounts) -> bool:
    """Whether rows with the same value of a column seem to belong together, as by its name.

    Cells may be empty, where a split by groups has no answer.

    >>> is_likely_group("PatientID", ColumnCounts("integer", 1103, 1103, 150))
    True
    """
    return bool(GROUP_NAME.search(_words(name))) and _recurs(counts)


def may_be_group(counts: ColumnCounts) -> bool:
    """Whether a column may group rows whatever its name: a text of many values that recur."""
    return counts.kind == "text" and counts.distinct > MAX_CATEGORIES and _recurs(counts)


def is_likely_time(name: str, counts: ColumnCounts) -> bool:
    """Whether a column seems to order the rows in time: dates, or whole numbers so called.

    A text whose values are all dates counts as of the kind `date`.

    >>> is_likely_time("week", ColumnCounts("integer", 2000, 2000, 40))
    True
    """
    ordered = counts.distinct >= MIN_TIMES and counts.present == counts.rows
    if counts.kind == "date":
        return ordered and not BIRTH_NAME.search(_words(name))
    return ordered and counts.kind == "integer" and bool(TIME_NAME.fullmatch(_words(name)))


def _recurs(counts: ColumnCounts) -> bool:
    """Whether a column has many values, in two rows each or more."""
    many = counts.distinct >= MIN_GROUPS and not is_most(counts.distinct, counts.present)
    return many and counts.kind in ("integer", "text")


def _words(name: str) -> str:
    """The words of a name in snake_case or CamelCase, in lower case: `patient id`."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return " ".join(re.findall(r"[^\W\d_]+", apart.lower()))
