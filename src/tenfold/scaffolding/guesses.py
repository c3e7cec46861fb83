"""What `tenfold init` guesses of a table from its first rows, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tenfold import sources
from tenfold.dataset.profile import is_likely_group, is_likely_time
from tenfold.metrics import Task
from tenfold.params import Data
from tenfold.runtime import UserError, nearest, shown
from tenfold.scaffolding import layout
from tenfold.scaffolding import target as targets
from tenfold.scaffolding.columns import GuessedColumn, MissingWords, guess_columns
from tenfold.scaffolding.first_rows import MAX_ROWS, FirstRows
from tenfold.scaffolding.flow_yaml import flow
from tenfold.scaffolding.layout import GuessedLayout

# Odd cells that are named.
MAX_NAMED = 3
# A row of units has words in so many columns of numbers.
MIN_UNITS = 2
# With a greater share of copies, rows are taken to agree by chance.
MAX_COPIES = 0.1


@dataclass(frozen=True)
class GuessedTable:
    """All that is guessed of a table.

    Attributes:
        data: how it is read, and `layout` why.
        task: what is predicted, and `reason` why.
        rows: that were read.
        columns: each as its cells show it.
        missing: texts that mean no value.
        rarest: rows of the rarest class; 0 for regression.
        cap: the target's greatest value, if so many rows have it that it looks like a cap.
        copies: rows that are copies of another one.
        first_row: the cells of the first row.
    """

    data: Data
    layout: GuessedLayout
    task: Task
    reason: str
    rows: int
    columns: Mapping[str, GuessedColumn]
    missing: MissingWords
    rarest: int
    cap: float | None
    copies: int
    first_row: Mapping[str, Any]

    @property
    def missing_values(self) -> list[str]:
        """`clean.missing_values`."""
        return ["", *self.missing.everywhere]

    @property
    def column_missing_values(self) -> dict[str, tuple[list[str], str]]:
        """`clean.column_missing_values` -> why."""
        found = {}
        for name, column in self.columns.items():
            own = list(self.missing.own.get(name, ()))
            why = [f"{word} means no value here" for word in own]
            if column.sentinel and column.sentinel.is_sure and name != self.data.target:
                own += column.spellings
                why.append(f"{' '.join(column.spellings)} is far below all other numbers")
            if own:
                found[name] = [*self.missing_values, *own], "; ".join(why)
        return found

    @property
    def types(self) -> dict[str, tuple[Mapping[str, Any], str]]:
        """`clean.types` -> why."""
        return {
            name: (column.reading.cast, "; ".join(column.reading.reasons))
            for name, column in self.columns.items()
            if column.reading.cast
        }

    @cached_property
    def units(self) -> dict[str, str]:
        """The odd cells of the first row, where several columns have one: a header of units."""
        found = {
            name: self.first_row[name]
            for name, column in self.columns.items()
            if self.first_row.get(name) in column.reading.odd
        }
        return found if len(found) >= MIN_UNITS else {}

    @cached_property
    def questions(self) -> list[str]:
        """What a person must decide or know, a line each."""
        asked = [] if not self.units else [_units(self.units)]
        for name, column in self.columns.items():
            offered = _offered(name, column.reading.offer)
            asked += [f"{shown(name)}: {asks}{offered}" for asks in column.reading.questions]
            odd = {w: n for w, n in column.reading.odd.items() if w != self.units.get(name)}
            if odd:
                asked.append(f"{shown(name)}: {_odd(odd)}")
            found = column.sentinel
            if found and (not found.is_sure or name == self.data.target):
                value = column.spellings[0] if column.spellings else f"{found.value:g}"
                asked.append(
                    f"{shown(name)}: {value} in {found.rows} cells, far {found.where} all others: "
                    "if it means no value, say so in clean.column_missing_values"
                )
        return asked

    @property
    def many_copies(self) -> str:
        """The share of rows that are copies, if it is too great for mistakes."""
        return f"{self.copies / self.rows:.0%}" if self.copies > MAX_COPIES * self.rows else ""

    @property
    def groups(self) -> list[str]:
        """Columns that may group the rows."""
        return [name for name, column in self._features() if is_likely_group(name, column.counts)]

    @property
    def times(self) -> list[str]:
        """Columns that may order the rows."""
        return [name for name, column in self._features() if is_likely_time(name, column.counts)]

    @cached_property
    def dropped(self) -> dict[str, str]:
        """Columns that no model should see -> why."""
        reasons = {
            name: column.useless for name, column in self._features() if name not in self.groups
        }
        return {name: reason for name, reason in reasons.items() if reason}

    @property
    def n_splits(self) -> int:
        """Ten folds of a small table, five of a larger one, fewer where a class is rare."""
        folds = 10 if self.rows <= 5_000 else 5
        most = int(self.rows * 0.8) // 2 if self.task == "regression" else int(self.rarest * 0.8)
        return max(2, min(folds, most))

    def _features(self) -> list[tuple[str, GuessedColumn]]:
        return [item for item in self.columns.items() if item[0] != self.data.target]

    def summary(self) -> list[str]:
        """The guesses that matter most, a line each."""
        lines = [f"task: {self.task} ({self.reason})"]
        for key, value in self.layout.settings.items():
            lines.append(f"data.{key}: {value} ({self.layout.reasons[key]})")
        lists = {
            "missing values": self.missing.everywhere,
            "missing values of their own": self.column_missing_values,
            "types": self.types,
            "dropped": self.dropped,
        }
        lines += [f"{what}: {', '.join(names)}" for what, names in lists.items() if names]
        return lines + [f"check: {question}" for question in self.questions]


def _offered(name: str, cast: Mapping[str, Any]) -> str:
    return f"; to read all alike: clean.types: {flow({name: cast})}" if cast else ""


def _odd(odd: Mapping[str, int]) -> str:
    """What is said of cells that do not fit the declared type."""
    n = sum(odd.values())
    listed = ", ".join(map(repr, list(odd)[:MAX_NAMED]))
    such = "such as " if len(odd) > MAX_NAMED else ""
    cells = "1 cell does" if n == 1 else f"{n} cells do"
    return f"{cells} not fit ({such}{listed}): the rows are rejected"


def _units(units: Mapping[str, str]) -> str:
    listed = ", ".join(f"{units[name]!r} in {shown(name)}" for name in list(units)[:MAX_NAMED])
    more = ", ..." if len(units) > MAX_NAMED else ""
    return f"the first row holds words among numbers ({listed}{more}), as of units: it is rejected"


def guess(path: str, target: str, given: Mapping[str, Any]) -> GuessedTable:
    """Read the first rows of a table and guess how to learn `target` from it.

    Args:
        path: `data.path`.
        target: the column to predict.
        given: settings of `data` that need not be guessed.

    Raises:
        UserError: if the table cannot be read, or its target cannot be predicted.
    """
    data, guessed = layout.guess(path, target, given)
    source = sources.preview(data, MAX_ROWS)
    if target not in source.columns:
        no_header = guessed.reasons.get("header")
        hint = f"; {no_header}: name its columns with --columns" if no_header else ""
        raise UserError(
            f"--target: {path} has no column {target!r}; {nearest(target, source.columns)}{hint}"
        )
    if len(source.columns) == 1:
        raise UserError(f"{path} has one column, but a table needs a target and a feature")
    first = FirstRows(source)
    found, missing = guess_columns(first, target, data.decimal)
    task, reason = targets.guess_task(target, found[target])
    cells = first.columns[target]
    classes = {} if task == "regression" else cells.classes(found[target].plan)
    return GuessedTable(
        data=data,
        layout=guessed,
        task=task,
        reason=reason,
        rows=first.n,
        columns=found,
        missing=missing,
        rarest=min(classes.values(), default=0),
        cap=targets.cap(cells, found[target]) if task == "regression" else None,
        copies=first.copies,
        first_row=first.first(),
    )
