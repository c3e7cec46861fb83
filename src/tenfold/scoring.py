"""Score a file: read it as the training table was read, and put the answers behind its columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenfold import dates, sources
from tenfold.cells import Cell
from tenfold.dataset import ROW, Schema
from tenfold.messages import nearest
from tenfold.params import Data
from tenfold.runtime import Refused

if TYPE_CHECKING:
    import pandas as pd


def score(path: Path, model: Any, n_samples: int = 0, seed: int = 0) -> pd.DataFrame:
    """The file's columns, then `prediction` and each class's probability, and their spread.

    Args:
        path: a table with every feature column; others are passed through.
        model: a registered model, as MLflow loads it.
        n_samples: answers with dropout, of whose mean and spread the answer is made; 0: none.
        seed: of the units dropped.

    Raises:
        Refused: naming a column that is missing, or the line of a cell that is no number; or
            if a spread is asked of a model that has none.
    """
    import pandas as pd

    schema: Schema = model.get_raw_model().schema
    try:
        source = sources.sound(Data(path=str(path), target=schema.target))
    except Refused as refusal:
        raise Refused(str(refusal).removeprefix("data.path: ")) from None
    for name in schema.features:
        if name not in source.columns:
            raise Refused(f"{path} lacks the column {name!r}; {nearest(name, source.columns)}")
    table = source.connection.execute(f"FROM {sources.RAW} ORDER BY {ROW}").df()
    features = {name: _feature(source, name, schema, path) for name in schema.features}
    answers = _answers(model, pd.DataFrame(features), n_samples, seed)
    taken = [column for column in answers if column in table]
    if taken:
        raise Refused(f"{path} has a column {taken[0]!r} already: rename it")
    scored: pd.DataFrame = pd.concat([table.drop(columns=ROW), answers], axis=1)
    return scored


def _answers(model: Any, features: pd.DataFrame, n_samples: int, seed: int) -> pd.DataFrame:
    if n_samples == 0:
        answers: pd.DataFrame = model.predict(features)
        return answers
    try:
        answers = model.get_raw_model().answer_with_spread(features, n_samples, seed)
    except ValueError as error:
        raise Refused(f"--samples {n_samples}: {error}") from None
    return answers


def _feature(source: sources.Source, name: str, schema: Schema, path: Path) -> Any:
    """One column, missing values as in training: float64 with NaN, or text or date with None."""
    import pandas as pd

    cell = Cell(name, source.columns[name], schema.missing_values)
    rows = source.connection.execute(
        f"SELECT {cell.present()} FROM {sources.RAW} ORDER BY {ROW}"
    ).fetchall()
    values = pd.Series([row[0] for row in rows], dtype=object)
    if name in schema.categorical:
        return values.map(str, na_action="ignore")
    if name in schema.dates:
        texts = values.map(lambda value: str(value).strip(), na_action="ignore")
        _refuse(source, path, values, dates.parse(texts)[1], f"{name!r} must be {dates.RULE}")
        return texts
    numbers = pd.to_numeric(values, errors="coerce").astype(np.float64)
    wrong = (numbers.isna() & values.notna()) | np.isinf(numbers)
    _refuse(source, path, values, wrong.to_numpy(), f"{name!r} must be a finite number,")
    return numbers


def _refuse(
    source: sources.Source,
    path: Path,
    values: pd.Series[Any],
    wrong: NDArray[np.bool_],
    rule: str,
) -> None:
    if not wrong.any():
        return
    first = int(np.argmax(wrong))
    line = source.connection.execute(
        f"SELECT {ROW} FROM {sources.RAW} ORDER BY {ROW} LIMIT 1 OFFSET {first}"
    ).fetchall()[0][0]
    raise Refused(
        f"{path}, {source.where(line)}: {rule} but got {values.iloc[first]!r}: correct it or "
        "leave it empty (a text that means no value belongs in clean.missing_values)"
    )
