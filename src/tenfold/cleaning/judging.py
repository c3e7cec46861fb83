"""Type every cell of a source and judge every row by the rules of `clean:`, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tenfold import sources
from tenfold.cleaning import cells, expressions, grouping, type_inference
from tenfold.cleaning.cells import Cell
from tenfold.cleaning.expressions import ROWS
from tenfold.cleaning.grouping import Group
from tenfold.cleaning.mending import marks, mended
from tenfold.cleaning.typed import LABEL, ODD, UNFIT, copy_of, type_columns
from tenfold.dataset import ROW
from tenfold.params import Clean
from tenfold.runtime import shown
from tenfold.sources import REASON, Kind, Source, name, text
from tenfold.sources.parsed import Parsed
from tenfold.sources.parsing import Wish
from tenfold.sources.storing import Held

JUDGED = "judged"
COPY = "tenfold_copy"
NO_TARGET = "tenfold_no_target"
# Squares of larger numbers are no longer finite.
LARGEST = 1e100
# More texts than these are looked up rather than compared.
FEW = 20


@dataclass(frozen=True)
class Judged:
    """What is known of a source once every row is judged.

    View `JUDGED` holds `ROW`, the typed columns that are still needed, `REASON` (NULL for a row
    that stays), `COPY` (a hash in which duplicates agree) and `LABEL` (the target as the source
    writes it). Columns that the source gave as they are to stay are in `RAW` only.

    Attributes:
        kinds: of all columns, derived ones behind.
        cells: how each column's were read.
        no_target: how many rows without a target no rule rejects, and the first of them.
        mended: what was changed in cells, in words -> in how many.
        held: where the typed rows lie.
        copy: SQL of `COPY` over `ROWS`.
        in_raw: the columns that are still needed and are in `RAW` only.
    """

    kinds: dict[str, Kind]
    cells: Mapping[str, Cell]
    no_target: tuple[int, int]
    mended: dict[str, int]
    held: Held
    copy: str
    in_raw: frozenset[str]

    @property
    def read(self) -> int:
        """How many rows there are, malformed ones aside."""
        return len(self.held.rows)


def judge(source: Source, read: Mapping[str, Cell], target: str, rules: Clean) -> Judged:
    """Make view `JUDGED`, and view `ROWS` of typed columns, which reads the source again.

    Raises:
        UserError: if a rule is not about the columns that are there.
        Unsound: if the rows are not all there are.
    """
    undeclared = [column for column in read if column not in rules.types]
    guesses = type_inference.guess(source, [read[column] for column in undeclared])
    judged = _judge(source, read, target, rules, guesses)
    odd = source.connection.execute(f"SELECT count(*) FROM {JUDGED} WHERE {ODD}").fetchall()[0][0]
    if odd:
        guesses |= type_inference.corrected(source, [judged.cells[c] for c in undeclared], guesses)
        judged = _judge(source, read, target, rules, guesses)
    return judged


def try_out(source: Source, rules: Clean) -> None:
    """Find the expression that fails on a row of a source that can be read.

    Raises:
        UserError: quoting it.
    """
    if not (rules.derive or rules.require) or not sources.is_readable(source):
        return
    for column, expression in rules.derive.items():
        expressions.try_out(source.connection, f"clean.derive.{column}", expression, ROWS)
    for predicate in rules.require:
        expressions.try_out(source.connection, "clean.require", predicate, ROWS)


def _judge(
    source: Source,
    given: Mapping[str, Cell],
    target: str,
    rules: Clean,
    guesses: Mapping[str, Kind | None],
) -> Judged:
    """Make view `JUDGED` in one pass."""
    parsed = source.parse(_wish(given, target, rules, guesses))
    read = _sure(given, parsed) if parsed else given
    undeclared = [cell for column, cell in read.items() if column in guesses]
    groups = grouping.groups(undeclared, guesses, rules.drop_columns)
    kinds = type_columns(source, read, rules, target, guesses, groups)
    reasons = " ".join([*_reasons(kinds, target, rules, groups), "WHEN false THEN ''"])
    in_raw = {
        column
        for column, cell in read.items()
        if cell.sure and cell.given == kinds[column] and column not in rules.keys
    }
    shown_columns = [c for c in kinds if rules.shows(c) or c in rules.keys or c == target]
    reason = f"CASE {reasons} END AS {REASON}"
    copy = copy_of(read, rules, groups)
    no_target = f"{name(target)} IS NULL AS {NO_TARGET}"
    changes = marks(read, rules, guesses)
    seen = [name(column) for column in shown_columns if column not in in_raw]
    columns = [
        *seen,
        reason,
        f"{copy} AS {COPY}",
        ODD,
        LABEL,
        no_target,
        *(mark.name for mark in changes),
    ]
    held = source.hold(columns, ROWS, JUDGED, parsed)
    source.check(len(held.rows), parsed)
    lost = source.connection.execute(
        f"SELECT count(*), min({ROW}) FROM {JUDGED} WHERE {NO_TARGET} AND {REASON} IS NULL"
    ).fetchall()[0]
    changed = mended(source.connection, JUDGED, changes)
    in_raw &= set(shown_columns)
    return Judged(kinds, read, lost, changed, held, copy, frozenset(in_raw))


def _wish(
    read: Mapping[str, Cell], target: str, rules: Clean, guesses: Mapping[str, Kind | None]
) -> Wish:
    """Which columns may be numbers at once: those whose cells are read as most are."""
    all_usual = not rules.replace and not rules.column_missing_values
    kinds: dict[str, Kind] = {}
    for column, cell in read.items():
        cast = rules.cast(column)
        wanted = cast.type if cast else guesses[column]
        # How the source writes the target is looked at later.
        plain = cell.quick("double", cast) and column != target
        usual = cell.markers == tuple(rules.missing_values)
        if wanted in ("integer", "double") and plain and usual:
            kinds[column] = cells.KINDS[wanted]
        else:
            kinds[column] = "text"
    return Wish(kinds, rules.missing_values, all_usual)


def _sure(given: Mapping[str, Cell], parsed: Parsed) -> dict[str, Cell]:
    """How cells are read once they are parsed."""
    return {
        column: replace(
            cell,
            given=parsed.kinds[column],
            sure=parsed.nulls or parsed.kinds[column] != "text",
            coded=column in parsed.words,
        )
        for column, cell in given.items()
    }


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
        cell = f"{name(column)}::VARCHAR" if kinds[column] == "date" else name(column)
        reason = text(f"allowed: {shown(column)} has another value")
        yield f"WHEN {cell} IS NOT NULL AND {_is_another(cell, values)} THEN {reason}"
    yield from map(expressions.reason, rules.require)
    if rules.max_missing_in_row < 1:
        features = [c for c in kinds if c != target and c not in rules.drop_columns]
        counts = [group.n_missing(target) for group in groups if not group.dropped]
        counts += [f"({name(c)} IS NULL)::INTEGER" for c in features if c not in grouped]
        missing = " + ".join(counts) or "0"
        most = rules.max_missing_in_row * len(features)
        reason = text(f"over {rules.max_missing_in_row:.0%} of the cells are missing")
        yield f"WHEN {missing} > {most!r} THEN {reason}"


def _is_another(cell: str, values: Sequence[str | float]) -> str:
    """SQL: whether a value is none of these."""
    texts = list(dict.fromkeys(value for value in values if isinstance(value, str)))
    if len(texts) > FEW:
        # A text is looked up among those of an enumeration; of a list it is held against each.
        return f"TRY_CAST({cell} AS ENUM({', '.join(map(text, texts))})) IS NULL"
    listed = ", ".join(text(v) if isinstance(v, str) else repr(v) for v in values) or "NULL"
    return f"({cell} IN ({listed})) IS NOT TRUE"
