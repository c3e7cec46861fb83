"""Guess what the columns of a table are: markers of missing values, types, suspects, the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenfold.cleaning import cells
from tenfold.cleaning.cells import Cell
from tenfold.dataset import dates
from tenfold.metrics import Task
from tenfold.runtime import UserError
from tenfold.sources import RAW, Kind, Source, name, text

# Rows that are looked at: the first ones, enough to see what a column is.
SAMPLE = 200_000
# Texts that mean no value wherever they stand, and those that may also be words.
CERTAIN = ("?", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "<NA>")
DOUBTFUL = ("NA", "na", "None", "none", "-", "--", ".", "missing", "Missing", "unknown", "Unknown")
# Numbers that stand for no value, where all others are far above.
SENTINELS = ("-99", "-999", "-9999", "-99999")
ISO = "ISO 8601"
FORMATS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%b %d, %Y", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M"),
    *("%m/%d/%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
)
# Classes that an integer may stand for.
FEW = 20
SEEN = "seen"


@dataclass(frozen=True)
class Column:
    """One column as its cells show it.

    Attributes:
        cell: how it is read.
        kind: what it is.
        rows: that were looked at.
        copies: those of them that are copies of another one.
        missing: cells without a value.
        distinct: different values.
        doubtful: texts in it that may mean no value.
        formats: of a date, all that fit.
    """

    cell: Cell
    kind: Kind
    rows: int
    copies: int
    missing: int
    distinct: int
    doubtful: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()

    @property
    def present(self) -> int:
        """Cells with a value."""
        return self.rows - self.missing

    @property
    def is_id(self) -> bool:
        """Whether every row that is no copy has a value of its own, as ids have."""
        countable = self.kind == "integer" or (self.kind == "text" and not self.formats)
        rows = self.rows - self.copies
        return countable and rows > 20 and self.missing == 0 and self.distinct == rows

    @property
    def is_free_text(self) -> bool:
        """Whether most of its texts stand in one row only."""
        textual = self.kind == "text" and not self.formats
        return textual and self.distinct > 20 and 2 * self.distinct > self.present


def sample(source: Source) -> None:
    """Hold the first rows as table `SEEN`, texts without white space at their ends."""
    columns = [
        f"{Cell(column, kind).trimmed if kind == 'text' else name(column)} AS {name(column)}"
        for column, kind in source.columns.items()
    ]
    source.connection.execute(
        f"CREATE TEMP TABLE {SEEN} AS SELECT {', '.join(columns)} FROM {RAW} LIMIT {SAMPLE}"
    )


def markers(source: Source, decimal: str) -> tuple[list[str], dict[str, str]]:
    """The texts that mean no value in this table, and why.

    A word such as NA is one where numbers stand in the same column; elsewhere it may be a category.
    """
    found: dict[str, str] = {}
    for column, given in source.columns.items():
        if given != "text":
            continue
        cell = Cell(column, given, ("",), decimal=decimal)
        seen = _tokens(source, cell, (*CERTAIN, *DOUBTFUL))
        rest = replace(cell, markers=("", *seen))
        numeric = bool(seen) and _kind(source, rest) != "text" and _present(source, rest) > 0
        for token in seen:
            if token in CERTAIN or numeric:
                found.setdefault(token, f"{token} stands in {column}")
    return ["", *found], found


def look(source: Source, missing: Sequence[str], decimal: str) -> dict[str, Column]:
    """Every column of a table, with `missing` as the markers of no value."""
    columns, copies = {}, n_copies(source)
    for column, given in source.columns.items():
        cell = Cell(column, given, tuple(missing), decimal=decimal)
        kind = _kind(source, cell)
        doubtful: Sequence[str] = ()
        if kind == "text":
            doubtful = _tokens(source, cell, DOUBTFUL)
        elif given == "text" and kind in ("integer", "double"):
            sentinel = _sentinel(source, cell, kind)
            cell = replace(cell, markers=(*missing, sentinel)) if sentinel else cell
        formats = _formats(source, cell) if kind == "text" else ()
        rows, present, distinct = _count(source, cell)
        columns[column] = Column(
            cell, kind, rows, copies, rows - present, distinct, tuple(doubtful), tuple(formats)
        )
    return columns


def task_of(source: Source, columns: Mapping[str, Column], target: str) -> tuple[Task, str]:
    """What is to be predicted, and why.

    Raises:
        UserError: if the target is not there, or says nothing.
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
    if column.kind == "integer" and column.distinct <= FEW and column.present >= 10 * FEW:
        return "multiclass", f"{target} holds integers with {values}; regression, if they measure"
    return "regression", f"{target} is a number with {values}"


