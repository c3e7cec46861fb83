"""Score a file: read it as the training table was read, and put the answers behind its columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold import sources
from tenfold.dataset import ROW, Schema
from tenfold.params import Data, nearest
from tenfold.runtime import Refused

if TYPE_CHECKING:
    import pandas as pd


def score(path: Path, model: Any) -> pd.DataFrame:
    """The file's columns, then `prediction` and each class's probability.

    Args:
        path: a table with every feature column; others are passed through.
        model: a registered model, as MLflow loads it.

    Raises:
        Refused: naming a column that is missing, or the line of a cell that is no number.
    """
    import pandas as pd

    schema: Schema = model.get_raw_model().schema
    source = sources.read(Data(path=str(path), target=schema.target))
    table = source.connection.table(sources.RAW).df()
    features = {name: _column(table, name, schema, source.unit, path) for name in schema.features}
    answers = model.predict(pd.DataFrame(features))
    for name in answers:
        if name in table:
            raise Refused(f"{path} has a column {name!r} already: rename it")
    return pd.concat([table.drop(columns=ROW), answers], axis=1)


def _column(table: pd.DataFrame, name: str, schema: Schema, unit: str, path: Path) -> Any:
    """One feature: float64 with NaN, or text with None."""
    import pandas as pd

    if name not in table:
        raise Refused(f"{path} lacks the column {name!r}; {nearest(name, table.columns)}")
    cells = table[name].astype(object)
    cells = cells.where(cells.notna() & ~cells.isin(schema.missing_values), None)
    if name in schema.categorical:
        return cells.map(str, na_action="ignore")
    numbers = pd.to_numeric(cells, errors="coerce")
    wrong = (numbers.isna() & cells.notna()) | np.isinf(numbers)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise Refused(
            f"{path}, {unit} {table[ROW].iloc[first]}: {name!r} must be a finite number, but got "
            f"{cells.iloc[first]!r}; a text for missing values belongs in clean.missing_values"
        )
    return numbers.astype(np.float64)
