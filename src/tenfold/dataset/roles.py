"""The roles of feature columns (numeric, categorical, dates), and checks of their preprocessing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tenfold.dataset.profile import ColumnCounts
from tenfold.params import Categorical, ColumnPreprocessing, Dates, Numeric, Preprocessing
from tenfold.runtime import UserError, nearest

Roles = dict[str, list[str]]

# role: its name in messages, and the keys of preprocessing.columns that it accepts.
ACCEPTED_KEYS: dict[str, tuple[str, list[str]]] = {
    "numeric": ("numbers", list(Numeric.model_fields)),
    "categorical": ("text", [*Categorical.model_fields, "text"]),
    "dates": ("dates", list(Dates.model_fields)),
}


def of(schema: Any, names: Iterable[str]) -> Roles:
    """The named columns of an Arrow schema by role, each role in the order of the names."""
    roles: Roles = {"numeric": [], "categorical": [], "dates": []}
    for name in names:
        roles[_role(schema.field(name).type)].append(name)
    return roles


def _role(kind: Any) -> str:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "categorical"
    return "dates" if pa.types.is_timestamp(kind) else "numeric"


def choose(
    roles: Mapping[str, list[str]], declared: Preprocessing, read: Callable[[str], Any]
) -> tuple[Roles, dict[str, str]]:
    """Leave out the columns that preprocessing drops.

    Args:
        roles: of all feature columns.
        declared: the section `preprocessing:`.
        read: a column of the whole table by its name, as Arrow. No target is read.

    Returns:
        The roles of the columns that are left, and why each of the others is dropped.

    Raises:
        UserError: if a declaration names no column or does not fit its column, if there is free
            text without a declaration, or if no column is left.
    """
    _check_declared(roles, declared.columns)
    texts = {
        name: found
        for name in roles["categorical"]
        if not (name in declared.columns and declared.columns[name].given)
        and (found := _free_text(read(name)))
    }
    if texts and declared.text == "refuse":
        raise UserError(_refusal(texts))
    dropped = {
        name: "named in preprocessing.columns"
        for name, column in declared.columns.items()
        if column.text == "drop"
    } | dict.fromkeys(texts, "free text")
    left = {role: [name for name in names if name not in dropped] for role, names in roles.items()}
    if not any(left.values()):
        raise UserError(
            f"no feature column is left but text ({', '.join(dropped)}): take one as categories "
            "with preprocessing.columns.<name>.encode"
        )
    return left, dropped


def _check_declared(
    roles: Mapping[str, list[str]], columns: Mapping[str, ColumnPreprocessing]
) -> None:
    role_of = {name: role for role, names in roles.items() for name in names}
    for name, column in columns.items():
        where = f"preprocessing.columns.{name}"
        if name not in role_of:
            raise UserError(
                f"{where}: there is no feature column {name!r}; {nearest(name, role_of)}"
            )
        what, keys = ACCEPTED_KEYS[role_of[name]]
        for key, value in column.given.items():
            if key not in keys:
                raise UserError(
                    f"{where}.{key} does not fit a column of {what}, but got {value!r}: choose "
                    f"from {', '.join(keys)}, or declare another type in clean.types"
                )
        if role_of[name] == "dates" and column.impute == "constant":
            raise UserError(
                f"{where}.impute must be median, mean or most_frequent for dates, but got "
                "'constant': choose one"
            )


def _free_text(column: Any) -> str:
    """How many different values there are, in words, if it is free text; else an empty text."""
    present = len(column) - column.null_count
    distinct = pc.count_distinct(column, mode="only_valid").as_py()
    if not ColumnCounts("text", len(column), present, distinct).is_free_text:
        return ""
    return f"{distinct} different values in {present} rows"


def _refusal(texts: Mapping[str, str]) -> str:
    named = ", ".join(f"{name!r} ({found})" for name, found in texts.items())
    return (
        f"preprocessing.text: free text is no feature, but there is {named}: set "
        "preprocessing.text: drop, name such columns in clean.drop_columns, or take one as "
        "categories with preprocessing.columns.<name>.encode"
    )
