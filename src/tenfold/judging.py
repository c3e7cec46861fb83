"""Type every cell of a source and judge every row by the rules of `clean:`, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenfold import expressions, grouping, guessing
from tenfold.cells import Cell
from tenfold.dataset import ROW
from tenfold.expressions import ROWS
from tenfold.grouping import Group
from tenfold.mending import marks, mended
from tenfold.messages import shown
from tenfold.params import Clean
from tenfold.sources import REASON, Kind, Source, name, text
from tenfold.sources.storing import Held
from tenfold.typed import COPY, LABEL, ODD, TYPED, UNFIT, copy_of, type_columns

JUDGED = "judged"
NO_TARGET = "tenfold_no_target"
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
    return kinds, held, copy_of(read, rules, groups, [group.cells for group in groups])


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
