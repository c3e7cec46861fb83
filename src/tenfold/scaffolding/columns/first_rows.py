"""The first rows of a table, and questions about the cells of a column in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tenfold import cleaning
from tenfold.cleaning import ColumnPlan
from tenfold.dataset.copies import MAX_SAMPLE_ROWS
from tenfold.scaffolding.columns import date_formats
from tenfold.sources import RAW, Kind, Source, name, text

# Enough to see what a column is.
MAX_ROWS = 200_000
TABLE = "first_rows"
# Distinct texts of a column that are looked at to see what they write.
N_SAMPLED = 500
# How many of the first rows hold a cell.
N = "tenfold_n"


@dataclass(frozen=True)
class Numbers:
    """The numbers of a column; of dates, seconds since 1970.

    Attributes:
        present: rows with one.
        distinct: different numbers.
        least, greatest: the ends.
        n_least, n_greatest: rows that have them.
        next_least, next_greatest: the numbers beside them; None if there is none.
        are_whole: whether all numbers of the column are.
    """

    present: int
    distinct: int
    least: float
    greatest: float
    n_least: int
    n_greatest: int
    next_least: float | None
    next_greatest: float | None
    are_whole: bool


@dataclass(frozen=True)
class Cells:
    """The distinct cells of a column, texts trimmed, each with its number of rows.

    Attributes:
        given: the kind that the source gives.
        relation: the table of the cells.
        rows: of the table.
    """

    connection: Any
    column: str
    given: Kind
    relation: str
    rows: int

    @cached_property
    def sample(self) -> dict[str, int]:
        """The commonest texts and their rows, blank ones aside."""
        return dict(
            self._rows(
                f"SELECT {self._cell}, {N} FROM {self.relation} WHERE {self._cell} <> '' "
                f"ORDER BY {N} DESC, hash({self._cell}) LIMIT {N_SAMPLED}"
            )
        )

    def plan(self, markers: Sequence[str], decimal: str) -> ColumnPlan:
        """How the cells are read, if these texts mean no value."""
        return ColumnPlan(self.column, self.given, tuple(markers), decimal=decimal)

    def found(self, words: Sequence[str]) -> list[str]:
        """Those of the words that occur."""
        if len(self.sample) < N_SAMPLED:
            return [word for word in words if word in self.sample]
        listed = ", ".join(map(text, words))
        rows = self._rows(
            f"SELECT {self._cell} FROM {self.relation} WHERE {self._cell} IN ({listed})"
        )
        seen = {row[0] for row in rows}
        return [word for word in words if word in seen]

    def kind(self, plan: ColumnPlan) -> Kind:
        """The kind of the present cells."""
        if self.given in ("double", "date"):
            return self.given
        forms = self._row(f"SELECT list(DISTINCT {plan.form()}) FROM {self.relation}")[0]
        return cleaning.kind_of(set(forms or ()) - {None})

    def count(self, plan: ColumnPlan) -> tuple[int, int]:
        """Rows with a value, and different values."""
        words = plan.words()
        present, distinct = self._row(
            f"SELECT sum({N}) FILTER ({words} IS NOT NULL), count(DISTINCT {words}) "
            f"FROM {self.relation}"
        )
        return int(present or 0), int(distinct)

    def words(self, plan: ColumnPlan, limit: int) -> dict[str, int]:
        """Texts with a value and their rows, at most so many."""
        words = plan.words()
        found = self._rows(
            f"SELECT {words} AS w, sum({N})::BIGINT FROM {self.relation} WHERE w IS NOT NULL "
            f"GROUP BY w ORDER BY sum({N}) DESC, w LIMIT {limit}"
        )
        return dict(found)

    def numbers(self, plan: ColumnPlan) -> Numbers | None:
        """The numbers of a column, or its dates in seconds since 1970; None if it has none."""
        row = self._row(
            f"WITH cells AS MATERIALIZED (SELECT {_number(plan)} AS v, {N} AS n "
            f"FROM {self.relation} WHERE v IS NOT NULL AND isfinite(v)), "
            "ends AS (SELECT min(v) AS low, max(v) AS high FROM cells) "
            "SELECT sum(n)::BIGINT, count(DISTINCT v), any_value(low), any_value(high), "
            "sum(n) FILTER (v = low)::BIGINT, sum(n) FILTER (v = high)::BIGINT, "
            "min(v) FILTER (v > low), max(v) FILTER (v < high), bool_and(v = floor(v)) "
            "FROM cells, ends"
        )
        return None if row[0] is None else Numbers(*row)

    def spellings(self, plan: ColumnPlan, value: float) -> list[str]:
        """The texts that stand for a number, or for a date in seconds since 1970."""
        found = self._rows(
            f"SELECT {plan.words()} FROM {self.relation} WHERE {_number(plan)} = {value!r} "
            "ORDER BY ALL"
        )
        return [row[0] for row in found]

    def fits(self, plan: ColumnPlan, formats: Sequence[str]) -> dict[str, int]:
        """How many rows each format of dates fits."""
        if not formats:
            return {}
        conditions = []
        for form in formats:
            looks = cleaning.matches("w", date_formats.PATTERNS[form].pattern)
            parsed = (
                ""
                if form == date_formats.ISO
                else f" AND TRY_STRPTIME(w, {text(form)}) IS NOT NULL"
            )
            conditions.append(looks + parsed)
        fits = ", ".join(f"sum({N}) FILTER ({condition})" for condition in conditions)
        row = self._row(
            f"SELECT {fits} FROM (SELECT {plan.words()} AS w, {N} FROM {self.relation}) "
            "WHERE w IS NOT NULL"
        )
        return {form: int(rows or 0) for form, rows in zip(formats, row, strict=True)}

    def misfits(self, plan: ColumnPlan) -> dict[str, int]:
        """Texts that do not fit the declared type, and their rows."""
        return dict(
            self._rows(
                f"SELECT {plan.words()} AS w, sum({N})::BIGINT FROM {self.relation} "
                f"WHERE {plan.unfit()} GROUP BY w ORDER BY sum({N}) DESC, w"
            )
        )

    def largest(self, plan: ColumnPlan, limit: int) -> list[tuple[float, int]]:
        """The greatest numbers and their rows."""
        found = self._rows(
            f"SELECT {_number(plan)} AS v, sum({N})::BIGINT FROM {self.relation} "
            f"WHERE v IS NOT NULL GROUP BY v ORDER BY v DESC LIMIT {limit}"
        )
        return [(float(number), int(rows)) for number, rows in found]

    def classes(self, plan: ColumnPlan) -> dict[str, int]:
        """Every class and its rows, the rarest first; `1` and `1.0` are one."""
        value = plan.words() if plan.kind == "text" else _number(plan)
        return dict(
            self._rows(
                f"SELECT min({plan.words()}), sum({N})::BIGINT FROM {self.relation} "
                f"WHERE {value} IS NOT NULL GROUP BY {value} ORDER BY 2, 1"
            )
        )

    @property
    def _cell(self) -> str:
        return name(self.column)

    def _rows(self, query: str) -> Any:
        return self.connection.execute(query).fetchall()

    def _row(self, query: str) -> Any:
        return self._rows(query)[0]


def _number(plan: ColumnPlan) -> str:
    """SQL of a number, or of a date in seconds since 1970, as a double."""
    value = f"epoch({plan.typed()})" if plan.kind == "date" else plan.typed(plan.quick())
    return f"({value})::DOUBLE"


def _trimmed(plan: ColumnPlan) -> str:
    if plan.given != "text":
        return plan.raw
    return f"CASE WHEN {plan.bare} THEN {plan.raw} ELSE {plan.trimmed} END"


class FirstRows:
    """The first rows of a source.

    Attributes:
        n: how many there are.
        copies: how many of them are copies of another one.
        columns: the distinct cells of every column.
    """

    def __init__(self, source: Source) -> None:
        self._connection = source.connection
        plans = [ColumnPlan(column, kind) for column, kind in source.columns.items()]
        cells = [f"{_trimmed(plan)} AS {plan.raw}" for plan in plans]
        self._connection.execute(
            f"CREATE TEMP TABLE {TABLE} AS SELECT {', '.join(cells)} FROM {RAW} LIMIT {MAX_ROWS}"
        )
        self.n, distinct = self._connection.execute(
            f"SELECT (SELECT count(*) FROM {TABLE}), "
            f"(SELECT count(*) FROM (SELECT DISTINCT * FROM {TABLE}))"
        ).fetchall()[0]
        self.copies = self.n - distinct
        self.columns = {plan.name: self._cells(plan, number) for number, plan in enumerate(plans)}

    def sample(self) -> Any:
        """Some of the rows, drawn by chance, as an Arrow table."""
        every = max(1, self.n // MAX_SAMPLE_ROWS)
        rows = f"SELECT * FROM {TABLE} WHERE hash(rowid) % {every} = 0"
        return self._connection.sql(rows).to_arrow_table()

    def frame(self, plans: Mapping[str, ColumnPlan], *, whole: str) -> Any:
        """Some rows as models see them, as a data frame: of a value of `whole`, all or none."""
        every = max(1, self.n // MAX_SAMPLE_ROWS)
        values = ", ".join(f"{plan.typed(plan.quick())} AS {plan.raw}" for plan in plans.values())
        rows = f"(SELECT * FROM {TABLE} WHERE hash({name(whole)}) % {every} = 0)"
        return self._connection.sql(f"SELECT {values} FROM {rows}").df()

    def first(self) -> dict[str, Any]:
        """The first row."""
        row = self._connection.execute(f"SELECT * FROM {TABLE} LIMIT 1").fetchall()
        return dict(zip(self.columns, row[0], strict=True)) if row else {}

    def _cells(self, plan: ColumnPlan, number: int) -> Cells:
        relation = f"first_cells_{number}"
        self._connection.execute(
            f"CREATE TEMP TABLE {relation} AS SELECT {plan.raw}, count(*) AS {N} FROM {TABLE} "
            f"GROUP BY {plan.raw}"
        )
        return Cells(self._connection, plan.name, plan.given, relation, self.n)
