"""The rules of `clean:` as SQL: when a row is rejected, and the reason; all in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenfold.cleaning import edits, expressions, type_inference, views
from tenfold.cleaning.expressions import ROWS
from tenfold.cleaning.plan import CleaningPlan
from tenfold.cleaning.views import LABEL, ODD, UNFIT
from tenfold.dataset import ROW, spelling
from tenfold.params import Clean
from tenfold.runtime import UserError, shown
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
        stored: the rows.
        copy: SQL of `COPY` over `ROWS`.
        no_target: how many rows without a target no rule rejects, and the first of them.
        edits: what was changed in cells, in words -> in how many.
    """

    plan: CleaningPlan
    stored: StoredRows
    copy: str
    no_target: tuple[int, int]
    edits: Mapping[str, int]

    @property
    def n_read(self) -> int:
        """How many rows there are, malformed ones aside."""
        return len(self.stored.rows)


def judge(plan: CleaningPlan, rules: Clean) -> JudgedRows:
    """Type every cell and judge every row in one pass, or in a second if a first guess was wrong.

    Raises:
        UserError: if a rule is not about the columns that are there.
        Unsound: if the rows are not all there are.
    """
    plan = type_inference.infer(plan)
    judged = _judge(plan, rules)
    odd = plan.source.connection.execute(f"SELECT count(*) FROM {JUDGED} WHERE {ODD}").fetchall()
    if odd[0][0]:
        judged = _judge(plan.with_types(type_inference.corrected(judged.plan)), rules)
    return judged


def _judge(plan: CleaningPlan, rules: Clean) -> JudgedRows:
    plan, source = plan.converted(), plan.source
    plan = views.create(plan, rules)
    _check_kinds(rules, plan.kinds)
    made = list(edits.edits(plan))
    # Cells that the source writes alike have one value.
    copy = f"hash({', '.join([*map(name, rules.keys)] or [g.hashed() for g in plan.groups])})"
    branches = [f"WHEN {condition} THEN {reason}" for condition, reason in _reasons(plan, rules)]
    hidden = set(plan.hidden).difference(rules.keys)
    needed = [column for column in plan.kinds if column not in hidden]
    unchanged = {c for c, reader in plan.columns.items() if reader.is_unchanged}
    unchanged -= set(rules.keys)
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
    return JudgedRows(plan, stored, copy, no_target, changed)


def _check_kinds(rules: Clean, kinds: Mapping[str, Kind]) -> None:
    """Check that limits are for numbers, and that allowed values are of their column's kind.

    Raises:
        UserError: naming the declaration.
    """
    for column in rules.ranges:
        if kinds[column] not in ("integer", "double"):
            raise UserError(
                f"clean.ranges.{column} is for a number, but {column!r} is {kinds[column]}: "
                "declare its type in clean.types, or use clean.allowed or clean.require"
            )
    for column, values in rules.allowed.items():
        textual = kinds[column] in ("text", "date")
        for value in values:
            if isinstance(value, str) != textual and not isinstance(value, bool):
                raise UserError(
                    f"clean.allowed.{column} must hold {'texts' if textual else 'numbers'}, as the "
                    f"column does, but got {value!r}: write it so, or declare its type in "
                    "clean.types"
                )


def _reasons(plan: CleaningPlan, rules: Clean) -> Iterator[tuple[str, str]]:
    """SQL of when a row goes, and of the reason, in the order in which the rules are asked."""
    for group in plan.shown_groups:
        yield from group.too_large()
    yield f"{UNFIT} IS NOT NULL", UNFIT
    if rules.drop_missing_target:
        yield f"{name(plan.target)} IS NULL", text("missing target")
    for column, limits in rules.ranges.items():
        for limit, sign, side in ((limits.min, "<", "below"), (limits.max, ">", "above")):
            if limit is not None:
                reason = text(f"range: {shown(column)} is {side} {limit:g}")
                yield f"{name(column)} {sign} {limit!r}", reason
    for column, values in rules.allowed.items():
        cell = f"{name(column)}::VARCHAR" if plan.kinds[column] == "date" else name(column)
        reason = text(f"allowed: {shown(column)} has another value")
        known = [_as_in(plan.kinds[column], value) for value in values]
        yield f"{cell} IS NOT NULL AND {_is_another(cell, known)}", reason
    for predicate in rules.require:
        reason = text(f"require: {shown(predicate)}")
        yield f"{expressions.closing(predicate)} IS FALSE", reason
    if rules.max_missing_in_row < 1:
        reason = text(f"over {rules.max_missing_in_row:.0%} of the cells are missing")
        counts = [group.n_missing(plan.target) for group in plan.shown_groups]
        n_features = len(
            {column for group in plan.shown_groups for column in group.columns} - {plan.target}
        )
        too_many = rules.max_missing_in_row * n_features
        yield f"{' + '.join(counts) or '0'} > {too_many!r}", reason


def _as_in(kind: Kind, value: str | float) -> str | float:
    """A declared value as a column of this kind holds it."""
    if kind == "text":
        return spelling.category(str(value))
    return int(value) if isinstance(value, bool) else value


def _is_another(cell: str, values: Sequence[str | float]) -> str:
    """SQL: whether a value is none of these."""
    texts = list(dict.fromkeys(value for value in values if isinstance(value, str)))
    if len(texts) > MAX_COMPARED:
        # A text is looked up among those of an enumeration; of a list it is held against each.
        return f"TRY_CAST({cell} AS ENUM({', '.join(map(text, texts))})) IS NULL"
    listed = ", ".join(text(v) if isinstance(v, str) else repr(v) for v in values) or "NULL"
    return f"({cell} IN ({listed})) IS NOT TRUE"
