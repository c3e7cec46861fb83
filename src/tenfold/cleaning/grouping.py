"""Many columns that are read alike, as one list: DuckDB plans an expression a column slowly.

Twenty expressions on each of 10,000 columns are planned in minutes; on one list of 10,000 cells,
in a second.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenfold.cleaning.cells import Cell
from tenfold.dataset import ROW
from tenfold.params.cleaning import Type
from tenfold.runtime import shown
from tenfold.sources import Kind, name, text

# Fewer columns are faster on their own.
FEWEST = 50
CELL = "tenfold_cell"
GIVEN, TYPED, TRIMMED = "tenfold_given_list_", "tenfold_list_", "tenfold_trimmed_list_"


@dataclass(frozen=True)
class Group:
    """Columns whose cells are given and read in the same way.

    Attributes:
        number: which of the groups it is.
        columns: their names.
        cell: any cell of theirs.
        guess: the kind of columns they are taken for; None if no cell showed any.
        dropped: whether no model sees them.
    """

    number: int
    columns: Sequence[str]
    cell: Cell
    guess: Kind | None
    dropped: bool

    @property
    def wanted(self) -> Type:
        """The type of the values."""
        return self.guess or "double"

    @property
    def given_name(self) -> str:
        """Of the list of cells."""
        return f"{GIVEN}{self.number}"

    @property
    def cells(self) -> str:
        """SQL of the list of cells."""
        return cells(self.columns)

    @property
    def given(self) -> str:
        """The same under its name."""
        return f"{self.cells} AS {self.given_name}"

    @property
    def typed_name(self) -> str:
        """Of the list of values."""
        return f"{TYPED}{self.number}"

    @property
    def trimmed_name(self) -> str:
        """Of the list that `trimmed` makes."""
        return f"{TRIMMED}{self.number}"

    @property
    def typed(self) -> str:
        """SQL of the list of values, of the one of `given`."""
        quick = self.cell.quick(self.wanted)
        typed = each(self.given_name, self.cell.typed(self.wanted, None, quick))
        return f"{typed} AS {self.typed_name}"

    def taken(self) -> Iterator[tuple[str, str]]:
        """Every column's name, and SQL of its value out of `typed`."""
        for place, column in enumerate(self.columns, start=1):
            yield column, f"{self.typed_name}[{place}] AS {name(column)}"

    def odd(self) -> str:
        """SQL: whether any cell contradicts the guess; empty where none can."""
        if self.guess is None:
            one = f"{self.cell.words()} IS NOT NULL"
        else:
            one = self.cell.contradicts(self.guess)
            quick = self.cell.quick(self.guess)
            if one != "false" and quick:
                one = f"CASE WHEN {quick} IS NOT NULL THEN false ELSE {one} END"
        return "" if one == "false" else f"list_bool_or({each(self.given_name, one)})"

    def trimmed(self) -> str:
        """SQL of a list that tells which cells lose white space, NULL if none does; or empty."""
        spaced = self.cell.trim and self.cell.given == "text" and not self.cell.sure
        if not spaced or self.guess not in ("text", None):
            return ""
        flags = each(self.given_name, f"coalesce({self.cell.loses_space()}, false)")
        return f"CASE WHEN list_bool_or({flags}) THEN {flags} END"

    def beyond(self, largest: float) -> str:
        """SQL of a branch of a CASE: the reason why a row with too large a number goes."""
        if self.wanted != "double" or self.dropped:
            return ""
        typed = self.typed_name
        large = each(typed, f"coalesce(abs({name(CELL)}) > {largest}, false)")
        place = f"list_position({large}, true)"
        names = f"[{', '.join(text(shown(column)) for column in self.columns)}]"
        which = f"CASE WHEN isinf({typed}[{place}]) THEN 'infinite: ' ELSE 'over 1e100: ' END"
        return f"WHEN list_bool_or({large}) THEN {which} || {names}[{place}]"

    def n_missing(self, target: str) -> str:
        """SQL: how many cells of features have no value."""
        typed, cell = self.typed_name, name(CELL)
        missing = f"len(list_filter({typed}, lambda {cell}: {cell} IS NULL))"
        if target not in self.columns:
            return missing
        place = self.columns.index(target) + 1
        return f"{missing} - ({typed}[{place}] IS NULL)::INTEGER"


def groups(
    read: Sequence[Cell], guesses: Mapping[str, Kind | None], dropped: Collection[str]
) -> list[Group]:
    """The columns that are guessed to be alike, where they are many."""
    found: list[Group] = []
    for many in alike(read, guesses, dropped)[0]:
        columns = [cell.column for cell in many]
        first = columns[0]
        found.append(Group(len(found), columns, any_of(many), guesses[first], first in dropped))
    return found


def alike(
    read: Sequence[Cell],
    guesses: Mapping[str, Kind | None] | None = None,
    dropped: Collection[str] = (),
) -> tuple[list[list[Cell]], list[Cell]]:
    """Cells that are given alike and mean the same, where they are many; and all others.

    Where guesses are told, these must agree, and whether models see the column.
    """
    by_kind: dict[Any, list[Cell]] = {}
    for cell in read:
        kind: Any = (cell.given, cell.markers, cell.trim, cell.decimal, cell.sure)
        if guesses is not None:
            kind = (*kind, guesses[cell.column], cell.column in dropped)
        by_kind.setdefault(cell.column if cell.replaced else kind, []).append(cell)
    many = [one for one in by_kind.values() if len(one) >= FEWEST]
    taken = {cell.column for one in many for cell in one}
    return many, [cell for cell in read if cell.column not in taken]


def any_of(many: Sequence[Cell]) -> Cell:
    """A cell that stands for any of these."""
    return replace(many[0], column=CELL)


def cells(columns: Sequence[str]) -> str:
    """SQL of a row's cells of one type as a list."""
    return f"[{', '.join(map(name, columns))}]"


def each(listed: str, expression: str) -> str:
    """SQL of a list of what an expression gives for every `CELL` of another."""
    return f"list_transform({listed}, lambda {name(CELL)}: {expression})"


def long(columns: Sequence[str], source: str, expression: str = name(CELL)) -> str:
    """SQL of a row per cell: `ROW`, `place` (of the column, from 1), `cell` (the expression)."""
    return (
        f"SELECT {ROW}, generate_subscripts(cells, 1) AS place, unnest(cells) AS cell "
        f"FROM (SELECT {ROW}, {each(cells(columns), expression)} AS cells FROM {source})"
    )
