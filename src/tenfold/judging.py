"""Judge every row of a source by the rules of `clean:`, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenfold import cells, expressions
from tenfold.cells import Cell, shared
from tenfold.dataset import ROW
from tenfold.expressions import ROWS
from tenfold.messages import shown
from tenfold.params import Clean
from tenfold.runtime import Refused
from tenfold.sources import RAW, REASON, Kind, Source, name, text

TYPED = "typed"
COPY = "tenfold_copy"
ODD = "tenfold_odd"
UNFIT = "tenfold_unfit"
NO_TARGET = "tenfold_no_target"
MENDED = "tenfold_mended_"
QUICK = "tenfold_quick_"
# Rows from whose cells a column's type is guessed; all the others then confirm it.
SAMPLE = 20_000
# Columns of one query; DuckDB plans wider ones slowly.
WIDTH = 200
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
    sample = _forms(source, undeclared, f"(FROM {RAW} LIMIT {SAMPLE})")
    guesses = {cell.column: _guess(cell, sample[cell.column]) for cell in undeclared}
    kinds = _set_types(source, read, rules, target, guesses)
    _judge(source, kinds, target, rules, len(_flags(read, guesses)))
    odd = source.connection.execute(f"SELECT count(*) FROM judged WHERE {ODD}").fetchall()[0][0]
    if odd:
        wrong = _contradicted(source, undeclared, guesses)
        forms = _forms(source, wrong, RAW)
        guesses |= {cell.column: _shown(cell, forms[cell.column]) for cell in wrong}
        kinds = _set_types(source, read, rules, target, guesses)
        _judge(source, kinds, target, rules, len(_flags(read, guesses)))
    n_rows = source.connection.execute("SELECT count(*) FROM judged").fetchall()[0][0]
    source.check(n_rows)
    no_target = source.connection.execute(
        f"SELECT count(*), min({ROW}) FROM judged WHERE {NO_TARGET} AND {REASON} IS NULL"
    ).fetchall()[0]
    return Judged(kinds, n_rows, no_target, _mended(source, read, guesses))


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


def _forms(source: Source, cells: Sequence[Cell], rows: str) -> dict[str, set[str]]:
    """Which forms the present cells of every column have."""
    found: dict[str, set[str]] = {cell.column: set() for cell in cells}
    unsure = [cell for cell in cells if cell.given not in ("double", "date")]
    for start in range(0, len(unsure), WIDTH):
        part = unsure[start : start + WIDTH]
        forms = [f"list(DISTINCT {cell.form()})" for cell in part]
        lists = source.connection.execute(f"SELECT {', '.join(forms)} FROM {rows}").fetchall()[0]
        found |= {
            cell.column: set(own or ()) - {None} for cell, own in zip(part, lists, strict=True)
        }
    return found


def _contradicted(
    source: Source, cells: Sequence[Cell], guesses: Mapping[str, Kind | None]
) -> list[Cell]:
    """The columns that have a cell which their guess does not fit."""
    doubted = [cell for cell in cells if _contradiction(cell, guesses[cell.column])]
    odd = ", ".join(f"bool_or({_contradiction(c, guesses[c.column])})" for c in doubted)
    found = source.connection.execute(f"SELECT {odd} FROM {RAW}").fetchall()[0]
    return [cell for cell, wrong in zip(doubted, found, strict=True) if wrong]


def _guess(cell: Cell, forms: set[str]) -> Kind | None:
    """The type that the first rows show; None if they do not decide."""
    kind = _shown(cell, forms)
    if kind == "text" and cell.given == "text":
        return "text" if "text" in forms else None
    return kind if cell.given in ("double", "date") or forms - {"nan"} else None


def _shown(cell: Cell, forms: set[str]) -> Kind:
    """The type that cells of such forms show."""
    return cell.given if cell.given in ("double", "date") else shared(forms)


def _set_types(
    source: Source,
    read: Mapping[str, Cell],
    rules: Clean,
    target: str,
    guesses: Mapping[str, Kind | None],
) -> dict[str, Kind]:
    """Make view `TYPED` of typed columns, and view `ROWS` of these and the derived ones."""
    kinds: dict[str, Kind] = {}
    columns, quick = [], {}
    for number, (column, cell) in enumerate(read.items()):
        cast = rules.cast(column)
        # A column that shows no type so far has none that any cell could contradict but this.
        wanted = cast.type if cast else guesses[column] or "double"
        kinds[column] = cells.KINDS[wanted]
        short = cell.quick(wanted, cast)
        if short:
            quick[column] = f"{QUICK}{number}", short
        known = quick.get(column, ("", ""))[0]
        columns.append(f"{cell.typed(wanted, cast, known)} AS {name(column)}")
    shorts = "".join(f", {short} AS {known}" for known, short in quick.values())
    columns += _of_raw(
        read, rules, guesses, {column: known for column, (known, _) in quick.items()}
    )
    view = f"SELECT {ROW}, {', '.join(columns)} FROM (SELECT *{shorts} FROM {RAW})"
    source.connection.execute(f"CREATE OR REPLACE TEMP VIEW {TYPED} AS {view}")
    _check_casts(source, rules)
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
    source: Source, kinds: Mapping[str, Kind], target: str, rules: Clean, n_flags: int
) -> None:
    """Make table `judged` in one pass over the source."""
    flags = "".join(f", {MENDED}{number}" for number in range(n_flags))
    reasons = " ".join([*_reasons(kinds, target, rules), "WHEN false THEN ''"])
    source.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE judged AS SELECT {ROW}, CASE {reasons} END AS {REASON}, "
        f"{COPY}, {ODD}, {name(target)} IS NULL AS {NO_TARGET}{flags} FROM {ROWS}"
    )


def _reasons(kinds: Mapping[str, Kind], target: str, rules: Clean) -> Iterator[str]:
    """The branches of a CASE, in the order in which the rules are asked."""
    for column, kind in kinds.items():
        if kind == "double" and column not in rules.drop_columns:
            cell = name(column)
            which = f"CASE WHEN isinf({cell}) THEN 'infinite' ELSE 'over 1e100' END"
            yield f"WHEN abs({cell}) > {LARGEST} THEN {which} || {text(f': {shown(column)}')}"
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
        missing = " + ".join(f"({name(column)} IS NULL)::INTEGER" for column in features) or "0"
        most = rules.max_missing_in_row * len(features)
        reason = text(f"over {rules.max_missing_in_row:.0%} of the cells are missing")
        yield f"WHEN {missing} > {most!r} THEN {reason}"


# Chapter: what the source's own cells say


def _of_raw(
    read: Mapping[str, Cell],
    rules: Clean,
    guesses: Mapping[str, Kind | None],
    quick: Mapping[str, str],
) -> Iterator[str]:
    """Columns about a row that are told from its cells before they are typed."""
    unfit = "".join(
        f" WHEN {read[column].unfit(cast.type, cast)} "
        f"THEN {text(f'type: {shown(column)} is not {cast.type}')}"
        for column in rules.types
        if (cast := rules.cast(column)) and cast.type != "text"
    )
    yield f"CASE{unfit} WHEN false THEN '' END AS {UNFIT}"
    odd = (
        _contradiction(read[column], guess, quick.get(column, ""))
        for column, guess in guesses.items()
    )
    yield f"{' OR '.join(f'({one})' for one in odd if one) or 'false'} AS {ODD}"
    declared = rules.drop_duplicates
    keys = [] if isinstance(declared, bool) else declared.by
    hashed = ", ".join(name(column) for column in keys or read)
    yield f"{f'hash({hashed})' if declared else '0::UBIGINT'} AS {COPY}"
    for number, flag in enumerate(_flags(read, guesses).values()):
        yield f"coalesce({flag}, false) AS {MENDED}{number}"


def _contradiction(cell: Cell, guess: Kind | None, quick: str = "") -> str:
    if guess is None:
        return f"{cell.words()} IS NOT NULL"
    found = cell.contradicts(guess, quick)
    return "" if found == "false" else found


def _flags(read: Mapping[str, Cell], guesses: Mapping[str, Kind | None]) -> dict[str, str]:
    """What is changed in cells, in words -> whether a cell is one of these."""
    flags = {}
    for column, cell in read.items():
        if cell.trim and cell.given == "text" and guesses.get(column, "text") == "text":
            flags[f"{shown(column)}: white space trimmed"] = (
                f"NOT {cell.bare} AND {cell.raw} <> {cell.trimmed}"
            )
        if cell.replaced:
            old = ", ".join(map(text, cell.replaced))
            plain = cell.trimmed if cell.given == "text" else f"{cell.raw}::VARCHAR"
            flags[f"{shown(column)}: replaced"] = f"{plain} IN ({old})"
    return flags


def _mended(
    source: Source, read: Mapping[str, Cell], guesses: Mapping[str, Kind | None]
) -> dict[str, int]:
    """How many cells were changed, where any was."""
    words = list(_flags(read, guesses))
    if not words:
        return {}
    sums = ", ".join(f"count(*) FILTER ({MENDED}{number})" for number in range(len(words)))
    counts = source.connection.execute(f"SELECT {sums} FROM judged").fetchall()[0]
    return {word: count for word, count in zip(words, counts, strict=True) if count}
