"""What a person should look at in a clean table: ids, copies, texts that look like numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tenfold import sources
from tenfold.cleaning import column_groups
from tenfold.cleaning.cells import NUMBER, matches
from tenfold.cleaning.columns import ColumnPlan
from tenfold.cleaning.duplicates import GONE
from tenfold.cleaning.rules import JUDGED, JudgedRows
from tenfold.cleaning.spellings import MAX_CATEGORIES, alike, corrections, near_misses
from tenfold.cleaning.views import LABEL
from tenfold.dataset import ROW
from tenfold.dataset.profile import ColumnCounts, is_most
from tenfold.metrics import Task
from tenfold.runtime import shown
from tenfold.sources import name

# So many rows are enough to see what a column's cells look like.
SAMPLE = 20_000
# Columns that are read together.
WIDTH = 500

COMMA = r"[+-]?([0-9]+|[0-9]{1,3}([. '][0-9]{3})+),[0-9]+"
GROUPED = r"[+-]?[0-9]{1,3}([,. '][0-9]{3})+([.,][0-9]+)?"
DATE = (
    r"([0-9]{4}([-/.])[0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4})([T ].*)?"
)
YEAR_FIRST = r"[0-9]{4}.*"

Described = Mapping[str, Mapping[str, Any]]


def warnings(
    judged: JudgedRows,
    table: Path,
    counts: Mapping[str, Any],
    columns: Described,
    task: Task,
    texts: Mapping[str, Set[str]],
) -> list[str]:
    """What a person should look at, in words.

    Args:
        judged: the rows from which the table was made.
        table: Parquet.
        counts: how many rows were read and are kept.
        columns: what each of its columns holds.
        task: what is learnt from it.
        texts: the distinct values of some text columns.
    """
    target = judged.plan.target
    found = [
        *_forms(judged.plan.source.connection, sources.rows_of(table), columns),
        *_spellings(judged.plan.source.connection, table, columns, target, texts),
        *_copies(table, columns, target),
    ]
    if task != "regression" and judged.plan.kinds[target] != "text":
        found += _merged(judged.plan.source.connection, target)
    return [*found, *_counts(judged.plan.source.connection, table, counts, columns, target)]


def _counts(
    connection: Any, table: Path, rows_of: Mapping[str, Any], columns: Described, target: str
) -> Iterator[str]:
    """Lost rows, likely ids, columns that say nothing."""
    rows, read = rows_of["kept"], rows_of["read"]
    if read > 10 and rows < 0.9 * read:
        yield f"{1 - rows / read:.0%} of the rows are rejected"
    known = {
        given: ColumnCounts(facts["type"], rows, rows - facts["missing"], facts["distinct"])
        for given, facts in columns.items()
        if given != target
    }
    for given, counts in _with_ranges(connection, table, known).items():
        column = shown(given)
        if counts.is_flag:
            yield f"{column} has one value or none: it is taken for a flag"
        elif counts.has_one_value:
            yield f"{column} has one value only"
        elif counts.is_id():
            yield f"{column} differs in every row: an id? then name it in drop_columns"
        elif counts.kind == "text" and is_most(counts.distinct, rows):
            yield f"{column} is text with {counts.distinct} categories in {rows} rows"
        elif counts.kind == "text":
            yield f"{column} is text: {counts.distinct} categories"


def _with_ranges(
    connection: Any, table: Path, known: Mapping[str, ColumnCounts]
) -> dict[str, ColumnCounts]:
    """The counts, with the range of integers that all differ, which shows whether they are ids."""
    may_be_ids = [
        ColumnPlan(column, "integer")
        for column, counts in known.items()
        if counts.kind == "integer" and counts.all_differ()
    ]
    if not may_be_ids:
        return dict(known)
    ranges = column_groups.aggregate(
        connection,
        sources.rows_of(table),
        may_be_ids,
        lambda reader: reader.raw,
        lambda cell: [f"min({cell})", f"max({cell})"],
    )
    return {
        column: replace(counts, least=ranges[column][0], greatest=ranges[column][1])
        if column in ranges
        else counts
        for column, counts in known.items()
    }


def _merged(connection: Any, target: str) -> list[str]:
    """Classes of a number that the source writes in several ways."""
    found = connection.execute(
        f"SELECT DISTINCT {LABEL} FROM {JUDGED} ANTI JOIN {GONE} USING ({ROW}) "
        f"WHERE {LABEL} IS NOT NULL ORDER BY {LABEL} LIMIT {MAX_CATEGORIES}"
    ).fetchall()
    two = alike([row[0] for row in found])
    return [f"the target {shown(target)}: {two[0]!r} and {two[1]!r} are one class"] if two else []


def _blocks(columns: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(columns), WIDTH):
        yield columns[start : start + WIDTH]


def _forms(connection: Any, source: str, described: Described) -> Iterator[str]:
    """Texts that are numbers or dates in some way of writing them."""

    def aggregates(cell: str) -> list[str]:
        is_number, is_date = matches(cell, NUMBER), matches(cell, DATE)
        return [
            f"count({cell})",
            f"count(*) FILTER ({is_number})",
            f"count(*) FILTER ({matches(cell, COMMA)})",
            f"count(*) FILTER ({matches(cell, GROUPED)})",
            f"count(*) FILTER ({is_date})",
            f"count(*) FILTER ({is_date} AND {matches(cell, YEAR_FIRST)})",
            f"min({cell}) FILTER (NOT {is_number})",
        ]

    texts = [c for c, facts in described.items() if facts["type"] == "text"]
    plans = [ColumnPlan(column, "text") for column in texts]
    first = f"(FROM {source} LIMIT {SAMPLE})"
    found = column_groups.aggregate(connection, first, plans, lambda reader: reader.raw, aggregates)
    for column in texts:
        sentence = _form(*found[column])
        if sentence:
            yield f"{shown(column)} is text, but {sentence}"


def _form(
    cells: int, numbers: int, commas: int, grouped: int, dates: int, iso: int, other: str | None
) -> str | None:
    if not cells:
        return None
    if dates == cells:
        several = ", in several formats: mend them" if 0 < iso < dates else ""
        return f"its cells are dates{several or ': declare its type in clean.types'}"
    if commas + numbers == cells and commas:
        return (
            "its cells are numbers with a decimal comma: set data.decimal, or its type in "
            "clean.types"
        )
    if grouped + numbers == cells and grouped:
        return (
            "its cells are numbers with marks between the digits: declare type and thousands in "
            "clean.types"
        )
    if other is not None and 2 * numbers >= cells:
        return (
            f"{numbers} of {cells} cells are numbers ({shown(other)!r} is not): name what means no "
            "value in clean.missing_values, or its type in clean.types"
        )
    return None


def _spellings(
    connection: Any,
    table: Path,
    described: Described,
    target: str,
    texts: Mapping[str, Set[str]],
) -> Iterator[str]:
    """Categories and classes that may be one."""
    columns = [
        column
        for column, facts in described.items()
        if facts["type"] == "text" and facts["distinct"] <= MAX_CATEGORIES
    ]
    unknown = [column for column in columns if column not in texts]
    known = {**texts, **dict(_categories(table, unknown))}
    for column in columns:
        two = alike(sorted(known[column])) or _misspelt(connection, table, column, known[column])
        if two:
            yield (
                f"{'the target ' if column == target else ''}{shown(column)}: {two[0]!a} and "
                f"{two[1]!a} look alike: if they are one, say so in clean.replace"
            )


def _misspelt(
    connection: Any, table: Path, column: str, values: Set[str]
) -> tuple[str, str] | None:
    """The first two categories of which one seems to be misspelt."""
    if next(near_misses(sorted(values)), None) is None:
        return None
    rows = connection.execute(
        f"SELECT {name(column)}, count(*) FROM {sources.rows_of(table)} "
        f"WHERE {name(column)} IS NOT NULL GROUP BY 1"
    ).fetchall()
    return next(iter(corrections(dict(rows)).items()), None)


def _categories(table: Path, columns: Sequence[str]) -> Iterator[tuple[str, set[str]]]:
    """The distinct texts of every column, from the file's dictionaries."""
    for block in _blocks(columns):
        found: dict[str, set[str]] = {column: set() for column in block}
        with pq.ParquetFile(table, read_dictionary=list(block)) as file:
            for group in range(file.num_row_groups):
                cells = file.read_row_group(group, columns=list(block))
                for column in block:
                    for piece in cells[column].chunks:
                        found[column].update(piece.dictionary.to_pylist())
        yield from found.items()


