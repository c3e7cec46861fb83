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
from tenfold.runtime import UserError, nearest
from tenfold.scaffolding import columns, layout
from tenfold.scaffolding.columns import GuessedColumn, MissingWords
from tenfold.scaffolding.layout import GuessedLayout

# A target looks capped if more than this share of its rows has its greatest value.
MIN_CAPPED = 0.01
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
            why = [f"{word} is a value in another column" for word in own]
            if column.sentinel:
                own.append(column.sentinel)
                why.append(f"{column.sentinel} is far below all other numbers")
            if own:
                found[name] = [*self.missing_values, *own], "; ".join(why)
        return found

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
        dates = [name for name, column in self.columns.items() if column.formats]
        lists = {
            "missing values": self.missing.everywhere,
            "missing values of their own": self.column_missing_values,
            "dates": dates,
            "dropped": self.dropped,
        }
        return lines + [f"{what}: {', '.join(names)}" for what, names in lists.items() if names]


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
    source = sources.preview(data, columns.MAX_ROWS)
    if target not in source.columns:
        no_header = guessed.reasons.get("header")
        hint = f"; {no_header}: name its columns with --columns" if no_header else ""
        raise UserError(
            f"--target: {path} has no column {target!r}; {nearest(target, source.columns)}{hint}"
        )
    if len(source.columns) == 1:
        raise UserError(f"{path} has one column, but a table needs a target and a feature")
    columns.keep_first_rows(source)
    missing = columns.missing_words(source, data.decimal)
    found = columns.guess_columns(source, missing, data.decimal)
    task, reason = columns.guess_task(found, target)
    cell = found[target].cell
    return GuessedTable(
        data=data,
        layout=guessed,
        task=task,
        reason=reason,
        rows=columns.n_rows(source),
        columns=found,
        missing=missing,
        rarest=0 if task == "regression" else columns.n_rows_of_rarest(source, cell),
        cap=_cap(source, found[target]) if task == "regression" else None,
        copies=columns.n_copies(source),
    )


def _cap(source: sources.Source, target: GuessedColumn) -> float | None:
    top, count, next_count = columns.top_value(source, target.cell)
    return top if count > MIN_CAPPED * target.rows and count > 10 * next_count else None
