"""How a table is read: its source, how each column's cells are read, and the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from tenfold.cleaning import column_groups
from tenfold.cleaning.column_groups import AlikeColumns, Group, SingleColumn
from tenfold.cleaning.columns import ColumnPlan
from tenfold.params.cleaning import Type
from tenfold.sources import Kind, Source


@dataclass(frozen=True)
class CleaningPlan:
    """How a table is read.

    Attributes:
        source: of the rows.
        target: the column that is predicted.
        columns: how every column of the source is read.
        derived: the columns that are made of these, as they come.
    """

    source: Source
    target: str
    columns: Mapping[str, ColumnPlan]
    derived: Mapping[str, ColumnPlan] = field(default_factory=dict)

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The kinds of all columns, derived ones behind."""
        return {one.name: one.kind for one in (*self.columns.values(), *self.derived.values())}

    @property
    def hidden(self) -> dict[str, str]:
        """The columns that models must not see by declaration, and why."""
        every = (*self.columns.values(), *self.derived.values())
        return {one.name: one.hidden for one in every if one.hidden and one.name != self.target}

    @property
    def undeclared(self) -> list[ColumnPlan]:
        """The columns whose type is inferred."""
        return [reader for reader in self.columns.values() if reader.cast is None]

    @cached_property
    def groups(self) -> list[Group]:
        """Every column of the source in one group of those that are read alike."""
        return column_groups.grouped(self.columns.values())

    @property
    def shown_groups(self) -> list[Group]:
        """All columns that are not dropped: those written out, derived ones, those of many."""
        derived = [SingleColumn(len(self.groups), reader) for reader in self.derived.values()]
        found: list[Group] = [group for group in self.groups if isinstance(group, SingleColumn)]
        found += [*derived, *(group for group in self.groups if isinstance(group, AlikeColumns))]
        return [group for group in found if not group.reader.is_dropped]

    def with_types(self, types: Mapping[str, Type | None]) -> CleaningPlan:
        """The same with other inferred types of some columns."""
        found = {column: replace(self.columns[column], type=kind) for column, kind in types.items()}
        return replace(self, columns={**self.columns, **found})

    def converted(self) -> CleaningPlan:
        """The same once the source has typed what it can; its rows must be judged at once."""
        wanted = {column: reader.wanted_of_source for column, reader in self.columns.items()}
        if self.columns[self.target].kind != "text":
            # How the source writes the target is looked at later.
            wanted[self.target] = replace(wanted[self.target], kind=None)
        typed = self.source.convert(wanted)
        found = {
            column: replace(self.columns[column], given=kind, is_typed=True)
            for column, kind in typed.items()
        }
        return replace(self, columns={**self.columns, **found})
