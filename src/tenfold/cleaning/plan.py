"""How a table is cleaned: its columns, how each is read, the rules, and the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from tenfold.cleaning import column_groups
from tenfold.cleaning.column_groups import Group
from tenfold.cleaning.columns import ColumnPlan
from tenfold.params import Clean, Data
from tenfold.params.cleaning import Type
from tenfold.sources import Kind, Source
from tenfold.sources.typed_csv import Conversion


@dataclass(frozen=True)
class CleaningPlan:
    """How a table is cleaned.

    Attributes:
        columns: how every column of the source is read.
    """

    source: Source
    data: Data
    rules: Clean
    columns: Mapping[str, ColumnPlan]

    @property
    def target(self) -> str:
        """The column that is predicted."""
        return self.data.target

    @property
    def undeclared(self) -> list[ColumnPlan]:
        """The columns whose type is inferred."""
        return [reader for reader in self.columns.values() if reader.cast is None]

    @cached_property
    def groups(self) -> list[Group]:
        """Every column in one group of those that are read alike."""
        return column_groups.grouped(self.columns.values(), self.rules.drop_columns)

    def with_types(self, types: Mapping[str, Type | None]) -> CleaningPlan:
        """The same with other inferred types of some columns."""
        found = {column: replace(self.columns[column], type=kind) for column, kind in types.items()}
        return replace(self, columns={**self.columns, **found})

    def converted(self) -> CleaningPlan:
        """The same once the source has typed what it can; its rows must be judged at once."""
        usual = tuple(self.rules.missing_values)
        kinds: dict[str, Kind] = {}
        for column, reader in self.columns.items():
            number = reader.type in ("integer", "double") and reader.is_plain_number
            # How the source writes the target is looked at later.
            at_once = number and reader.markers == usual and column != self.target
            kinds[column] = reader.kind if at_once else "text"
        all_usual = not self.rules.replace and not self.rules.column_missing_values
        raw = self.source.convert(Conversion(kinds, usual, all_usual))
        return replace(
            self,
            columns={
                column: replace(reader, given=raw[column].kind, is_final=raw[column].is_final)
                for column, reader in self.columns.items()
            },
        )

    def unchanged(self) -> list[str]:
        """The columns whose cells stay as the source gives them now, keys aside."""
        return [
            column
            for column, reader in self.columns.items()
            if reader.is_unchanged and column not in self.rules.keys
        ]

    def is_needed(self, column: str) -> bool:
        """Whether a column is asked for once its rows are judged."""
        return self.rules.shows(column) or column in (*self.rules.keys, self.target)
