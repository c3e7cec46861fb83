"""What the columns of a clean table are to a model, and whether their preprocessing fits them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tenfold.params import Categorical, Column, Dates, Numeric, Preprocessing
from tenfold.runtime import UserError, nearest

# A text column with more different values, in most of its rows, says something new in each.
FEW_TEXTS = 20

Roles = dict[str, list[str]]

# role: what it is called, and the keys of preprocessing.columns that fit it.
FITTING: dict[str, tuple[str, list[str]]] = {
    "numeric": ("numbers", list(Numeric.model_fields)),
    "categorical": ("text", [*Categorical.model_fields, "text"]),
    "dates": ("dates", list(Dates.model_fields)),
}


def of(schema: Any, names: Iterable[str]) -> Roles:
    """The feature columns, named, of an Arrow schema by role, each in the order of the names."""
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
    """The roles without the columns that are dropped by declaration, and why those are.

    Args:
        roles: of all feature columns.
        declared: what is to be done to them.
        read: the Arrow column of a name, over the whole table: no target is looked at.

    Raises:
        UserError: if a declaration names no column or does not fit its column, if there is free
            text that nothing is said of, or if no column is left.
    """
    _check_declared(roles, declared.columns)
    texts = {
        name: found
        for name in roles["categorical"]
        if not declared.columns.get(name, Column()).given and (found := _free_text(read(name)))
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


def _check_declared(roles: Mapping[str, list[str]], columns: Mapping[str, Column]) -> None:
    role_of = {name: role for role, names in roles.items() for name in names}
    for name, column in columns.items():
        where = f"preprocessing.columns.{name}"
        if name not in role_of:
            raise UserError(
                f"{where}: there is no feature column {name!r}; {nearest(name, role_of)}"
            )
        called, fitting = FITTING[role_of[name]]
        for key, value in column.given.items():
            if key not in fitting:
                raise UserError(
                    f"{where}.{key} does not fit a column of {called}, but got {value!r}: choose "
                    f"from {', '.join(fitting)}, or declare another type in clean.types"
                )
        if role_of[name] == "dates" and column.impute == "constant":
            raise UserError(
                f"{where}.impute must be median, mean or most_frequent for dates, but got "
                "'constant': choose one"
            )


def _free_text(column: Any) -> str:
    """How many values differ, in words, if most do; else nothing."""
    present = len(column) - column.null_count
    distinct = pc.count_distinct(column, mode="only_valid").as_py()
    if distinct <= FEW_TEXTS or 2 * distinct <= present:
        return ""
    return f"{distinct} different values in {present} rows"


def _refusal(texts: Mapping[str, str]) -> str:
    named = ", ".join(f"{name!r} ({found})" for name, found in texts.items())
    return (
        f"preprocessing.text: free text is no feature, but there is {named}: set "
        "preprocessing.text: drop, name such columns in clean.drop_columns, or take one as "
        "categories with preprocessing.columns.<name>.encode"
    )
