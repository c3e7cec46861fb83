"""What `tenfold init` guesses of a table from its first rows, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tenfold import sources
from tenfold.dataset.copies import repeat_by_nature
from tenfold.dataset.profile import is_likely_group, is_likely_time
from tenfold.metrics import Task
from tenfold.params import Data
from tenfold.runtime import UserError, nearest, shown
from tenfold.scaffolding import honest_split, layout, published_split, questions
from tenfold.scaffolding.columns import GuessedColumn, MissingWords, guess_columns
from tenfold.scaffolding.columns.first_rows import MAX_ROWS, FirstRows
from tenfold.scaffolding.costs import Size
from tenfold.scaffolding.flow_yaml import flow
from tenfold.scaffolding.honest_split import HonestSplit
from tenfold.scaffolding.layout import GuessedLayout
from tenfold.scaffolding.published_split import PublishedSplit
from tenfold.scaffolding.target import GuessedTarget, guess_target

# Values of a column that may be parts of a published split, at most.
MAX_PARTS = 20


@dataclass(frozen=True)
class GuessedTable:
    """All that is guessed of a table.

    Attributes:
        data: how it is read, and `layout` why.
        rows: that were read.
        columns: each as its cells show it.
        missing: texts that mean no value.
        target: what is predicted.
        copies: rows that are copies of another one.
        are_alike: whether these are different things that look alike, rather than mistakes.
        published: the column of a split that the table brings along.
        honest: a split by a group or by time, where a random one would promise too much.
        first_row: the cells of the first row.
    """

    data: Data
    layout: GuessedLayout
    rows: int
    columns: Mapping[str, GuessedColumn]
    missing: MissingWords
    target: GuessedTarget
    copies: int
    are_alike: bool
    published: PublishedSplit | None
    honest: HonestSplit | None
    first_row: Mapping[str, Any]

    @property
    def task(self) -> Task:
        """What the target is."""
        return self.target.task

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

    @property
    def replaced(self) -> dict[str, Mapping[str, str]]:
        """`clean.replace`: the words of a published split."""
        if self.published is None or not self.published.replaced:
            return {}
        return {self.published.column: self.published.replaced}

    @cached_property
    def groups(self) -> list[str]:
        """Columns that may group the rows."""
        return [name for name, column in self._features() if is_likely_group(name, column.counts)]

    @cached_property
    def times(self) -> list[str]:
        """Columns that may order the rows."""
        return [name for name, column in self._features() if is_likely_time(name, column.counts)]

    @cached_property
    def dropped(self) -> dict[str, str]:
        """Columns that no model should see -> why."""
        kept = {*self.groups, *self.times}
        reasons = {name: column.useless for name, column in self._features() if name not in kept}
        return {name: reason for name, reason in reasons.items() if reason}

    @property
    def features(self) -> list[str]:
        """The columns that models see."""
        return [name for name, _ in self._features() if name not in self.dropped]

    @property
    def n_splits(self) -> int:
        """Ten folds of a small table, five of a larger one, fewer where a class is rare."""
        folds = 10 if self.rows <= 5_000 else 5
        most = int(self.rows * 0.8) // 2
        if self.target.classes:
            most = int(min(self.target.classes.values()) * 0.8)
        return max(2, min(folds, most))

    def size(self, n_splits: int) -> Size:
        """What the time of a fit depends on, if a fifth of the rows is held out."""
        rows = sources.n_rows(self.data) if self.rows == MAX_ROWS else self.rows
        return Size.of(int(rows * 0.8), n_splits, len(self.features))

    def _features(self) -> list[tuple[str, GuessedColumn]]:
        used = (self.data.target, self.published.column if self.published else None)
        return [item for item in self.columns.items() if item[0] not in used]

    def summary(self) -> list[str]:
        """The guesses that matter most, a line each."""
        lines = [f"task: {self.task} ({self.target.reason})"]
        for key, value in self.layout.settings.items():
            lines.append(f"data.{key}: {value} ({self.layout.reasons[key]})")
        if self.published:
            lines.append(f"split: by {self.published.column}, which {self.published.reason}")
        if self.honest:
            lines.append(f"split: {flow(self.honest.settings)}")
        lists = {
            "missing values": self.missing.everywhere,
            "missing values of their own": self.column_missing_values,
            "types": [f"{name} {flow(cast)}" for name, (cast, _) in self.types.items()],
            "dropped": self.dropped,
        }
        lines += [f"{what}: {', '.join(names)}" for what, names in lists.items() if names]
        return lines + [f"check: {question}" for question in self.questions]

    @cached_property
    def questions(self) -> list[str]:
        """What a person must decide or know, a line each."""
        asked = questions.ask(self.columns, self.data.target, self.first_row, self.target)
        honest = [self.honest.question] if self.honest else self._unused_groups()
        return [*self.layout.questions, *honest, *asked]

    def _unused_groups(self) -> list[str]:
        """Likely groups whose rows are parted by chance, though that changed no score."""
        if self.published:
            return []
        return [
            f"{shown(name)} has several rows a value, which are parted by chance: if the model is "
            f"asked about new ones, set split: {flow({'strategy': 'grouped', 'group': name})}"
            for name in self.groups
        ]


def guess(path: str, target: str, given: Mapping[str, Any]) -> GuessedTable:
    """Read the first rows of a table and guess how to learn `target` from it.

    Args:
        path: `data.path`.
        target: the column to predict.
        given: settings of `data` that need not be guessed.

    Raises:
        UserError: if the table cannot be read, its target cannot be predicted, or no other column
            says anything of it.
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
    columns, missing = guess_columns(first, target, data.decimal)
    found = GuessedTable(
        data=data,
        layout=guessed,
        rows=first.n,
        columns=columns,
        missing=missing,
        target=guess_target(first.columns[target], columns[target]),
        copies=first.copies,
        are_alike=repeat_by_nature(first.n, first.copies, first.sample),
        published=_published(first, columns, target),
        honest=None,
        first_row=first.first(),
    )
    if not found.features:
        why = "; ".join(f"{name!r}: {reason}" for name, reason in found.dropped.items())
        raise UserError(
            f"all columns but the target {target!r} would be left out, as models learn nothing "
            f"from them ({why}): add a column that says something of new rows"
        )
    if found.published or len(found.features) < 2:
        return found
    honest = honest_split.choose(
        first,
        columns,
        target,
        found.task,
        found.features,
        {"group": found.groups, "time": found.times},
    )
    return replace(found, honest=honest)


def _published(
    first: FirstRows, columns: Mapping[str, GuessedColumn], target: str
) -> PublishedSplit | None:
    words = {
        name: list(first.columns[name].words(replace(column.plan, cast=None), MAX_PARTS))
        for name, column in columns.items()
        if name != target and 2 <= column.distinct <= MAX_PARTS and column.present == column.rows
    }
    return published_split.find(words)