def _copies(table: Path, described: Described, target: str) -> Iterator[str]:
    """Columns whose cells are those of another, row by row."""
    kinds: dict[object, list[str]] = {}
    for column in [target, *(other for other in described if other != target)]:
        if described[column]["distinct"] > 1:
            kinds.setdefault(tuple(sorted(described[column].items())), []).append(column)
    for columns in kinds.values():
        for likely in _beginning_alike(table, columns):
            for first, *others in _equal(table, likely):
                for column in others:
                    if first == target:
                        yield (
                            f"{shown(column)} holds the same as the target {shown(target)}: it "
                            "gives the answer away; name it in clean.drop_columns"
                        )
                    else:
                        yield (
                            f"{shown(column)} holds the same as {shown(first)}: name one in "
                            "clean.drop_columns"
                        )


def _beginning_alike(table: Path, columns: Sequence[str]) -> list[list[str]]:
    """Those of the columns that agree in the first rows, together."""
    found: dict[object, list[str]] = {}
    for block in _blocks(columns if len(columns) > 1 else []):
        with pq.ParquetFile(table) as file:
            rows = next(file.iter_batches(SAMPLE, columns=list(block)))
        for column in block:
            found.setdefault(_digest(rows[column]), []).append(column)
    return [same for same in found.values() if len(same) > 1]


def _digest(cells: pa.Array) -> object:
    """What equal cells have in common, and hardly any others."""
    if pa.types.is_string(cells.type):
        coded = cells.dictionary_encode()
        return hash(
            (coded.indices.fill_null(-1).to_numpy().tobytes(), *coded.dictionary.to_pylist())
        )
    return hash(cells.to_numpy(zero_copy_only=False).tobytes())


def _equal(table: Path, columns: Sequence[str]) -> list[list[str]]:
    """Those of the columns that agree in every row, together."""
    found: list[tuple[pa.ChunkedArray, list[str]]] = []
    for column in columns:
        cells = pq.read_table(table, columns=[column])[column]
        same = next((names for other, names in found if other.equals(cells)), None)
        if same is None:
            found.append((cells, [column]))
        else:
            same.append(column)
    return [names for _, names in found if len(names) > 1]
