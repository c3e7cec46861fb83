"""Guess what the columns of a table hold, from its first rows: markers, types, dates, the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenfold import cleaning
from tenfold.cleaning import ColumnPlan
from tenfold.dataset import dates
from tenfold.dataset.profile import ColumnCounts
from tenfold.metrics import Task
from tenfold.runtime import UserError
from tenfold.sources import RAW, Kind, Source, text

# Rows that are read: the first ones, enough to see what a column is.
MAX_ROWS = 200_000
# Texts that mean no value wherever they stand, and those that may also be categories.
ALWAYS_MISSING = ("?", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "<NA>")
MAYBE_MISSING = (
    *("NA", "na", "None", "none", "-", "--", "."),
    *("missing", "Missing", "unknown", "Unknown"),
)
# Numbers that stand for no value, where all others are far above.
SENTINELS = ("-99", "-999", "-9999", "-99999")
ISO = "ISO 8601"
FORMATS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%b %d, %Y", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M"),
    *("%m/%d/%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
)
# An integer target with more values is a quantity.
MAX_CLASSES = 20
# The table of the first rows.
FIRST_ROWS = "first_rows"


@dataclass(frozen=True)
class GuessedColumn:
    """A column as its cells show it.

    Attributes:
        cell: how it is read.
        kind: its type.
        rows: that were read.
        copies: rows that are copies of another one.
        missing: cells without a value.
        distinct: different values.
        doubtful: texts in it that may mean no value.
        formats: the date formats that fit all its cells.
        sentinel: a number that stands for no value, far below all others.
        range: the least and the greatest number of an integer column.
    """

    cell: ColumnPlan
    kind: Kind
    rows: int
    copies: int
    missing: int
    distinct: int
    doubtful: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    sentinel: str | None = None
    range: tuple[float | None, float | None] = (None, None)

    @property
    def present(self) -> int:
        """Cells with a value."""
        return self.rows - self.missing

    @property
    def is_id(self) -> bool:
        """Whether every row but copies of a row has a value of its own."""
        rows = self.rows - self.copies
        return self.missing == 0 and replace(self.counts, rows=rows, present=rows).is_id()

    @property
    def is_free_text(self) -> bool:
        """Whether most rows hold a text of their own."""
        return self.counts.is_free_text

    @property
    def counts(self) -> ColumnCounts:
        """How many values it has, once dates are read by their format."""
        kind = "date" if self.formats else self.kind
        return ColumnCounts(kind, self.rows, self.present, self.distinct, *self.range)

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


def keep_first_rows(source: Source) -> None:
    """Copy the first rows into table `FIRST_ROWS`, texts trimmed."""
    columns = [
        f"{reader.trimmed if reader.given == 'text' else reader.raw} AS {reader.raw}"
        for reader in (ColumnPlan(column, kind) for column, kind in source.columns.items())
    ]
    source.connection.execute(
        f"CREATE TEMP TABLE {FIRST_ROWS} AS SELECT {', '.join(columns)} FROM {RAW} LIMIT {MAX_ROWS}"
    )


@dataclass(frozen=True)
class MissingWords:
    """The texts that mean no value.

    Attributes:
        everywhere: those that mean it in every column they stand in -> why.
        own: column -> those that mean it there, and are values in another column.
        doubtful: column -> those that may mean it there, and are taken for values.
    """

    everywhere: Mapping[str, str]
    own: Mapping[str, Sequence[str]]
    doubtful: Mapping[str, Sequence[str]]

    def of(self, column: str) -> tuple[str, ...]:
        """All that mean no value in a column."""
        return ("", *self.everywhere, *self.own.get(column, ()))


def missing_words(source: Source, decimal: str) -> MissingWords:
    """The texts that mean no value in this table.

    A word such as NA is one among numbers or dates; among other texts it may be a category.
    """
    meant: dict[str, list[str]] = {}
    doubtful: dict[str, list[str]] = {}
    for column, given in source.columns.items():
        if given != "text":
            continue
        cell = ColumnPlan(column, given, ("",), decimal=decimal)
        seen = _tokens(source, cell, (*ALWAYS_MISSING, *MAYBE_MISSING))
        maybe = [token for token in seen if token in MAYBE_MISSING]
        if maybe and _is_text(source, replace(cell, markers=("", *seen))):
            doubtful[column] = maybe
        meant[column] = [token for token in seen if token not in doubtful.get(column, ())]
    values = {token for tokens in doubtful.values() for token in tokens}
    everywhere: dict[str, str] = {}
    for column, tokens in meant.items():
        for token in tokens:
            if token not in values:
                everywhere.setdefault(token, f"{token} stands in {column}")
    own = {column: [t for t in tokens if t in values] for column, tokens in meant.items()}
    return MissingWords(everywhere, {c: tokens for c, tokens in own.items() if tokens}, doubtful)


def guess_columns(source: Source, missing: MissingWords, decimal: str) -> dict[str, GuessedColumn]:
    """Every column of a table."""
    columns, copies = {}, n_copies(source)
    for column, given in source.columns.items():
        cell = ColumnPlan(column, given, missing.of(column), decimal=decimal)
        kind = _kind(source, cell)
        formats: Sequence[str] = ()
        sentinel = None
        if kind == "text":
            formats = _formats(source, cell)
        elif given == "text" and kind in ("integer", "double"):
            sentinel = _sentinel(source, cell)
            cell = replace(cell, markers=(*cell.markers, sentinel)) if sentinel else cell
        rows, present, distinct = _count(source, cell)
        columns[column] = GuessedColumn(
            cell=cell,
            kind=kind,
            rows=rows,
            copies=copies,
            missing=rows - present,
            distinct=distinct,
            doubtful=tuple(missing.doubtful.get(column, ())),
            formats=tuple(formats),
            sentinel=sentinel,
            range=_range(source, cell) if kind == "integer" else (None, None),
        )
    return columns


def guess_task(columns: Mapping[str, GuessedColumn], target: str) -> tuple[Task, str]:
    """The task, and why.

    Raises:
        UserError: if the target has one value only, or is free text.
    """
    column = columns[target]
    if column.distinct < 2:
        raise UserError(
            f"--target: {target!r} has {column.distinct} different values: name another column"
        )
    values = f"{column.distinct} different values"
    if column.distinct == 2:
        return "binary", f"{target} has two different values"
    if column.kind == "text":
        if column.is_free_text:
            raise UserError(
                f"--target: {target!r} is text with {values} in {column.present} rows, which no "
                "model predicts: name another column"
            )
        return "multiclass", f"{target} is text with {values}"
    few_values = column.distinct <= MAX_CLASSES and column.present >= 10 * MAX_CLASSES
    if column.kind == "integer" and few_values:
        return "multiclass", f"{target} holds integers with {values}; regression if they measure"
    return "regression", f"{target} is a number with {values}"


# Chapter: questions to the table


def _ask(source: Source, query: str) -> Any:
    return source.connection.execute(query).fetchall()[0]


def _tokens(source: Source, cell: ColumnPlan, tokens: Sequence[str]) -> list[str]:
    listed = ", ".join(map(text, tokens))
    found = source.connection.execute(
        f"SELECT DISTINCT {cell.trimmed} FROM {FIRST_ROWS} WHERE {cell.trimmed} IN ({listed})"
    ).fetchall()
    seen = {row[0] for row in found}
    return [token for token in tokens if token in seen]


def _kind(source: Source, cell: ColumnPlan) -> Kind:
    if cell.given in ("double", "date"):
        return cell.given
    forms = _ask(source, f"SELECT list(DISTINCT {cell.form()}) FROM {FIRST_ROWS}")[0]
    return cleaning.kind_of(set(forms or ()) - {None})


def _is_text(source: Source, cell: ColumnPlan) -> bool:
    """Whether cells hold texts that are neither numbers nor dates, or nothing at all."""
    if _kind(source, cell) == "text":
        return not _formats(source, cell)
    return _count(source, cell)[1] == 0


def _sentinel(source: Source, cell: ColumnPlan) -> str | None:
    value = replace(cell, type="double").typed()
    least, count, others = _ask(
        source,
        f"SELECT min(v), count(*) FILTER (v = least), min(v) FILTER (v > least) FROM "
        f"(SELECT {value} AS v, min({value}) OVER () AS least FROM {FIRST_ROWS})",
    )
    if others is None or others < 0 or count < 2:
        return None
    return next((s for s in SENTINELS if float(s) == least), None)


def _formats(source: Source, cell: ColumnPlan) -> list[str]:
    fits = [f"bool_and({cleaning.matches('w', dates.ISO.pattern)})"]
    fits += [f"bool_and(TRY_STRPTIME(w, {text(form)}) IS NOT NULL)" for form in FORMATS]
    distinct = f"SELECT DISTINCT {cell.words()} AS w FROM {FIRST_ROWS}"
    found = _ask(source, f"SELECT {', '.join(fits)} FROM ({distinct}) WHERE w IS NOT NULL")
    return [form for form, fit in zip((ISO, *FORMATS), found, strict=True) if fit]


def _count(source: Source, cell: ColumnPlan) -> tuple[int, int, int]:
    """Rows, cells with a value, and different values."""
    words = cell.words()
    counts = f"SELECT count(*), count({words}), count(DISTINCT {words}) FROM {FIRST_ROWS}"
    rows, present, distinct = _ask(source, counts)
    return int(rows), int(present), int(distinct)


def _range(source: Source, cell: ColumnPlan) -> tuple[float | None, float | None]:
    value = replace(cell, type="double").typed()
    least, greatest = _ask(source, f"SELECT min({value}), max({value}) FROM {FIRST_ROWS}")
    return least, greatest


def top_value(source: Source, cell: ColumnPlan) -> tuple[float, int, int]:
    """The greatest number of a column, its rows, and the rows of the next one."""
    value = replace(cell, type="double").typed()
    rows = source.connection.execute(
        f"SELECT {value} AS v, count(*) FROM {FIRST_ROWS} WHERE v IS NOT NULL GROUP BY v "
        "ORDER BY v DESC LIMIT 2"
    ).fetchall()
    return float(rows[0][0]), int(rows[0][1]), int(rows[1][1]) if len(rows) > 1 else 0


def n_rows(source: Source) -> int:
    """Rows that were read."""
    return int(_ask(source, f"SELECT count(*) FROM {FIRST_ROWS}")[0])


def n_copies(source: Source) -> int:
    """Rows that are copies of another one."""
    distinct = _ask(source, f"SELECT count(*) FROM (SELECT DISTINCT * FROM {FIRST_ROWS})")[0]
    return n_rows(source) - int(distinct)


def n_rows_of_rarest(source: Source, cell: ColumnPlan) -> int:
    """Rows of the rarest class."""
    words = cell.words()
    counts = f"SELECT count(*) AS n FROM {FIRST_ROWS} WHERE {words} IS NOT NULL GROUP BY {words}"
    return int(_ask(source, f"SELECT min(n) FROM ({counts})")[0])
