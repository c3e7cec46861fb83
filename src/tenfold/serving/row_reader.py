"""The one door for rows to predict: cells are read by the SQL that read the training table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold import cleaning, sources
from tenfold.cleaning import ColumnPlan
from tenfold.dataset import ROW, Schema
from tenfold.params import Clean, Data
from tenfold.params.cleaning import Type
from tenfold.sources import Kind, Source, name

if TYPE_CHECKING:
    import pandas as pd

# Whether a row's cell is bad, and of which column.
PLACE = "tenfold_place"


@dataclass(frozen=True)
class BadCell:
    """A cell that has a value, but none of its column's type."""

    row: int
    column: str
    value: Any
    rule: str

    def __str__(self) -> str:
        return f"{self.column!r} must be {self.rule}, but got {self.value!r}"


@dataclass(frozen=True)
class ReadRows:
    """Rows to predict, as the model takes them.

    Attributes:
        features: numbers as float64, texts as object with None, dates as datetime64[us]; its index
            is `ROW`.
        bad: the first bad cell of every row that has one.
    """

    features: pd.DataFrame
    bad: Sequence[BadCell]


@dataclass(frozen=True)
class PreparedSource:
    """A source whose view of typed rows is made."""

    source: Source
    columns: Mapping[str, ColumnPlan]


class RowReader:
    """Reads rows for a model, by what its schema says of the training table.

    Args:
        schema: of the model.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._declared = {
            "missing_values": list(schema.missing_values),
            **schema.reading.get("clean", {}),
        }

    @cached_property
    def derived(self) -> dict[str, str]:
        """The derived columns that are features, and those that these are made of."""
        made: dict[str, str] = self._declared.get("derive", {})
        asked, needed = {feature.lower() for feature in self.schema.features}, []
        # A derived column is made of those before it.
        for column in reversed(list(made)):
            if column.lower() in asked:
                asked |= self._columns_of(made[column])
                needed.append(column)
        return {column: made[column] for column in reversed(needed)}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that rows must have: features, and what derived features are made of."""
        features = [column for column in self.schema.features if column not in self.derived]
        used = {column for made in self.derived.values() for column in self._columns_of(made)}
        used -= {column.lower() for column in (*features, *self.derived)}
        known = self.schema.reading.get("kinds", {})
        return (*features, *(column for column in known if column.lower() in used))

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The kind that each of these columns, and each feature, has unless it is declared."""
        by_role: dict[Kind, tuple[str, ...]] = {
            "double": self.schema.numeric,
            "text": self.schema.categorical,
            "date": self.schema.dates,
        }
        roles = {column: kind for kind, columns in by_role.items() for column in columns}
        return {**self.schema.reading.get("kinds", {}), **roles}

    @cached_property
    def rules(self) -> Clean:
        """How cells are read."""
        return Clean.model_validate({**self._declared, "derive": self.derived})

    def wanted(self, column: str) -> Type:
        """The type that a column is read as."""
        declared = self.rules.casts.get(column)
        return declared.type if declared else self.kinds.get(column, "text")

    def prepare(self, source: Source) -> PreparedSource:
        """Make the view of a source's typed rows.

        Args:
            source: which has all `columns`, and may have others.
        """
        decimal = self.schema.reading.get("data", {}).get("decimal", ".")
        data = Data(path="rows", target=self.schema.target, decimal=decimal)
        own = replace(source, columns={column: source.columns[column] for column in self.columns})
        plan = cleaning.typed_rows(own, data, self.rules, self.kinds)
        return PreparedSource(source, plan.columns)

    def read(
        self, prepared: PreparedSource, n_missing: Mapping[str, int] | None = None
    ) -> ReadRows:
        """Read all rows of a source.

        Args:
            prepared: the source.
            n_missing: how many cells of each column are NULL, where that is known.
        """
        import pandas as pd

        derived = [column for column in self.schema.features if column in self.derived]
        names = [*self.columns, *derived]
        cells = prepared.source.connection.sql(
            f"SELECT {', '.join([ROW, *map(name, names)])} FROM {cleaning.ROWS} ORDER BY {ROW}"
        ).to_arrow_table()
        rows = cells[ROW].to_numpy()
        typed = {column: _values(cells[column], self.kinds.get(column)) for column in names}
        known = n_missing or {}
        doubtful = [
            column for column in self.columns if _n_gaps(typed[column]) > known.get(column, 0)
        ]
        bad = {cell.row: cell for cell in self._bad(prepared, doubtful)}
        for column in derived:
            for place in np.flatnonzero(_is_too_large(typed[column])):
                cell = BadCell(int(rows[place]), column, typed[column][place].item(), _finite())
                bad.setdefault(cell.row, cell)
        features = {column: typed[column] for column in self.schema.features}
        frame = pd.DataFrame(features, index=pd.Index(rows, name=ROW))
        return ReadRows(frame, [bad[row] for row in sorted(bad)])

    def _bad(self, prepared: PreparedSource, doubtful: Sequence[str]) -> list[BadCell]:
        """The first bad cell of each row, among columns in which some cell has no value."""
        if not doubtful:
            return []
        plans = [prepared.columns[column] for column in doubtful]
        found = "".join(f" WHEN {_is_bad(plan)} THEN {n}" for n, plan in enumerate(plans))
        values = "".join(
            f" WHEN {number} THEN {plan.raw}::VARCHAR" for number, plan in enumerate(plans)
        )
        cells = prepared.source.connection.execute(
            f"SELECT {ROW}, {PLACE}, CASE {PLACE}{values} END "
            f"FROM (SELECT *, CASE{found} END AS {PLACE} FROM {sources.RAW}) "
            f"WHERE {PLACE} IS NOT NULL ORDER BY {ROW}"
        ).fetchall()
        return [BadCell(row, plans[n].name, value, _rule(plans[n])) for row, n, value in cells]

    def _columns_of(self, expression: str) -> set[str]:
        return cleaning.columns_of(self._parser, expression)

    @cached_property
    def _parser(self) -> Any:
        return sources.open_database()


def _values(column: Any, kind: Kind | None) -> Any:
    """A column as numpy has it: missing is NaN, None or NaT."""
    if kind == "text":
        return np.array([*column.to_pylist(), None], dtype=object)[:-1]
    values = column.to_numpy()
    return values.astype("datetime64[us]" if kind == "date" else np.float64)


def _n_gaps(values: Any) -> int:
    """How many cells have no value, or one that is too large; a text is always one."""
    if values.dtype == object:
        return 0
    gaps = np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)
    return int((gaps | _is_too_large(values)).sum())


def _is_too_large(values: Any) -> Any:
    if values.dtype.kind != "f":
        return np.zeros(len(values), dtype=np.bool_)
    return np.abs(values) > cleaning.MAX_NUMBER


def _is_bad(plan: ColumnPlan) -> str:
    """SQL: whether a cell is there and yet has no value of the column's type."""
    odd = plan.unfit()
    if plan.wanted == "double":
        odd = f"({odd}) OR abs(({plan.typed()})::DOUBLE) > {cleaning.MAX_NUMBER}"
    return f"({odd})"


def _rule(plan: ColumnPlan) -> str:
    """What a cell of a column must be."""
    if plan.wanted == "date":
        return plan.texts.date_format.rule.rstrip(",")
    if plan.wanted == "boolean" and plan.cast:
        return f"one of {', '.join([*plan.cast.true, *plan.cast.false])}"
    written = f" written as clean.types.{plan.name} declares" if plan.texts.number_format else ""
    return ("an integer" if plan.wanted == "integer" else _finite()) + written


def _finite() -> str:
    return "a finite number"
