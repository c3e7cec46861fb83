"""The view of a table's rows with every cell typed, and derived columns behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tenfold.cleaning import edits, expressions
from tenfold.cleaning.columns import ColumnPlan
from tenfold.cleaning.declared_columns import declared_columns, hidden
from tenfold.cleaning.expressions import ROWS
from tenfold.cleaning.plan import CleaningPlan
from tenfold.dataset import ROW
from tenfold.params import Clean, Data
from tenfold.runtime import shown
from tenfold.sources import RAW, Kind, Source, name, text

# Whether a cell contradicts the type that its column is guessed to have.
ODD = "tenfold_odd"
# The reason why a cell does not fit its declared type; NULL if all fit.
UNFIT = "tenfold_unfit"
# The target as the source writes it.
LABEL = "tenfold_label"
SQL_TYPES: dict[Kind, str] = {
    "integer": "BIGINT",
    "double": "DOUBLE",
    "text": "VARCHAR",
    "date": "TIMESTAMP",
}


def create(plan: CleaningPlan, rules: Clean) -> CleaningPlan:
    """Make view `ROWS` of all columns in their types; return the plan with derived columns.

    Raises:
        UserError: if a date format or an expression is not valid.
    """
    connection = plan.source.connection
    for column, reader in plan.columns.items():
        if reader.cast and reader.cast.format:
            expressions.check_format(connection, f"clean.types.{column}", reader.cast.format)
    view, kinds = _typed(plan), dict(plan.kinds)
    derived = {}
    for column, expression in rules.derive.items():
        kind = expressions.check_derived(
            connection, column, expression, f"({view})", kinds, plan.target
        )
        value = f"{expressions.closing(expression)}::{SQL_TYPES[kind]}"
        view = f"SELECT *, {value} AS {name(column)} FROM ({view})"
        kinds[column] = kind
        why = hidden(column, rules)
        derived[column] = ColumnPlan(column, kind, type=kind, hidden=why, is_typed=True)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {ROWS} AS {view}")
    for predicate in rules.require:
        expressions.check_predicate(connection, predicate, ROWS, kinds)
    return replace(plan, derived=derived)


def typed_rows(source: Source, data: Data, rules: Clean, kinds: Mapping[str, Kind]) -> CleaningPlan:
    """Make view `ROWS` of columns of known kinds, and say how each is read."""
    plan = CleaningPlan(source, data.target, declared_columns(source, data, rules))
    plan = plan.with_types({one.name: kinds.get(one.name, "text") for one in plan.undeclared})
    return create(plan, rules)


def _typed(plan: CleaningPlan) -> str:
    """SQL of every column in its type, and of what the source's own cells tell of their row.

    Shared expressions go into inner SELECTs so that DuckDB computes them once.
    """
    groups = plan.groups
    first = [sql for group in groups for sql in group.first()]
    second = [sql for group in groups for sql in group.second()]
    typed = [sql for group in groups for sql in group.typed()]
    inner = f"SELECT {', '.join(['*', *first])} FROM {RAW}"
    outer = f"SELECT {', '.join(['*', *second])} FROM ({inner})"
    return f"SELECT {', '.join([ROW, *typed, *_of_raw(plan)])} FROM ({outer})"


def _of_raw(plan: CleaningPlan) -> Iterator[str]:
    """Columns about a row that need its cells before they are typed."""
    unfit = "".join(
        f" WHEN {reader.unfit()} THEN {text(f'type: {shown(column)} is not {reader.wanted}')}"
        for column, reader in plan.columns.items()
        if reader.cast and reader.wanted != "text"
    )
    yield f"CASE{unfit} WHEN false THEN '' END AS {UNFIT}"
    yield f"{_contradiction(plan)} AS {ODD}"
    target = plan.columns.get(plan.target)
    said = target is not None and target.given == "text" and target.kind != "text"
    yield f"{target.trimmed if target and said else 'NULL::VARCHAR'} AS {LABEL}"
    for edit in edits.edits(plan):
        yield f"{edit.changed.sql} AS {edit.name}"


def _contradiction(plan: CleaningPlan) -> str:
    """SQL: whether any cell contradicts the inferred type of its column."""
    found = [pair for group in plan.groups if (pair := group.contradiction())[1]]
    each = [odd for excluded, odd in found if not excluded]
    doubts = [(sound, odd) for sound, odd in found if sound]
    if doubts:
        # In most rows every cell is quickly excluded.
        all_sound = " AND ".join(sound for sound, _ in doubts)
        any_odd = " OR ".join(f"CASE WHEN {s} THEN false ELSE {odd} END" for s, odd in doubts)
        each.append(f"CASE WHEN {all_sound} THEN false ELSE {any_odd} END")
    return " OR ".join(f"({odd})" for odd in each) or "false"
