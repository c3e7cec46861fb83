"""The type of every column that is not declared: guessed from some cells, confirmed by all."""

from __future__ import annotations

from collections.abc import Sequence

from tenfold.cleaning import cells, column_groups
from tenfold.cleaning.columns import ColumnPlan
from tenfold.cleaning.plan import CleaningPlan
from tenfold.sources import RAW, Kind, Source

# Rows whose cells give a column's type; all the others then confirm it.
SAMPLE = 5_000
# A wide table needs fewer rows.
SAMPLE_CELLS = 1_000_000
MIN_ROWS = 100


def infer(plan: CleaningPlan) -> CleaningPlan:
    """The plan with the types that first rows show; None where they decide nothing."""
    columns = plan.undeclared
    n_rows = max(MIN_ROWS, min(SAMPLE, SAMPLE_CELLS // max(1, len(columns))))
    forms = _forms(plan.source, columns, f"(FROM {RAW} LIMIT {n_rows})")
    return plan.with_types({one.name: _guess(one, forms[one.name]) for one in columns})


def corrected(plan: CleaningPlan) -> dict[str, Kind]:
    """The types that all rows show of the columns in which a cell contradicts the first ones."""
    doubted = [reader for reader in plan.undeclared if reader.contradicts()]
    is_wrong = column_groups.aggregate(
        plan.source.connection,
        RAW,
        doubted,
        ColumnPlan.contradicts,
        lambda odd: [f"bool_or({odd})"],
    )
    wrong = [reader for reader in doubted if is_wrong[reader.name][0]]
    forms = _forms(plan.source, wrong, RAW)
    return {one.name: _shown(one, forms[one.name]) for one in wrong}


def _forms(source: Source, columns: Sequence[ColumnPlan], rows: str) -> dict[str, set[str]]:
    """The forms of the present cells of every column."""
    unsure = [reader for reader in columns if reader.given not in ("double", "date")]
    found = column_groups.aggregate(
        source.connection,
        rows,
        unsure,
        ColumnPlan.form,
        lambda form: [f"list(DISTINCT {form})"],
    )
    seen = {column: set(own or ()) - {None} for column, (own,) in found.items()}
    return {reader.name: seen.get(reader.name, set()) for reader in columns}


def _guess(reader: ColumnPlan, forms: set[str]) -> Kind | None:
    kind = _shown(reader, forms)
    if kind == "text" and reader.given == "text":
        return "text" if "text" in forms else None
    return kind if reader.given in ("double", "date") or forms - {"nan"} else None


def _shown(reader: ColumnPlan, forms: set[str]) -> Kind:
    """The kind that cells of such forms show."""
    return reader.given if reader.given in ("double", "date") else cells.kind_of(forms)
