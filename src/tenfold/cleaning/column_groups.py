"""SQL of columns with the same settings: a column each where they are few, a list where many.

DuckDB plans an expression a column slowly: twenty on each of 10,000 columns take minutes, on one
list of 10,000 cells a second. Nobody outside needs to know which of the two ways a column takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenfold.cleaning import moments
from tenfold.cleaning.columns import ColumnPlan
from tenfold.runtime import shown
from tenfold.sources import name, text

# Fewer columns are faster written out.
MIN_COLUMNS = 50
# Columns of one query, written out and as a list.
WIDTH, LIST_WIDTH = 200, 1000
# Squares of larger numbers are no longer finite.
MAX_NUMBER = 1e100
CELL = "tenfold_cell"


@dataclass(frozen=True)
class Change:
    """SQL, over `columns`, of whether a cell is changed.

    Of many columns it is a list, NULL where no cell is changed.
    """

    sql: str
    columns: Sequence[str]
    is_list: bool = False


@dataclass(frozen=True)
class SingleColumn:
    """A column that is written out."""

    number: int
    reader: ColumnPlan

    @property
    def columns(self) -> Sequence[str]:
        """Its name."""
        return [self.reader.name]

    def first(self) -> Iterator[str]:
        """What is selected from the source: what several expressions are made of."""
        if self.reader.wanted == "integer" and self._quick:
            yield f"{self.reader.value} AS {self._value}"

    def second(self) -> Iterator[str]:
        """What is selected from that."""
        if self._quick:
            yield f"{self._quick} AS {self._known}"

    def typed(self) -> Iterator[str]:
        """What is selected from that: the values, under the column's name."""
        yield f"{self.reader.typed(self._known if self._quick else '')} AS {name(*self.columns)}"

    def contradiction(self) -> tuple[str, str]:
        """Whether a cell contradicts the inferred type; before it, what quickly excludes it."""
        if self.reader.cast:
            return "", ""
        odd = self.reader.contradicts()
        known = self.reader.type not in (None, "text") and self._quick and odd
        return (f"{self._known} IS NOT NULL" if known else ""), odd

    def trimming(self) -> Change | None:
        """Whether white space is taken from a cell, beside `second`."""
        if not _may_lose_space(self.reader) or self.reader.wanted != "text":
            return None
        bare = self._known if self._quick else ""
        return Change(f"coalesce({self.reader.loses_space(bare)}, false)", self.columns)

    def respelling(self) -> Change | None:
        """Whether a category is written otherwise than its one spelling."""
        if not _may_be_respelled(self.reader):
            return None
        return Change(f"coalesce({self.reader.is_respelled()}, false)", self.columns)

    def too_large(self) -> Iterator[tuple[str, str]]:
        """Whether a value is beyond what programs hold, and the reason."""
        odd, reason = _beyond_limits(self.reader, self.reader.raw)
        if odd:
            yield odd, f"{reason} || {text(shown(self.reader.name))}"

    def n_missing(self, left_out: str) -> str:
        """How many cells have no value, those of one column aside."""
        return "0" if left_out in self.columns else f"({name(*self.columns)} IS NULL)::INTEGER"

    def hashed(self) -> str:
        """What tells rows apart."""
        return name(*self.columns)

    @property
    def _quick(self) -> str:
        return self.reader.quick(self._value)

    @property
    def _value(self) -> str:
        return f"tenfold_value_{self.number}"

    @property
    def _known(self) -> str:
        return f"tenfold_quick_{self.number}"


@dataclass(frozen=True)
class AlikeColumns:
    """Many columns that are read alike, as one list; `reader` is that of any of its cells."""

    number: int
    reader: ColumnPlan
    columns: Sequence[str]

    def first(self) -> Iterator[str]:
        """The list of cells."""
        yield f"{_list(self.columns)} AS {self._given}"

    def second(self) -> Iterator[str]:
        """The list of values."""
        typed = self.reader.typed(self.reader.quick())
        yield f"{_each(self._given, typed)} AS {self.hashed()}"

    def typed(self) -> Iterator[str]:
        """The values one by one, and the list of them."""
        for place, column in enumerate(self.columns, start=1):
            yield f"{self.hashed()}[{place}] AS {name(column)}"
        yield self.hashed()

    def contradiction(self) -> tuple[str, str]:
        """As that of `SingleColumn`."""
        odd, quick = self.reader.contradicts(), self.reader.quick()
        if odd and quick and self.reader.type:
            odd = f"CASE WHEN {quick} IS NOT NULL THEN false ELSE {odd} END"
        return "", f"list_bool_or({_each(self._given, odd)})" if odd else ""

    def trimming(self) -> Change | None:
        """As that of `SingleColumn`."""
        if not _may_lose_space(self.reader) or self.reader.type not in ("text", None):
            return None
        return self._flags(self.reader.loses_space())

    def respelling(self) -> Change | None:
        """As that of `SingleColumn`."""
        may_be = _may_be_respelled(self.reader)
        return self._flags(self.reader.is_respelled()) if may_be else None

    def _flags(self, changed: str) -> Change:
        flags = _each(self._given, f"coalesce({changed}, false)")
        sql = f"CASE WHEN list_bool_or({flags}) THEN {flags} END"
        return Change(sql, self.columns, is_list=True)

    def too_large(self) -> Iterator[tuple[str, str]]:
        """As that of `SingleColumn`."""
        typed, (odd, reason) = self.hashed(), _beyond_limits(self.reader, name(CELL))
        if odd:
            found = _each(typed, f"coalesce({odd}, false)")
            place = f"list_position({found}, true)"
            names = f"[{', '.join(text(shown(column)) for column in self.columns)}]"
            reason = reason.replace(name(CELL), f"{typed}[{place}]")
            yield f"list_bool_or({found})", f"{reason} || {names}[{place}]"

    def n_missing(self, left_out: str) -> str:
        """As that of `SingleColumn`."""
        typed, cell = self.hashed(), name(CELL)
        missing = f"len(list_filter({typed}, lambda {cell}: {cell} IS NULL))"
        if left_out not in self.columns:
            return missing
        place = list(self.columns).index(left_out) + 1
        return f"{missing} - ({typed}[{place}] IS NULL)::INTEGER"

    def hashed(self) -> str:
        """The name of the list of values."""
        return f"tenfold_list_{self.number}"

    @property
    def _given(self) -> str:
        return f"tenfold_given_list_{self.number}"


