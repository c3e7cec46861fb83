"""A table that is being read, and where its rows lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.dataset import ROW
from tenfold.runtime import Refused
from tenfold.sources import files
from tenfold.sources.columns import LINE, SOURCE, Kind
from tenfold.sources.files import Seen
from tenfold.sources.parts import Part
from tenfold.sources.sql import MALFORMED, text


class Unsound(Exception):
    """A source whose records do not add up to its lines: read it again, with care."""


@dataclass(frozen=True)
class Source:
    """A table in DuckDB: view `RAW` holds `ROW` and the columns exactly as the source has them.

    A column is text unless the source itself says otherwise (Parquet). View `MALFORMED` holds
    `ROW`, `REASON` and `CONTENT` of what is no row.

    Attributes:
        parts: the files; the rows of part i come behind `offsets[i]`.
        records: how many rows `RAW` must give to be sound; None where that is certain.
    """

    connection: Any
    columns: dict[str, Kind]
    parts: Sequence[Part]
    offsets: Sequence[int]
    files: Sequence[Seen]
    records: int | None
    scratch: Any

    @property
    def done(self) -> list[str]:
        """What was mended on the way, in words."""
        return [word for part in self.parts for word in part.done]

    def check(self, n_records: int) -> None:
        """Check that so many rows are all there are.

        Raises:
            Unsound: if they are not.
            Refused: if a file has changed since it was first looked at.
        """
        self.check_unchanged()
        if self.records is not None and n_records != self.records:
            raise Unsound(f"{n_records} rows, but {self.records} records")
        if n_records == 0 and not self.n_malformed():
            raise self._empty()

    def check_unchanged(self) -> None:
        """Check that nobody has written to the files since they were first looked at.

        Raises:
            Refused: naming the file.
        """
        files.check_unchanged(self.files)

    def _empty(self) -> Refused:
        names = ", ".join(part.name for part in self.parts)
        return Refused(f"data.path: {names} has no rows: it needs at least one")

    def n_malformed(self) -> int:
        """How many lines or records are no rows."""
        found = self.connection.execute(f"SELECT count(*) FROM {MALFORMED}").fetchall()
        return int(found[0][0])

    def where(self, row: int) -> str:
        """Where a row lies, for a person."""
        number = max(i for i, offset in enumerate(self.offsets) if row > offset)
        part = self.parts[number]
        place = f"{part.unit} {row - self.offsets[number]}"
        return place if len(self.parts) == 1 else f"{part.name}, {place}"

    def place(self) -> str:
        """SQL of `SOURCE` and `LINE` of a row."""
        sources = "".join(
            f" WHEN {ROW} > {offset} THEN {text(part.name)}"
            for part, offset in reversed(list(zip(self.parts, self.offsets, strict=True)))
        )
        lines = "".join(
            f" WHEN {ROW} > {offset} THEN {ROW} - {offset}" for offset in reversed(self.offsets)
        )
        return f"CASE{sources} END AS {SOURCE}, CASE{lines} END AS {LINE}"
