"""Judge every row of a source by the rules of `clean:`, in one pass."""

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

TYPED = "typed"
COPY = "tenfold_copy"
ODD = "tenfold_odd"
UNFIT = "tenfold_unfit"
NO_TARGET = "tenfold_no_target"
QUICK = "tenfold_quick_"
# Squares of larger numbers are no longer finite.
LARGEST = 1e100


@dataclass(frozen=True)
class Judged:
    """What is known of a source once every row is judged.

    Table `judged` holds `ROW`, `REASON` (NULL for a row that stays) and `COPY`, a hash of what
    makes two rows duplicates.

    Attributes:
        kinds: of all columns, derived ones behind.
        read: rows, malformed ones aside.
        no_target: how many rows without a target no rule rejects, and the first of them.
        mended: what was changed in cells, in words -> in how many.
    """

    kinds: dict[str, Kind]
    read: int
    no_target: tuple[int, int]
    mended: dict[str, int]


def judge(source: Source, read: Mapping[str, Cell], target: str, rules: Clean) -> Judged:
    """Make table `judged`, and view `ROWS` of typed columns.

    Raises:
        Refused: if a rule is not about the columns that are there.
        Unsound: if the rows are not all there are.
    """
    undeclared = [read[column] for column in read if column not in rules.types]
    guesses = guessing.guess(source, undeclared)
    kinds = _judge(source, read, target, rules, guesses)
    odd = source.connection.execute(f"SELECT count(*) FROM judged WHERE {ODD}").fetchall()[0][0]
    if odd:
        guesses |= guessing.corrected(source, undeclared, guesses)
        kinds = _judge(source, read, target, rules, guesses)
    n_rows = source.connection.execute("SELECT count(*) FROM judged").fetchall()[0][0]
    source.check(n_rows)
    no_target = source.connection.execute(
        f"SELECT count(*), min({ROW}) FROM judged WHERE {NO_TARGET} AND {REASON} IS NULL"
    ).fetchall()[0]
    return Judged(kinds, n_rows, no_target, mended(source, marks(read, rules, guesses)))


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
    columns, quick = [], {}
    taken = dict(one for group in groups for one in group.taken())
    for number, (column, cell) in enumerate(read.items()):
        cast = rules.cast(column)
        # A column that shows no type so far has none that any cell could contradict but this.
        wanted = cast.type if cast else guesses[column] or "double"
        kinds[column] = cells.KINDS[wanted]
        if column in taken:
            columns.append(taken[column])
            continue
        short = cell.quick(wanted, cast)
        if short:
            quick[column] = f"{QUICK}{number}", short
        known = quick.get(column, ("", ""))[0]
        columns.append(f"{cell.typed(wanted, cast, known)} AS {name(column)}")
    shorts = "".join(f", {short} AS {known}" for known, short in quick.values())
    columns += _of_raw(
        read, rules, guesses, {column: known for column, (known, _) in quick.items()}, groups
    )
    columns += [group.typed_name for group in groups]
    view = f"SELECT {ROW}, {', '.join(columns)} FROM (SELECT *{shorts} FROM {_gathered(groups)})"
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
) -> dict[str, Kind]:
    """Make table `judged` in one pass over the source, and return the kinds of its columns."""
    undeclared = [cell for column, cell in read.items() if column in guesses]
    groups = grouping.groups(undeclared, guesses, rules.drop_columns)
    kinds = type_columns(source, read, rules, target, guesses, groups)
    changed = "".join(f", {mark.name}" for mark in marks(read, rules, guesses))
    reasons = " ".join([*_reasons(kinds, target, rules, groups), "WHEN false THEN ''"])
    source.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE judged AS SELECT {ROW}, CASE {reasons} END AS {REASON}, "
        f"{COPY}, {ODD}, {name(target)} IS NULL AS {NO_TARGET}{changed} FROM {ROWS}"
    )
    return kinds


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
    odd = [
        guessing.contradiction(read[column], guesses[column], quick.get(column, ""))
        for column in single
    ]
    odd += [group.odd() for group in groups]
    yield f"{' OR '.join(f'({one})' for one in odd if one) or 'false'} AS {ODD}"
    declared = rules.drop_duplicates
    keys = [] if isinstance(declared, bool) else declared.by
    lists = [] if keys else [group.given_name for group in groups]
    hashed = ", ".join([*map(name, keys or [c for c in read if c not in grouped]), *lists])
    yield f"{f'hash({hashed})' if declared else '0::UBIGINT'} AS {COPY}"
    for mark in marks(read, rules, guesses):
        yield f"{mark.sql} AS {mark.name}"
