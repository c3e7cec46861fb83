"""Rows that come as a pandas table: over HTTP by MLflow's server, or from a caller's program."""

from __future__ import annotations

import datetime
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from tenfold import sources
from tenfold.cleaning import KINDS
from tenfold.dataset import ROW
from tenfold.params.cleaning import Type
from tenfold.serving.row_reader import BadCell, PreparedSource, ReadRows, RowReader
from tenfold.sources import Kind

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

# What a cell is: `nested` is a list, a mapping or anything else that no table holds.
CellType = Literal["number", "text", "date", "nested"]
# pandas' kinds of columns of which all cells are numbers that Arrow takes.
NUMBERS = "fi"
ARROW_TYPES: dict[Kind, pa.DataType] = {
    "integer": pa.int64(),
    "double": pa.float64(),
    "text": pa.string(),
    "date": pa.timestamp("us"),
}
# Beyond it only a text shows every digit of an integer.
MAX_EXACT = 2**53
# Views that a thread keeps, one for each combination of the kinds in which columns come.
MAX_VIEWS = 64
NESTED = "a single value"
TOO_LARGE = "an integer of at most 2^53"
INEXACT = "written as a text, since a number this large loses digits"


@dataclass(frozen=True)
class GivenColumn:
    """A column of a request.

    Attributes:
        name: of the column.
        type: of its cells; None if all are missing.
        cells: numbers, texts, dates, or None where there is no value.
    """

    name: str
    type: CellType | None
    cells: Sequence[Any]

    def without(self, places: Sequence[int]) -> GivenColumn:
        """The same with no value at some places."""
        if not places:
            return self
        left_out = set(places)
        cells = [None if at in left_out else cell for at, cell in enumerate(self.cells)]
        return replace(self, cells=cells)


class RequestReader:
    """Reads pandas tables for a model by the SQL that reads its files; threads may share it.

    A text is read as the cell of a CSV. A number is one already, as in Parquet: `clean.types` says
    how texts are written. A boolean is the text `true` or `false`, as in Parquet and workbooks.

    Args:
        rows: reads any source for the model.
    """

    def __init__(self, rows: RowReader) -> None:
        self.rows = rows
        self._database = sources.open_database()
        self._of_thread = threading.local()

    def read(self, table: pd.DataFrame) -> ReadRows:
        """Read the rows of a table that has all columns of the model; they count from 0."""
        asked = table[list(self.rows.columns)].reset_index(drop=True)
        read = self._read(asked)
        return replace(read, bad=[_with_value(cell, asked) for cell in read.bad])

    def _read(self, table: pd.DataFrame) -> ReadRows:
        import pandas as pd

        columns = []
        for name in self.rows.columns:
            cells, types = _cells(table[name])
            present = list(dict.fromkeys(one for one in types if one))
            if len(present) > 1:  # Each type of cell is read in its own way.
                filled = np.array([one or present[0] for one in types])
                parts = [self._read(table[filled == one]) for one in present]
                features = pd.concat([part.features for part in parts]).sort_index()
                bad = [cell for part in parts for cell in part.bad]
                return ReadRows(features, sorted(bad, key=lambda cell: cell.row))
            columns.append(GivenColumn(name, present[0] if present else None, cells))
        return self._read_columns(table.index.to_numpy(), columns)

    def _read_columns(self, rows: NDArray[np.int64], columns: Sequence[GivenColumn]) -> ReadRows:
        """Read columns whose cells are of one type."""
        bad: dict[int, BadCell] = {}
        kinds: dict[str, Kind] = {}
        arrays = {ROW: pa.array(rows)}
        for column in columns:
            wanted = self.rows.wanted(column.name)
            rule, places = _unreadable(column, wanted)
            for place in places:
                cell = BadCell(int(rows[place]), column.name, column.cells[place], rule)
                bad.setdefault(cell.row, cell)
            kind, cells = _as_kind(column.without(places), wanted)
            kinds[column.name] = kind
            arrays[column.name] = pa.array(cells, ARROW_TYPES[kind], from_pandas=True)
        n_missing = {name: array.null_count for name, array in arrays.items()}
        read = self.rows.read(self._prepared(pa.table(arrays), kinds), n_missing)
        for cell in read.bad:
            bad.setdefault(cell.row, cell)
        return replace(read, bad=[bad[row] for row in sorted(bad)])

    def _prepared(self, table: pa.Table, kinds: Mapping[str, Kind]) -> PreparedSource:
        """The table as a source; the view of its typed rows is made once for each thread."""
        views: dict[Any, PreparedSource] = self._of_thread.__dict__.setdefault("views", {})
        key = tuple(kinds.values())
        if key in views:
            sources.put(views[key].source.connection, table)
        else:
            if len(views) == MAX_VIEWS:
                views.clear()
            source = sources.of_table(self._database.cursor(), table, kinds)
            views[key] = self.rows.prepare(source)
        return views[key]


