"""Check that the rules of `clean:` name columns that exist."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from tenfold.cleaning import cells
from tenfold.params import Clean, Data
from tenfold.runtime import UserError, nearest
from tenfold.sources import Source, column_names


def check_names(source: Source, data: Data, rules: Clean) -> None:
    """Check that declared columns are there, and that derived ones are not.

    Raises:
        UserError: naming the declaration and the nearest column.
    """
    if len(source.columns) == 1 and not rules.derive:
        raise UserError(
            f"{data.path} has one column, {next(iter(source.columns))!r}, but a table needs a "
            "target and a feature: if there are more, set data.delimiter, or data.skip_lines if a "
            "title stands above the header"
        )
    for column in rules.derive:
        if column.lower() in map(str.lower, source.columns) or column.startswith("tenfold_"):
            raise UserError(
                f"clean.derive.{column}: {data.path} has such a column already, or tenfold does: "
                "choose another name"
            )
    for column, cast in rules.casts.items():
        if cast.thousands == (cast.decimal or data.decimal):
            raise UserError(
                f"clean.types.{column}.thousands and the decimal mark must differ, but both are "
                f"{cast.thousands!r}: set clean.types.{column}.decimal"
            )
    of_source: dict[str, Iterable[str]] = {
        "data.target": [data.target],
        "clean.types": rules.types,
        "clean.column_missing_values": rules.column_missing_values,
        "clean.replace": rules.replace,
        "clean.drop_duplicates.by": rules.keys,
    }
    of_any: dict[str, Iterable[str]] = {
        "clean.ranges": rules.ranges,
        "clean.allowed": rules.allowed,
        "clean.drop_columns": rules.drop_columns,
        "clean.keep_columns": rules.keep_columns,
    }
    for where, columns in of_source.items():
        _check_known(where, columns, source.columns, data.path)
    for where, columns in of_any.items():
        _check_known(where, columns, [*source.columns, *rules.derive], data.path)
    column_names.check_names("clean.derive", list(rules.derive))


def _check_known(where: str, columns: Iterable[str], known: Collection[str], path: str) -> None:
    for column in columns:
        if column not in known:
            headless = any(re.fullmatch(cells.NUMBER, name) for name in known)
            hint = "; is its header line missing? then set data.header: false" if headless else ""
            if not column.isascii() and not all(map(str.isascii, known)):
                hint += (
                    "; was data.encoding changed? then letters of names are others, too: write it "
                    "as the table has it now"
                )
            raise UserError(
                f"{where}: {path} has no column {column!r}; {nearest(column, known)}{hint}"
            )
