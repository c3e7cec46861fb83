"""Score a file: read it as the training table was read, and put the answers behind its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold import cleaning, sources
from tenfold.cleaning import ColumnPlan
from tenfold.dataset import ROW, Schema
from tenfold.params import Clean, Data
from tenfold.params.data import SCHEMES
from tenfold.runtime import UserError, nearest
from tenfold.sources import Kind

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
        UserError: naming a column that is missing, or the line of a cell that is no number; or
            if a spread is asked of a model that has none.
    """
    import pandas as pd

    schema: Schema = model.get_raw_model().schema
    source, rules = _read(path, schema)
    table = source.connection.execute(f"FROM {sources.RAW} ORDER BY {ROW}").df()
    features = _features(source, schema, rules, path)
    answers = _answers(model, features, n_samples, seed)
    taken = [column for column in answers if column in table]
    if taken:
        raise UserError(f"{path} has a column {taken[0]!r} already: rename it")
    scored: pd.DataFrame = pd.concat([table.drop(columns=ROW), answers], axis=1)
    return scored


def _read(path: Path, schema: Schema) -> tuple[sources.Source, Clean]:
    """The file in the layout of the training table, and the rules for those of its columns."""
    if str(path).partition(":")[0] in SCHEMES and not path.exists():
        raise UserError(
            f"{path} is no file, but predict scores files: write its rows to a CSV first"
        )
    layout = schema.reading.get("data", {}) if sources.is_delimited(path) else {}
    try:
        source = sources.read_strict(Data(path=str(path), target=schema.target, **layout))
    except UserError as refusal:
        raise UserError(str(refusal).removeprefix("data.path: ")) from None
    declared = {"missing_values": list(schema.missing_values), **schema.reading.get("clean", {})}
    derived = declared.get("derive", {})
    for name in schema.features:
        if name not in source.columns and name not in derived:
            raise UserError(f"{path} lacks the column {name!r}; {nearest(name, source.columns)}")
    for key in ("types", "replace", "column_missing_values"):
        own = declared.get(key, {})
        declared[key] = {name: own[name] for name in own if name in source.columns}
    declared["derive"] = _needed(source, derived, schema.features)
    # What is derived comes with the model, and a model may come from anywhere.
    sources.seal(source, Path(source.scratch.name))
    return source, Clean.model_validate(declared)


def _needed(
    source: sources.Source, derived: Mapping[str, str], features: Sequence[str]
) -> dict[str, str]:
    """The derived columns that are features, and those that these are made of."""
    asked, needed = {name.lower() for name in features}, []
    # A derived column is made of those before it.
    for name in reversed(list(derived)):
        if name.lower() in asked:
            asked |= cleaning.columns_of(source.connection, derived[name])
            needed.append(name)
    return {name: derived[name] for name in reversed(needed)}


def _features(source: sources.Source, schema: Schema, rules: Clean, path: Path) -> pd.DataFrame:
    """The columns that the model asks for: numbers as float64, texts and dates as text or None."""
    import pandas as pd

    layout = schema.reading.get("data", {})
    data = Data(path=str(path), target=schema.target, decimal=layout.get("decimal", "."))
    kinds = {name: kind for kind, names in _kinds(schema).items() for name in names}
    # What is derived may be made of columns that are no features.
    known = {**schema.reading.get("kinds", {}), **kinds}
    plan = cleaning.typed_rows(source, data, rules, known)
    used = {name.lower() for name in schema.features}.union(
        *(cleaning.columns_of(source.connection, made) for made in rules.derive.values())
    )
    for name, column in plan.columns.items():
        if name.lower() in used:
            _check_fit(source, column, path, known.get(name, "text"))
    columns = {name: _column(source, name, kinds[name]) for name in schema.features}
    return pd.DataFrame(columns)


def _kinds(schema: Schema) -> dict[Kind, tuple[str, ...]]:
    return {"double": schema.numeric, "text": schema.categorical, "date": schema.dates}


def _column(source: sources.Source, name: str, kind: Kind) -> Any:
    import pandas as pd

    cell = sources.name(name)
    if kind == "date":
        cell = f"strftime({cell}, '%Y-%m-%dT%H:%M:%S.%f')"
    rows = source.connection.execute(
        f"SELECT {cell} FROM {cleaning.ROWS} ORDER BY {ROW}"
    ).fetchall()
    values = pd.Series([row[0] for row in rows], dtype=object)
    return values.astype(np.float64) if kind == "double" else values


def _check_fit(source: sources.Source, column: ColumnPlan, path: Path, kind: Kind) -> None:
    """Refuse a cell that is there and yet has no value of the column's kind."""
    odd = column.unfit()
    if kind == "double":
        odd = f"({odd}) OR isinf(({column.typed()})::DOUBLE)"
    found = source.connection.execute(
        f"SELECT {ROW}, {column.raw}::VARCHAR FROM {sources.RAW} WHERE {odd} ORDER BY {ROW} LIMIT 1"
    ).fetchall()
    if found:
        line, value = found[0]
        must_be = {
            "integer": "an integer",
            "double": "a finite number",
            "date": column.date_format.rule.rstrip(","),
            "text": "a text",
        }
        raise UserError(
            f"{path}, {source.where(line)}: {column.name!r} must be {must_be[kind]}, but got "
            f"{value!r}: correct it or leave it empty (a text that means no value belongs in "
            "clean.missing_values)"
        )


def _answers(model: Any, features: pd.DataFrame, n_samples: int, seed: int) -> pd.DataFrame:
    if n_samples == 0:
        answers: pd.DataFrame = model.predict(features)
        return answers
    try:
        answers = model.get_raw_model().answer_with_spread(features, n_samples, seed)
    except ValueError as error:
        raise UserError(f"--samples {n_samples}: {error}") from None
    return answers
