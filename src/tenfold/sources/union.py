"""The rows of several files as those of one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenfold.dataset import ROW
from tenfold.runtime import UserError
from tenfold.sources.column_kinds import SQL_TYPES, Kind
from tenfold.sources.column_names import CONTENT, REASON
from tenfold.sources.file_rows import FileRows
from tenfold.sources.sql import GIVEN, MALFORMED, RAW, name


def common_kinds(parts: Sequence[FileRows]) -> dict[str, Kind]:
    """The columns of all files: each must have the same, in any order."""
    first = parts[0]
    common = dict(first.kinds)
    for part in parts[1:]:
        for column in [*first.kinds, *part.kinds]:
            if column in first.kinds and column in part.kinds:
                continue
            holder, lacking = (first, part) if column in first.kinds else (part, first)
            raise UserError(
                f"data.path: {holder.name} has a column {column!r}, but {lacking.name} has none: "
                "all files must have the same columns: correct them, or name one file"
            )
        for column, kind in part.kinds.items():
            if kind != common[column]:
                numbers = {kind, common[column]} == {"integer", "double"}
                common[column] = "double" if numbers else "text"
    return common


def create_views(
    connection: Any, parts: Sequence[FileRows], kinds: dict[str, Kind], limit: int | None
) -> list[int]:
    """Create the views `GIVEN`, `RAW` and `MALFORMED`; return what each file adds to its `ROW`."""
    offsets, offset = [], 0
    for part in parts:
        offsets.append(offset)
        offset += part.last
    malformed = [
        f"SELECT {ROW} + {offset} AS {ROW}, {REASON}, {CONTENT} FROM ({part.malformed})"
        for part, offset in zip(parts, offsets, strict=True)
        if part.malformed
    ] or [f"SELECT 0::BIGINT AS {ROW}, '' AS {REASON}, '' AS {CONTENT} WHERE false"]
    every = select_all(parts, offsets, kinds, [part.select for part in parts])
    first = f" LIMIT {limit}" if limit else ""
    connection.execute(f"CREATE TEMP VIEW {GIVEN} AS FROM ({every}){first}")
    connection.execute(f"CREATE TEMP VIEW {RAW} AS FROM {GIVEN}")
    connection.execute(f"CREATE TEMP VIEW {MALFORMED} AS {' UNION ALL '.join(malformed)}")
    return offsets


def select_all(
    parts: Sequence[FileRows],
    offsets: Sequence[int],
    kinds: Mapping[str, Kind],
    selects: Sequence[str],
) -> str:
    """SQL of the rows that `selects` give of each file, cast to the common kinds."""
    found = []
    for part, offset, select in zip(parts, offsets, selects, strict=True):
        cells = [
            f"{name(column)}{'' if part.kinds[column] == kind else f'::{SQL_TYPES[kind]}'}"
            f" AS {name(column)}"
            for column, kind in kinds.items()
        ]
        found.append(f"SELECT {ROW} + {offset} AS {ROW}, {', '.join(cells)} FROM ({select})")
    return " UNION ALL ".join(found)
