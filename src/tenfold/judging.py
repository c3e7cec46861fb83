"""Type every cell of a source and judge every row by the rules of `clean:`, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenfold import cells, expressions, grouping, guessing
from tenfold.cells import Cell
from tenfold.dataset import ROW
from tenfold.expressions import ROWS
from tenfold.grouping import Group
from tenfold.mending import marks, mended
from tenfold.messages import shown
from tenfold.params import Clean
from tenfold.runtime import Refused
from tenfold.sources import RAW, REASON, Kind, Source, name, text
from tenfold.sources.storing import Held

TYPED, JUDGED = "typed", "judged"
COPY = "tenfold_copy"
ODD = "tenfold_odd"
UNFIT = "tenfold_unfit"
NO_TARGET = "tenfold_no_target"
LABEL = "tenfold_label"
VALUE, QUICK = "tenfold_value_", "tenfold_quick_"
# Squares of larger numbers are no longer finite.
LARGEST = 1e100


@dataclass(frozen=True)
class Judged:
    """What is known of a source once every row is judged.

    View `JUDGED` holds `ROW`, the typed columns that are still needed, `REASON` (NULL for a row
    that stays), `COPY` (a hash of what makes two rows duplicates) and `LABEL` (the target as the
    source writes it).

    Attributes:
        kinds: of all columns, derived ones behind.
        read: rows, malformed ones aside.
        no_target: how many rows without a target no rule rejects, and the first of them.
        mended: what was changed in cells, in words -> in how many.
        held: where the typed rows lie.
        copy: SQL of `COPY` from the cells as the source has them.
    """

    kinds: dict[str, Kind]
    read: int
    no_target: tuple[int, int]
    mended: dict[str, int]
    held: Held
    copy: str


def judge(source: Source, read: Mapping[str, Cell], target: str, rules: Clean) -> Judged:
    """Make view `JUDGED`, and view `ROWS` of typed columns, which reads the source again.

    Raises:
        Refused: if a rule is not about the columns that are there.
        Unsound: if the rows are not all there are.
    """
    undeclared = [read[column] for column in read if column not in rules.types]
    guesses = guessing.guess(source, undeclared)
    kinds, held, copy = _judge(source, read, target, rules, guesses)
    n_rows = len(held.rows)
    source.check(n_rows)
    odd = source.connection.execute(f"SELECT count(*) FROM {JUDGED} WHERE {ODD}").fetchall()[0][0]
    if odd:
        guesses |= guessing.corrected(source, undeclared, guesses)
        kinds, held, copy = _judge(source, read, target, rules, guesses)
    no_target = source.connection.execute(
        f"SELECT count(*), min({ROW}) FROM {JUDGED} WHERE {NO_TARGET} AND {REASON} IS NULL"
    ).fetchall()[0]
    changed = mended(source.connection, JUDGED, marks(read, rules, guesses))
    return Judged(kinds, n_rows, no_target, changed, held, copy)


def try_out(source: Source, rules: Clean) -> None:
    """Find the expression that fails on a row.

    Raises:
        Refused: quoting it.
    """
    for column, expression in rules.derive.items():
        expressions.try_out(source.connection, f"clean.derive.{column}", expression, TYPED)
    for predicate in rules.require:
        expressions.try_out(source.connection, "clean.require", predicate, ROWS)


# Chapter: types


def type_columns(
    source: Source,
    read: Mapping[str, Cell],
    rules: Clean,
    target: str,
    guesses: Mapping[str, Kind | None],
    groups: Sequence[Group] = (),
) -> dict[str, Kind]:
    """Make view `TYPED` of typed columns, and view `ROWS` of these and the derived ones."""
    _check_casts(source, rules)
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


def _check_casts(source: Source, rules: Clean) -> None:
    """Check that every date format is one."""
    for column in rules.types:
        cast = rules.cast(column)
        if cast and cast.format:
            import duckdb

            try:
                source.connection.execute(f"SELECT TRY_STRPTIME('', {text(cast.format)})")
            except duckdb.Error:
                raise Refused(
                    f"clean.types.{column}.format must be made of %d, %m, %Y and the like, but "
                    f"got {cast.format!r}"
                ) from None


def _check_rules(rules: Clean, kinds: Mapping[str, Kind]) -> None:
    for column in rules.ranges:
        if kinds[column] not in ("integer", "double"):
            raise Refused(
                f"clean.ranges.{column} is for a number, but {column!r} is {kinds[column]}: "
                "declare its type in clean.types, or use clean.allowed or clean.require"
            )
    for column, values in rules.allowed.items():
        textual = kinds[column] in ("text", "date")
        for value in values:
            if isinstance(value, str) != textual:
                raise Refused(
                    f"clean.allowed.{column} must hold {'texts' if textual else 'numbers'}, as the "
                    f"column does, but got {value!r}"
                )


# Chapter: reasons


def _judge(
    source: Source,
    read: Mapping[str, Cell],
    target: str,
    rules: Clean,
    guesses: Mapping[str, Kind | None],
) -> tuple[dict[str, Kind], Held, str]:
    """Make view `JUDGED` in one pass; kinds, held rows and hash are those of `Judged`."""
    undeclared = [cell for column, cell in read.items() if column in guesses]
    groups = grouping.groups(undeclared, guesses, rules.drop_columns)
    kinds = type_columns(source, read, rules, target, guesses, groups)
    reasons = " ".join([*_reasons(kinds, target, rules, groups), "WHEN false THEN ''"])
    seen = [name(c) for c in kinds if rules.shows(c) or c in rules.keys or c == target]
    reason = f"CASE {reasons} END AS {REASON}"
    no_target = f"{name(target)} IS NULL AS {NO_TARGET}"
    changed = [mark.name for mark in marks(read, rules, guesses)]
    columns = [*seen, reason, COPY, ODD, LABEL, no_target, *changed]
    held = source.hold(columns, ROWS, JUDGED)
    return kinds, held, _copy(read, rules, groups, [group.cells for group in groups])


def _reasons(
    kinds: Mapping[str, Kind], target: str, rules: Clean, groups: Sequence[Group]
) -> Iterator[str]:
    """The branches of a CASE, in the order in which the rules are asked."""
    grouped = {column for group in groups for column in group.columns}
    for column, kind in kinds.items():
        if kind == "double" and column not in rules.drop_columns and column not in grouped:
            cell = name(column)
            which = f"CASE WHEN isinf({cell}) THEN 'infinite' ELSE 'over 1e100' END"
            yield f"WHEN abs({cell}) > {LARGEST} THEN {which} || {text(f': {shown(column)}')}"
    yield from (group.beyond(LARGEST) for group in groups)
    yield f"WHEN {UNFIT} IS NOT NULL THEN {UNFIT}"
    if rules.drop_missing_target:
        yield f"WHEN {name(target)} IS NULL THEN 'missing target'"
    for column, limits in rules.ranges.items():
        for limit, sign, side in ((limits.min, "<", "below"), (limits.max, ">", "above")):
            if limit is not None:
                reason = text(f"range: {shown(column)} is {side} {limit:g}")
                yield f"WHEN {name(column)} {sign} {limit!r} THEN {reason}"
    for column, values in rules.allowed.items():
        listed = ", ".join(text(v) if isinstance(v, str) else repr(v) for v in values) or "NULL"
        cell = f"{name(column)}::VARCHAR" if kinds[column] == "date" else name(column)
        reason = text(f"allowed: {shown(column)} has another value")
        yield f"WHEN {cell} IS NOT NULL AND ({cell} IN ({listed})) IS NOT TRUE THEN {reason}"
    yield from map(expressions.reason, rules.require)
    if rules.max_missing_in_row < 1:
        features = [c for c in kinds if c != target and c not in rules.drop_columns]
        counts = [group.n_missing(target) for group in groups if not group.dropped]
        counts += [f"({name(c)} IS NULL)::INTEGER" for c in features if c not in grouped]
        missing = " + ".join(counts) or "0"
        most = rules.max_missing_in_row * len(features)
        reason = text(f"over {rules.max_missing_in_row:.0%} of the cells are missing")
        yield f"WHEN {missing} > {most!r} THEN {reason}"


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
    lists = [group.given_name for group in groups]
    yield f"{_copy(read, rules, groups, lists)} AS {COPY}"
    said = target in read and read[target].given == "text" and kinds[target] != "text"
    yield f"{read[target].trimmed if said else 'NULL::VARCHAR'} AS {LABEL}"
    bare = {column: quick[column] for column in quick if kinds[column] == "text"}
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
        contradicted = guessing.contradiction(read[column], guess)
        if guess is not None and kinds[column] != "text" and column in quick:
            sound.append(f"{quick[column]} IS NOT NULL")
            doubts.append(f"CASE WHEN {sound[-1]} THEN false ELSE {contradicted} END")
        else:
            found.append(contradicted)
    if doubts:
        # In most rows none is doubted, which is soon said.
        found.append(f"CASE WHEN {' AND '.join(sound)} THEN false ELSE {' OR '.join(doubts)} END")
    return " OR ".join(f"({one})" for one in found if one) or "false"


def _copy(
    read: Mapping[str, Cell], rules: Clean, groups: Sequence[Group], lists: Sequence[str]
) -> str:
    """SQL of a hash of what makes two rows duplicates; `lists` hold the groups' cells."""
    grouped = {column for group in groups for column in group.columns}
    single = [name(column) for column in read if column not in grouped]
    return f"hash({', '.join(map(name, rules.keys) if rules.keys else [*single, *lists])})"
