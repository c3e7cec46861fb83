"""The rules of `clean:` as SQL: when a row is rejected, and the reason; all in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenfold.cleaning import column_groups, edits, expressions, rule_checks, type_inference, views
from tenfold.cleaning.expressions import ROWS
from tenfold.cleaning.plan import CleaningPlan
from tenfold.cleaning.views import LABEL, ODD, UNFIT
from tenfold.dataset import ROW
from tenfold.runtime import shown
from tenfold.sources import REASON, Kind, name, text
from tenfold.sources.stored_rows import StoredRows

JUDGED = "judged"
COPY = "tenfold_copy"
NO_TARGET = "tenfold_no_target"
# More texts than these are looked up rather than compared.
MAX_COMPARED = 20


@dataclass(frozen=True)
class JudgedRows:
    """A table whose rows are judged.

    View `JUDGED` holds `ROW`, `REASON` (NULL for a row that stays), `COPY` (a hash in which
    duplicates agree), `LABEL` (the target as the source writes it), the keys, and perhaps other
    columns; all that are needed are in `stored`.

    Attributes:
        plan: how they were read.
        kinds: of all columns, derived ones behind.
        stored: the rows.
        copy: SQL of `COPY` over `ROWS`.
        no_target: how many rows without a target no rule rejects, and the first of them.
        edits: what was changed in cells, in words -> in how many.
    """

    plan: CleaningPlan
    kinds: Mapping[str, Kind]
    stored: StoredRows
    copy: str
    no_target: tuple[int, int]
    edits: Mapping[str, int]

    @property
    def n_read(self) -> int:
        """How many rows there are, malformed ones aside."""
        return len(self.stored.rows)


def judge(plan: CleaningPlan) -> JudgedRows:
    """Type every cell and judge every row in one pass, or in a second if a first guess was wrong.

    Raises:
        UserError: if a rule is not about the columns that are there.
        Unsound: if the rows are not all there are.
    """
    judged = _judge(type_inference.infer(plan))
    odd = plan.source.connection.execute(f"SELECT count(*) FROM {JUDGED} WHERE {ODD}").fetchall()
    if odd[0][0]:
        judged = _judge(type_inference.correct(judged.plan))
    return judged


def _judge(plan: CleaningPlan) -> JudgedRows:
    plan, source = plan.converted(), plan.source
    kinds = views.create(plan)
    rule_checks.check_kinds(plan.rules, kinds)
    made = list(edits.edits(plan))
    copy = f"hash({', '.join(_compared(plan))})"
    branches = [f"WHEN {condition} THEN {reason}" for condition, reason in _reasons(plan, kinds)]
    needed = [column for column in kinds if plan.is_needed(column)]
    unchanged = plan.unchanged()
    columns = [
        *(name(column) for column in needed if column not in unchanged),
        f"CASE {' '.join([*branches, 'WHEN false THEN NULL'])} END::VARCHAR AS {REASON}",
        f"{copy} AS {COPY}",
        ODD,
        LABEL,
        f"{name(plan.target)} IS NULL AS {NO_TARGET}",
        *(edit.name for edit in made),
    ]
    stored = source.store(columns, ROWS, JUDGED, [c for c in needed if c in unchanged])
    source.check(len(stored.rows))
    no_target = source.connection.execute(
        f"SELECT count(*), min({ROW}) FROM {JUDGED} WHERE {NO_TARGET} AND {REASON} IS NULL"
    ).fetchall()[0]
    changed = edits.count(source.connection, JUDGED, made)
    return JudgedRows(plan, kinds, stored, copy, no_target, changed)


def _compared(plan: CleaningPlan) -> list[str]:
    """SQL of what duplicates agree in; cells that the source writes alike have one value."""
    return [*map(name, plan.rules.keys)] or [group.hashed() for group in plan.groups]


def _reasons(plan: CleaningPlan, kinds: Mapping[str, Kind]) -> Iterator[tuple[str, str]]:
    """SQL of when a row goes, and of the reason, in the order in which the rules are asked."""
    rules, target = plan.rules, plan.target
    yield from _too_large(plan, kinds)
    yield f"{UNFIT} IS NOT NULL", UNFIT
    if rules.drop_missing_target:
        yield f"{name(target)} IS NULL", text("missing target")
    for column, limits in rules.ranges.items():
        for limit, sign, side in ((limits.min, "<", "below"), (limits.max, ">", "above")):
            if limit is not None:
                reason = text(f"range: {shown(column)} is {side} {limit:g}")
                yield f"{name(column)} {sign} {limit!r}", reason
    for column, values in rules.allowed.items():
        cell = f"{name(column)}::VARCHAR" if kinds[column] == "date" else name(column)
        reason = text(f"allowed: {shown(column)} has another value")
        yield f"{cell} IS NOT NULL AND {_is_another(cell, values)}", reason
    for predicate in rules.require:
        reason = text(f"require: {shown(predicate)}")
        yield f"{expressions.closing(predicate)} IS FALSE", reason
    if rules.max_missing_in_row < 1:
        reason = text(f"over {rules.max_missing_in_row:.0%} of the cells are missing")
        yield _too_empty(plan, kinds), reason


def _too_large(plan: CleaningPlan, kinds: Mapping[str, Kind]) -> Iterator[tuple[str, str]]:
    shown_groups = [g for g in plan.groups if g.columns[0] not in plan.rules.drop_columns]
    single = [group for group in shown_groups if len(group.columns) == 1]
    for group in single:
        yield from group.too_large()
    for column in plan.rules.derive:
        if column not in plan.rules.drop_columns:
            yield from column_groups.too_large(column, kinds[column])
    for group in shown_groups:
        if group not in single:
            yield from group.too_large()


def _too_empty(plan: CleaningPlan, kinds: Mapping[str, Kind]) -> str:
    """SQL: whether too many cells of features are missing."""
    rules, target = plan.rules, plan.target
    features = [c for c in kinds if c != target and c not in rules.drop_columns]
    counts = [g.n_missing(target) for g in plan.groups if g.columns[0] not in rules.drop_columns]
    counts += [f"({name(c)} IS NULL)::INTEGER" for c in rules.derive if c in features]
    return f"{' + '.join(counts) or '0'} > {rules.max_missing_in_row * len(features)!r}"


def _is_another(cell: str, values: Sequence[str | float]) -> str:
    """SQL: whether a value is none of these."""
    texts = list(dict.fromkeys(value for value in values if isinstance(value, str)))
    if len(texts) > MAX_COMPARED:
        # A text is looked up among those of an enumeration; of a list it is held against each.
        return f"TRY_CAST({cell} AS ENUM({', '.join(map(text, texts))})) IS NULL"
    listed = ", ".join(text(v) if isinstance(v, str) else repr(v) for v in values) or "NULL"
    return f"({cell} IN ({listed})) IS NOT TRUE"