def _cells(column: pd.Series[Any]) -> tuple[Sequence[Any], Sequence[CellType | None]]:
    """The cells as Arrow takes them, and their types: one for all, or one each, None if missing."""
    if column.dtype.kind in NUMBERS and not _has_large_integers(column):
        return column.tolist(), [None if column.isna().all() else "number"]
    found = [_cell(value) for value in column.astype(object)]
    return [value for _, value in found], [one for one, _ in found]


def _cell(value: Any) -> tuple[CellType | None, Any]:
    """A cell's type, and the cell as Arrow takes it."""
    import pandas as pd

    if isinstance(value, str):
        return "text", value
    if isinstance(value, bool | np.bool_):
        return "text", str(value).lower()
    if isinstance(value, int | np.integer):
        # A larger one is read as a file's text is: its digits may be those of a rule.
        exact = abs(int(value)) <= MAX_EXACT
        return ("number", int(value)) if exact else ("text", str(value))
    if value is None or value is pd.NaT or value is pd.NA:
        return None, None
    if isinstance(value, float | np.floating | Decimal):
        number = float(value)
        return (None, None) if math.isnan(number) else ("number", number)
    if isinstance(value, datetime.date | np.datetime64):
        moment = pd.Timestamp(value)
        return "date", moment.tz_convert(None) if moment.tz else moment
    return "nested", value


def _unreadable(column: GivenColumn, wanted: Type) -> tuple[str, list[int]]:
    """What the cells at some places must be, since no SQL could read them."""
    if column.type == "nested":
        return NESTED, [place for place, cell in enumerate(column.cells) if cell is not None]
    if column.type != "number" or wanted not in ("text", "integer"):
        return "", []
    inexact = [isinstance(cell, float) and abs(cell) >= MAX_EXACT for cell in column.cells]
    rule = INEXACT if wanted == "text" else TOO_LARGE
    return rule, np.flatnonzero(inexact).tolist()


def _has_large_integers(column: pd.Series[Any]) -> bool:
    return column.dtype.kind in "iu" and bool((column.abs() > MAX_EXACT).any())


def _as_kind(column: GivenColumn, wanted: Type) -> tuple[Kind, Sequence[Any]]:
    """The kind of column that these cells are, and the cells."""
    if column.type in (None, "nested"):  # All are missing.
        return KINDS[wanted], [None] * len(column.cells)
    if column.type == "text" or column.type == "date":
        return column.type, column.cells
    if wanted == "double":
        return "double", column.cells
    numbers = [None if cell is None or cell != cell else cell for cell in column.cells]
    if any(cell is not None and cell % 1 != 0 for cell in numbers):
        return "double", numbers
    return "integer", [None if cell is None else int(cell) for cell in numbers]


def _with_value(cell: BadCell, table: pd.DataFrame) -> BadCell:
    """A bad cell with its value as it was given."""
    if cell.column not in table:
        return cell
    value = table[cell.column].iloc[cell.row]
    return replace(cell, value=value.item() if isinstance(value, np.generic) else value)
