"""How every column of a source is read, as far as params.yaml declares it."""

from __future__ import annotations

from tenfold.cleaning.columns import DROPPED, ColumnPlan
from tenfold.dataset import spelling
from tenfold.params import Clean, Data
from tenfold.runtime import UserError
from tenfold.sources import Source
from tenfold.sources.column_kinds import plain_number


def declared_columns(source: Source, data: Data, rules: Clean) -> dict[str, ColumnPlan]:
    """How every column of a source is read, as far as that is declared."""
    found = {}
    for column, kind in source.columns.items():
        cast = rules.casts.get(column)
        found[column] = ColumnPlan(
            column,
            kind,
            tuple(rules.column_missing_values.get(column, rules.missing_values)),
            rules.trim,
            rules.replace.get(column, {}),
            (cast and cast.decimal) or data.decimal,
            cast,
            cast.type if cast else None,
            hidden(column, rules),
        )
        _check_swaps(found[column])
    return found


def hidden(column: str, rules: Clean) -> str:
    """Why models must not see a column; empty where they may."""
    if column in rules.drop_columns:
        return DROPPED
    kept = not rules.keep_columns or column in rules.keep_columns
    return "" if kept else "not named in clean.keep_columns"


def _check_swaps(reader: ColumnPlan) -> None:
    """Check that no value is replaced in two ways, or by one that is replaced itself."""
    where, swaps = f"clean.replace.{reader.name}", reader.replaced
    seen: dict[object, str] = {}
    for old, new in swaps.items():
        other = seen.setdefault(_value(old), old)
        if swaps[other] != new:
            raise UserError(
                f"{where}: {other!r} and {old!r} are one value, but are replaced by "
                f"{swaps[other]!r} and {new!r}: remove one"
            )
    for new in swaps.values():
        if new is not None and _value(new) in seen:
            raise UserError(
                f"{where}: what takes a text's place must not be replaced itself, "
                f"but {new!r} is also written {seen[_value(new)]!r}: name its own replacement at "
                "once"
            )


def _value(words: str) -> object:
    number = plain_number(words)
    return spelling.category(words) if number is None else number