Group = SingleColumn | AlikeColumns


def grouped(plans: Iterable[ColumnPlan]) -> list[Group]:
    """Every column in one group; first those that are written out, then those of many."""
    found: list[Group] = []
    many, few = _alike(plans)
    for reader in few:
        found.append(SingleColumn(len(found), reader))
    for alike in many:
        columns = [reader.name for reader in alike]
        found.append(AlikeColumns(len(found), _any_of(alike), columns))
    return found


def aggregate(
    connection: Any,
    relation: str,
    plans: Sequence[ColumnPlan],
    expression: Callable[[ColumnPlan], str],
    aggregates: Callable[[str], Sequence[str]],
) -> dict[str, tuple[Any, ...]]:
    """Aggregates of an expression on the cells of each column of a relation, column by column."""
    many, few = _alike(plans)
    found: dict[str, tuple[Any, ...]] = {}
    for part in _parts(few, WIDTH):
        selected = [sql for reader in part for sql in aggregates(expression(reader))]
        row = connection.execute(f"SELECT {', '.join(selected)} FROM {relation}").fetchall()[0]
        n = len(selected) // len(part)
        for number, reader in enumerate(part):
            found[reader.name] = row[number * n : (number + 1) * n]
    for part in (part for alike in many for part in _parts(alike, LIST_WIDTH)):
        columns = [reader.name for reader in part]
        cells = _each(_list(columns), expression(_any_of(part)))
        rows = connection.execute(
            f"SELECT place, {', '.join(aggregates('cell'))} FROM "
            "(SELECT generate_subscripts(cells, 1) AS place, unnest(cells) AS cell "
            f"FROM (SELECT {cells} AS cells FROM {relation})) GROUP BY place"
        ).fetchall()
        found |= {columns[row[0] - 1]: row[1:] for row in rows}
    return found


def _alike(
    plans: Iterable[ColumnPlan],
) -> tuple[list[list[ColumnPlan]], list[ColumnPlan]]:
    """Columns that are read alike and many, together; all others.

    A column for which something of its own is declared is one of the others.
    """
    every = list(plans)
    by_key: dict[Any, list[ColumnPlan]] = {}
    for reader in every:
        own = reader.replaced or reader.cast
        by_key.setdefault(reader.name if own else replace(reader, name=CELL), []).append(reader)
    many = [some for some in by_key.values() if len(some) >= MIN_COLUMNS]
    taken = {reader.name for some in many for reader in some}
    return many, [reader for reader in every if reader.name not in taken]


def _any_of(alike: Sequence[ColumnPlan]) -> ColumnPlan:
    return replace(alike[0], name=CELL)


def _parts(plans: Sequence[ColumnPlan], width: int) -> Iterator[Sequence[ColumnPlan]]:
    for start in range(0, len(plans), width):
        yield plans[start : start + width]


def _beyond_limits(reader: ColumnPlan, cell: str) -> tuple[str, str]:
    """SQL: whether a value is beyond what programs hold, and how the reason begins; or nothing."""
    if reader.kind == "double":
        which = f"CASE WHEN isinf({cell}) THEN 'infinite: ' ELSE 'over 1e100: ' END"
        return f"abs({cell}) > {MAX_NUMBER}", which
    if reader.kind == "date" and reader.given == "date":
        return f"NOT {moments.in_range(cell)}", "'before the year 1 or after 9999: '"
    return "", ""


def _may_be_respelled(reader: ColumnPlan) -> bool:
    return reader.wanted == "text" and reader.given == "text" and not reader.is_typed


def _may_lose_space(reader: ColumnPlan) -> bool:
    return reader.trim and reader.given == "text" and not reader.is_typed


def _list(columns: Sequence[str]) -> str:
    """SQL of a row's cells of one type as a list."""
    return f"[{', '.join(map(name, columns))}]"


def _each(listed: str, expression: str) -> str:
    """SQL of a list of what an expression gives for every `CELL` of another."""
    return f"list_transform({listed}, lambda {name(CELL)}: {expression})"
