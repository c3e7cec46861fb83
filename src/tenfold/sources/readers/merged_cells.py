"""Merged cells of an Excel sheet: one value for several rows of a column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.runtime import UserError

MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+\d+:[A-Z]+\d+)"')
# No longer element is looked for.
MAX_ELEMENT = 200
CHUNK = 1 << 20


@dataclass(frozen=True)
class MergedCells:
    """Cells that a sheet shows as one; rows and columns count from 1."""

    place: str
    first_column: int
    first_row: int
    last_column: int
    last_row: int


def merged_cells(worksheet: Any) -> list[MergedCells]:
    """All merged cells of a sheet, from its XML: openpyxl does not tell them while it streams."""
    from openpyxl.utils import range_boundaries

    with worksheet._get_source() as xml:
        found = [MergedCells(place, *range_boundaries(place)) for place in _places(xml)]
    return sorted(found, key=lambda cells: (cells.first_row, cells.first_column))


def holds(worksheet: Any, content: bytes) -> bool:
    """Whether a byte stands anywhere in a sheet's XML."""
    with worksheet._get_source() as xml:
        return any(content in chunk for chunk in iter(lambda: xml.read(CHUNK), b""))


def _places(xml: Any) -> Iterator[str]:
    held = b""
    while chunk := xml.read(CHUNK):
        held += chunk
        end = 0
        for found in MERGED.finditer(held):
            yield found[1].decode()
            end = found.end()
        held = held[max(end, len(held) - MAX_ELEMENT) :]


def check_header(where: str, merged: Sequence[MergedCells], row: int) -> None:
    """Refuse a header that is made of merged cells.

    Args:
        where: the file and the sheet.
        merged: all merged cells of the sheet.
        row: of the header.

    Raises:
        UserError: naming the cells.
    """
    for cells in merged:
        if cells.first_row <= row <= cells.last_row:
            raise UserError(
                f"{where}!{cells.place} are merged in the header: unmerge them, and name each "
                "column in one row (rows above it are skipped by data.skip_lines)"
            )


class Filler:
    """Gives every row of merged cells the value of their first."""

    def __init__(self, where: str, merged: Sequence[MergedCells]) -> None:
        self.where = where
        self.by_row: dict[int, list[MergedCells]] = {}
        for cells in merged:
            for row in range(cells.first_row, cells.last_row + 1):
                self.by_row.setdefault(row, []).append(cells)
        self.values: dict[str, str | None] = {}

    def fill(self, row: int, texts: list[str | None]) -> list[str | None]:
        """The cells of a row, merged ones filled.

        Raises:
            UserError: if a value is merged across columns.
        """
        for cells in self.by_row.get(row, ()):
            place = cells.first_column - 1
            if row == cells.first_row:
                self.values[cells.place] = texts[place] if place < len(texts) else None
            value = self.values.get(cells.place)
            if value is None:
                continue
            if cells.last_column > cells.first_column:
                raise UserError(
                    f"{self.where}!{cells.place} are merged across columns and hold {value!r}: "
                    "unmerge them, and fill each cell"
                )
            texts += [None] * (place + 1 - len(texts))
            texts[place] = value
        return texts