# Chapter: questions to the table


def _ask(source: Source, query: str) -> Any:
    return source.connection.execute(query).fetchall()[0]


def _tokens(source: Source, cell: Cell, tokens: Sequence[str]) -> list[str]:
    listed = ", ".join(map(text, tokens))
    found = source.connection.execute(
        f"SELECT DISTINCT {cell.trimmed} FROM {SEEN} WHERE {cell.trimmed} IN ({listed})"
    ).fetchall()
    seen = {row[0] for row in found}
    return [token for token in tokens if token in seen]


def _present(source: Source, cell: Cell) -> int:
    return int(_ask(source, f"SELECT count({cell.words()}) FROM {SEEN}")[0])


def _kind(source: Source, cell: Cell) -> Kind:
    if cell.given in ("double", "date"):
        return cell.given
    forms = _ask(source, f"SELECT list(DISTINCT {cell.form()}) FROM {SEEN}")[0]
    return cells.shared(set(forms or ()) - {None})


def _sentinel(source: Source, cell: Cell, kind: Kind) -> str | None:
    value = cell.typed("double")
    least, count, others = _ask(
        source,
        f"SELECT min(v), count(*) FILTER (v = least), min(v) FILTER (v > least) FROM "
        f"(SELECT {value} AS v, min({value}) OVER () AS least FROM {SEEN})",
    )
    if others is None or others < 0 or count < 2:
        return None
    return next((s for s in SENTINELS if float(s) == least), None)


def _formats(source: Source, cell: Cell) -> list[str]:
    fits = [f"bool_and({cells.matches('w', dates.ISO.pattern)})"]
    fits += [f"bool_and(TRY_STRPTIME(w, {text(form)}) IS NOT NULL)" for form in FORMATS]
    distinct = f"SELECT DISTINCT {cell.words()} AS w FROM {SEEN}"
    found = _ask(source, f"SELECT {', '.join(fits)} FROM ({distinct}) WHERE w IS NOT NULL")
    return [form for form, fit in zip((ISO, *FORMATS), found, strict=True) if fit]


def _count(source: Source, cell: Cell) -> tuple[int, int, int]:
    words = cell.words()
    rows, present, distinct = _ask(
        source, f"SELECT count(*), count({words}), count(DISTINCT {words}) FROM {SEEN}"
    )
    return int(rows), int(present), int(distinct)


def top_value(source: Source, cell: Cell) -> tuple[float, int, int]:
    """The greatest number of a column, how often it is there, and how often the next one is."""
    value = cell.typed("double")
    rows = source.connection.execute(
        f"SELECT {value} AS v, count(*) FROM {SEEN} WHERE v IS NOT NULL GROUP BY v "
        "ORDER BY v DESC LIMIT 2"
    ).fetchall()
    return float(rows[0][0]), int(rows[0][1]), int(rows[1][1]) if len(rows) > 1 else 0


def n_rows(source: Source) -> int:
    """Rows that are looked at."""
    return int(_ask(source, f"SELECT count(*) FROM {SEEN}")[0])


def n_copies(source: Source) -> int:
    """Rows that are copies of another one."""
    distinct = _ask(source, f"SELECT count(*) FROM (SELECT DISTINCT * FROM {SEEN})")[0]
    return n_rows(source) - int(distinct)


def rarest(source: Source, cell: Cell) -> int:
    """Rows of the rarest class."""
    return int(
        _ask(
            source,
            f"SELECT min(n) FROM (SELECT count(*) AS n FROM {SEEN} "
            f"WHERE {cell.words()} IS NOT NULL GROUP BY {cell.words()})",
        )[0]
    )
