"""What the cells of a clean table look like and were not read as: a person should know of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tenfold.cleaning.cells import NUMBER, matches
from tenfold.cleaning.grouping import long
from tenfold.runtime import shown
from tenfold.sources import rows_of

# A look at so many rows is enough to tell what a column's cells look like.
SAMPLE = 20_000
# Spellings are compared in columns of so many different texts at most.
CATEGORIES = 1000
# Columns of one query.
WIDTH = 500

COMMA = r"[+-]?([0-9]+|[0-9]{1,3}([. '][0-9]{3})+),[0-9]+"
GROUPED = r"[+-]?[0-9]{1,3}([,. '][0-9]{3})+([.,][0-9]+)?"
DATE = (
    r"([0-9]{4}([-/.])[0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4})([T ].*)?"
)
YEAR_FIRST = r"[0-9]{4}.*"

Described = Mapping[str, Mapping[str, Any]]


def remarks(
    connection: Any,
    table: Path,
    described: Described,
    target: str,
    words: Mapping[str, Set[str]],
) -> list[str]:
    """What columns of text look like, and columns that hold the same, in words.

    Args:
        connection: to DuckDB.
        table: Parquet.
        described: type, gaps and different values of every column.
        target: the name of one.
        words: the different texts of some columns, as far as they are known.
    """
    source = rows_of(table)
    texts = [column for column, facts in described.items() if facts["type"] == "text"]
    found = [*_forms(connection, source, texts), *_spellings(table, described, target, words)]
    return [*found, *_copies(table, described, target)]


def alike(values: Sequence[str]) -> tuple[str, str] | None:
    """The first two texts that a person might take for one.

    >>> alike(["blue", "red", "Red "])
    ('red', 'Red ')
    """
    seen: dict[object, str] = {}
    for value in values:
        plain = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
        meaning = float(plain) if re.fullmatch(NUMBER, plain) and plain.isascii() else plain
        other = seen.setdefault(meaning, value)
        if other != value:
            return other, value
    return None


def _blocks(columns: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(columns), WIDTH):
        yield columns[start : start + WIDTH]


def _forms(connection: Any, source: str, columns: Sequence[str]) -> Iterator[str]:
    """Texts that are numbers or dates in some way of writing them."""
    is_number, is_comma = matches("cell", NUMBER), matches("cell", COMMA)
    is_grouped, is_date = matches("cell", GROUPED), matches("cell", DATE)
    year_first = matches("cell", YEAR_FIRST)
    for block in _blocks(columns):
        counts = connection.execute(
            f"SELECT place, count(cell), count(*) FILTER ({is_number}), "
            f"count(*) FILTER ({is_comma}), count(*) FILTER ({is_grouped}), "
            f"count(*) FILTER ({is_date}), count(*) FILTER ({is_date} AND {year_first}), "
            f"min(cell) FILTER (NOT {is_number}) "
            f"FROM ({long(block, f'(FROM {source} LIMIT {SAMPLE})')}) GROUP BY place ORDER BY place"
        ).fetchall()
        for place, *facts in counts:
            sentence = _form(*facts)
            if sentence:
                yield f"{shown(block[place - 1])} is text, but {sentence}"


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
    table: Path, described: Described, target: str, words: Mapping[str, Set[str]]
) -> Iterator[str]:
    """Categories and classes that may be one."""
    columns = [
        column
        for column, facts in described.items()
        if facts["type"] == "text" and facts["distinct"] <= CATEGORIES
    ]
    unknown = [column for column in columns if column not in words]
    known = {**words, **dict(_categories(table, unknown))}
    for column in columns:
        two = alike(sorted(known[column]))
        if two:
            yield (
                f"{'the target ' if column == target else ''}{shown(column)}: {two[0]!a} and "
                f"{two[1]!a} look alike: if they are one, say so in clean.replace"
            )


def _categories(table: Path, columns: Sequence[str]) -> Iterator[tuple[str, set[str]]]:
    """The different texts of every column.

    A file's dictionaries hold them, where they are few.
    """
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
