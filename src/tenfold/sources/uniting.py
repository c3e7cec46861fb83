"""The rows of several files as those of one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenfold.dataset import ROW
from tenfold.runtime import UserError
from tenfold.sources import parquet
from tenfold.sources.columns import CONTENT, REASON, Kind
from tenfold.sources.parts import Part
from tenfold.sources.sql import GIVEN, MALFORMED, RAW, name


def common(parts: Sequence[Part]) -> dict[str, Kind]:
    """The columns of all parts: they must have the same, in any order."""
    first = parts[0]
    common = dict(first.kinds)
    for part in parts[1:]:
        for column in [*first.kinds, *part.kinds]:
            if column in first.kinds and column in part.kinds:
                continue
            holder, lacking = (first, part) if column in first.kinds else (part, first)
            raise UserError(
                f"data.path: {holder.name} has a column {column!r}, but {lacking.name} has none: "
                "all files must have the same columns"
            )
        for column, kind in part.kinds.items():
            if kind != common[column]:
                numbers = {kind, common[column]} == {"integer", "double"}
                common[column] = "double" if numbers else "text"
    return common


def unite(
    connection: Any, parts: Sequence[Part], kinds: dict[str, Kind], limit: int | None
) -> list[int]:
    """Make the views `GIVEN`, `RAW` and `MALFORMED` of all parts, and return each one's offset."""
    offsets, offset = [], 0
    for part in parts:
        offsets.append(offset)
        offset += part.last
    odd = [
        f"SELECT {ROW} + {behind} AS {ROW}, {REASON}, {CONTENT} FROM ({part.malformed})"
        for part, behind in zip(parts, offsets, strict=True)
        if part.malformed
    ]
    nothing = f"SELECT 0::BIGINT AS {ROW}, '' AS {REASON}, '' AS {CONTENT} WHERE false"
    every = rows(parts, offsets, kinds, [part.select for part in parts])
    first = f" LIMIT {limit}" if limit else ""
    connection.execute(f"CREATE TEMP VIEW {GIVEN} AS FROM ({every}){first}")
    connection.execute(f"CREATE TEMP VIEW {RAW} AS FROM {GIVEN}")
    connection.execute(f"CREATE TEMP VIEW {MALFORMED} AS {' UNION ALL '.join(odd or [nothing])}")
    return offsets


def rows(
    parts: Sequence[Part], offsets: Sequence[int], kinds: Mapping[str, Kind], selects: Sequence[str]
) -> str:
    """SQL of the rows of all parts that `selects` give, in the common kinds."""
    found = []
    for part, behind, select in zip(parts, offsets, selects, strict=True):
        cells = [
            f"{name(column)}{'' if part.kinds[column] == kind else f'::{parquet.SQL_TYPES[kind]}'}"
            f" AS {name(column)}"
            for column, kind in kinds.items()
        ]
        found.append(f"SELECT {ROW} + {behind} AS {ROW}, {', '.join(cells)} FROM ({select})")
    return " UNION ALL ".join(found)
