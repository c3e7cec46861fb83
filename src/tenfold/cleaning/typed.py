"""Every column in its type, as SQL over the source, and what the cells tell of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tenfold.cleaning import cells, expressions, type_inference
from tenfold.cleaning.cells import Cell
from tenfold.cleaning.expressions import ROWS
from tenfold.cleaning.grouping import Group
from tenfold.cleaning.mending import marks
from tenfold.dataset import ROW
from tenfold.params import Clean
from tenfold.runtime import UserError, shown
from tenfold.sources import RAW, Kind, Source, name, text
from tenfold.sources.parsed import TEXTS

TYPED = "typed"
ODD = "tenfold_odd"
UNFIT = "tenfold_unfit"
LABEL = "tenfold_label"
VALUE, QUICK = "tenfold_value_", "tenfold_quick_"


def type_columns(
    source: Source,
    read: Mapping[str, Cell],
    rules: Clean,
    target: str,
    guesses: Mapping[str, Kind | None],
    groups: Sequence[Group] = (),
) -> dict[str, Kind]:
    """Make view `TYPED` of typed columns, and view `ROWS` of these and the derived ones."""
    for column in rules.types:
        cast = rules.cast(column)
        if cast and cast.format:
            expressions.check_format(source.connection, f"clean.types.{column}", cast.format)
    kinds: dict[str, Kind] = {}
    columns: list[str] = []
    values: dict[str, str] = {}
    quick: dict[str, tuple[str, str]] = {}
    taken = dict(one for group in groups for one in group.taken())
    for number, (column, cell) in enumerate(read.items()):
        cast = rules.cast(column)
        # A column that shows no type so far has none that any cell could contradict but this.
        wanted = cast.type if cast else guesses[column] or "double"
        kinds[column] = cells.KINDS[wanted]
        if column in taken:
            columns.append(taken[column])
            continue
        short = cell.quick(wanted, cast, f"{VALUE}{number}")
        if short:
            quick[column] = f"{QUICK}{number}", short
            values |= {column: f"{cell.value} AS {VALUE}{number}"} if wanted == "integer" else {}
        value = cell.typed(wanted, cast, quick.get(column, ("", ""))[0])
        columns.append(f"{value} AS {name(column)}")
    known = {column: short for column, (short, _) in quick.items()}
    columns += _of_raw(read, target, kinds, rules, guesses, known, groups)
    columns += [group.typed_name for group in groups]
    # What several columns are made of stands in a selection of its own: DuckDB computes it once.
    rows = f"(SELECT {', '.join(['*', *values.values()])} FROM {_gathered(groups)})"
    shorts = "".join(f", {short} AS {known}" for known, short in quick.values())
    view = f"SELECT {ROW}, {', '.join(columns)} FROM (SELECT *{shorts} FROM {rows})"
    source.connection.execute(f"CREATE OR REPLACE TEMP VIEW {TYPED} AS {view}")
    for column, expression in rules.derive.items():
        kind = expressions.check_derived(
            source.connection, column, expression, f"({view})", kinds, target
        )
        sql_type = {"integer": "BIGINT", "double": "DOUBLE", "text": "VARCHAR"}.get(
            kind, "TIMESTAMP"
        )
        view = (
            f"SELECT *, {expressions.closing(expression)}::{sql_type} AS {name(column)} "
            f"FROM ({view})"
        )
        kinds[column] = kind
    source.connection.execute(f"CREATE OR REPLACE TEMP VIEW {ROWS} AS {view}")
    for predicate in rules.require:
        expressions.check_predicate(source.connection, predicate, ROWS, kinds)
    _check_rules(rules, kinds)
    return kinds


def _gathered(groups: Sequence[Group]) -> str:
    """SQL of the source with the lists of columns that are read alike, raw and typed."""
    if not groups:
        return RAW
    given = "".join(f", {group.given}" for group in groups)
    typed = "".join(f", {group.typed}" for group in groups)
    return f"(SELECT *{typed} FROM (SELECT *{given} FROM {RAW}))"


def _check_rules(rules: Clean, kinds: Mapping[str, Kind]) -> None:
    for column in rules.ranges:
        if kinds[column] not in ("integer", "double"):
            raise UserError(
                f"clean.ranges.{column} is for a number, but {column!r} is {kinds[column]}: "
                "declare its type in clean.types, or use clean.allowed or clean.require"
            )
    for column, values in rules.allowed.items():
        textual = kinds[column] in ("text", "date")
        for value in values:
            if isinstance(value, str) != textual:
                raise UserError(
                    f"clean.allowed.{column} must hold {'texts' if textual else 'numbers'}, as the "
                    f"column does, but got {value!r}"
                )


# Chapter: what the source's own cells say


def _of_raw(
    read: Mapping[str, Cell],
    target: str,
    kinds: Mapping[str, Kind],
    rules: Clean,
    guesses: Mapping[str, Kind | None],
    quick: Mapping[str, str],
    groups: Sequence[Group],
) -> Iterator[str]:
    """Columns about a row that are told from its cells before they are typed."""
    grouped = {column for group in groups for column in group.columns}
    unfit = "".join(
        f" WHEN {read[column].unfit(cast.type, cast)} "
        f"THEN {text(f'type: {shown(column)} is not {cast.type}')}"
        for column in rules.types
        if (cast := rules.cast(column)) and cast.type != "text"
    )
    yield f"CASE{unfit} WHEN false THEN '' END AS {UNFIT}"
    single = [column for column in guesses if column not in grouped]
    yield f"{_odd(read, kinds, guesses, quick, single, groups)} AS {ODD}"
    said = target in read and read[target].given == "text" and kinds[target] != "text"
    yield f"{read[target].trimmed if said else 'NULL::VARCHAR'} AS {LABEL}"
    bare = {column: quick[column] for column in quick if kinds[column] == "text"}
    if any(cell.coded for cell in read.values()):
        yield TEXTS
    for mark in marks(read, rules, guesses, bare):
        yield f"{mark.sql} AS {mark.name}"


def _odd(
    read: Mapping[str, Cell],
    kinds: Mapping[str, Kind],
    guesses: Mapping[str, Kind | None],
    quick: Mapping[str, str],
    single: Sequence[str],
    groups: Sequence[Group],
) -> str:
    """SQL: whether any cell contradicts what its column is guessed to be."""
    found, sound, doubts = [group.odd() for group in groups], [], []
    for column in single:
        guess = guesses[column]
        contradicted = type_inference.contradiction(read[column], guess)
        if guess is not None and kinds[column] != "text" and column in quick:
            sound.append(f"{quick[column]} IS NOT NULL")
            doubts.append(f"CASE WHEN {sound[-1]} THEN false ELSE {contradicted} END")
        else:
            found.append(contradicted)
    if doubts:
        # In most rows none is doubted, which is soon said.
        found.append(f"CASE WHEN {' AND '.join(sound)} THEN false ELSE {' OR '.join(doubts)} END")
    return " OR ".join(f"({one})" for one in found if one) or "false"


def copy_of(read: Mapping[str, Cell], rules: Clean, groups: Sequence[Group]) -> str:
    """SQL over `ROWS` of a hash in which duplicates agree."""
    if rules.keys:
        return f"hash({', '.join(map(name, rules.keys))})"
    # Cells that the source writes alike have one value.
    grouped = {column for group in groups for column in group.columns}
    apart = [name(column) for column in read if column not in grouped and not read[column].coded]
    apart += [TEXTS] if any(cell.coded for cell in read.values()) else []
    return f"hash({', '.join([*apart, *(group.typed_name for group in groups)])})"
