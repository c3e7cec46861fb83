"""A table that is being read, and where its rows lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tenfold.dataset import ROW
from tenfold.runtime import UserError
from tenfold.sources import source_files, stored_rows, typed_csv, union
from tenfold.sources.arrow_rows import ArrowRows
from tenfold.sources.column_kinds import Kind
from tenfold.sources.column_names import LINE, SOURCE
from tenfold.sources.file_rows import FileRows
from tenfold.sources.source_files import FileStamp
from tenfold.sources.sql import GIVEN, MALFORMED, RAW, name, rows_of, text
from tenfold.sources.stored_rows import StoredRows
from tenfold.sources.typed_csv import Conversion

# What DuckDB calls the place, from 0, of a row of a Parquet file.
COUNT = "file_row_number"
ARROW = "arrow_rows"
# Rows all over a source that are looked at twice.
N_PROBES = 1000


class Unsound(Exception):
    """A source whose records do not add up to its lines: read it again, with care."""


@dataclass(frozen=True)
class WantedColumn:
    """What a source should make of the texts of a column.

    Attributes:
        kind: of the values: integer, double or text; None for texts that stand for other values.
        markers: texts that mean no value; None if texts are changed otherwise, too.
    """

    kind: Kind | None
    markers: tuple[str, ...] | None


@dataclass
class Source:
    """A table in DuckDB: view `RAW` holds `ROW` and the columns exactly as the source has them.

    A column is text unless the source itself says otherwise (Parquet), or `convert` has typed it.
    View `MALFORMED` holds `ROW`, `REASON` and `CONTENT` of what is no row.

    Attributes:
        parts: the files; the rows of part i come behind `offsets[i]`.
        records: how many rows `RAW` must give to be sound; None where that is certain.
    """

    connection: Any
    columns: dict[str, Kind]
    parts: Sequence[FileRows]
    offsets: Sequence[int]
    files: Sequence[FileStamp]
    records: int | None
    scratch: Any
    _arrow: ArrowRows | None = field(default=None, init=False)

    @property
    def notes(self) -> list[str]:
        """What was mended on the way, in words."""
        return [note for part in self.parts for note in part.notes]

    def convert(self, wanted: Mapping[str, WantedColumn]) -> dict[str, Kind]:
        """Let `RAW` hold values as far as that is fast and exact.

        Returns:
            The kinds of the columns that hold values now: missing ones are NULL, texts have no
            white space at their ends, and the one spelling of their category. All others are as
            the source has them.
        """
        declared = [column.markers for column in wanted.values() if column.markers is not None]
        usual, _ = Counter(declared or [()]).most_common(1)[0]
        kinds: dict[str, Kind] = {
            name: (column.markers == usual and column.kind) or "text"
            for name, column in wanted.items()
        }
        categories = frozenset(name for name, column in wanted.items() if column.kind == "text")
        all_usual = all(column.markers == usual for column in wanted.values())
        files = [
            (part.plain, offset)
            for part, offset in zip(self.parts, self.offsets, strict=True)
            if part.plain
        ]
        self._arrow = None
        if self.records is not None and len(files) == len(self.parts):
            conversion = Conversion(kinds, usual, all_usual, categories)
            self._arrow = typed_csv.parse(files, conversion, self._new(ARROW, "rows"))
        if self._arrow is None:
            self._make(RAW, f"FROM {GIVEN}")
            return {}
        self.connection.register(ARROW, self._arrow)
        self._make(RAW, f"FROM {ARROW}")
        return {
            column: kind
            for column, kind in self._arrow.kinds.items()
            if kind != "text" or (self._arrow.nulls_in_text and column in categories)
        }

    @contextmanager
    def only(self, view: str) -> Iterator[None]:
        """For a while `RAW` holds the rows of another view, which has its columns."""
        self._make(RAW, f"FROM {view}")
        try:
            yield
        finally:
            self._make(RAW, f"FROM {GIVEN}")

    def check(self, n_records: int) -> None:
        """Check that so many rows are all there are, however they were read.

        Raises:
            Unsound: if they are not.
            UserError: if a file has changed since it was first looked at.
        """
        self.check_unchanged()
        if self.records is not None and n_records != self.records:
            raise Unsound(f"{n_records} rows, but {self.records} records")
        if not (self._arrow and self._arrow.no_header) and self.repeats():
            raise Unsound("the header stands there again")
        if n_records == 0 and not self.n_malformed():
            raise self._empty()

    def check_unchanged(self) -> None:
        """Check that nobody has written to the files since they were first looked at.

        Raises:
            UserError: naming the file.
        """
        source_files.check_unchanged(self.files)

    def _empty(self) -> UserError:
        names = ", ".join(part.name for part in self.parts)
        return UserError(f"data.path: {names} has no rows: it needs at least one")

    def repeats(self) -> bool:
        """Whether the header of any file stands there again."""
        return any(part.repeats() for part in self.parts if part.repeats)

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

    def store(
        self, columns: Sequence[str], relation: str, view: str, unchanged: Sequence[str] = ()
    ) -> StoredRows:
        """Make a view of `ROW` and columns of a relation that has all rows in their order.

        It lies on disk, since it may be larger than memory. Columns that are `unchanged` from `RAW`
        are stored, too, and the view may lack them.

        Raises:
            Unsound: if there are more rows than records.
        """
        if not self._arrow:
            columns = [*map(name, unchanged), *columns]
        numbered = self._arrow or any(COUNT in column.lower() for column in columns)
        counted = None if numbered else self._counted()
        selected = columns if counted else [ROW, *columns]
        path = self._new(view)
        query = f"SELECT {', '.join(selected)} FROM {relation}"
        stored_rows.store(self.connection, query, len(selected), path)
        if counted:
            self._make(view, f"SELECT {counted} AS {ROW}, * FROM {rows_of(path)}")
            rows = np.concatenate([np.arange(n) + first for first, n in self._runs()])
            n_rows = pq.read_metadata(path).num_rows
            if n_rows > len(rows):
                raise Unsound(f"{n_rows} rows, but {len(rows)} records")
            return StoredRows(path, rows[:n_rows])
        self._make(view, f"FROM {rows_of(path)}")
        rows = stored_rows.column_of(path, ROW)
        if (rows[1:] <= rows[:-1]).any():
            stored_rows.store(self.connection, f"{query} ORDER BY {ROW}", len(selected), path)
            rows = np.sort(rows)
        return StoredRows(path, rows, self._arrow)

    def probes(self, stored: StoredRows) -> list[int]:
        """Rows that show whether `store_some` finds what was stored; none where that is certain."""
        rows = stored.rows
        # Arrow's parser has counted the lines, too.
        return [] if self._arrow else rows[:: max(1, len(rows) // N_PROBES)].tolist()

    def store_some(self, numbers: str, view: str) -> None:
        """Make a view, on disk too, of the source's own rows whose `ROW` a query gives."""
        path = self._new(view)
        # Parquet has no integers of 128 bits.
        query = f"{self._integers('DECIMAL(38, 0)')} FROM ({self._picked(numbers)})"
        stored_rows.store(self.connection, query, len(self.columns) + 1, path)
        self._make(view, f"{self._integers('HUGEINT')} FROM {rows_of(path)}")

    def _integers(self, sql_type: str) -> str:
        """The beginning of a query of all columns, integers in another type."""
        own = [name(column) for column, kind in self.columns.items() if kind == "integer"]
        cast = ", ".join(f"{column}::{sql_type} AS {column}" for column in own)
        return f"SELECT * REPLACE ({cast})" if own else "SELECT *"

    def _new(self, view: str, ending: str = "parquet") -> Path:
        folder = Path(self.scratch.name)
        return folder / f"{view}.{len(list(folder.glob(f'{view}.*')))}.{ending}"

    def _make(self, view: str, query: str) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {query}")

    def _runs(self) -> list[tuple[int, int]]:
        """The first `ROW` of each part, and how many rows follow it one by one.

        Empty if in any part they do not.
        """
        runs = []
        for part, offset in zip(self.parts, self.offsets, strict=True):
            if part.first is None or part.records is None:
                return []
            runs.append((offset + part.first, part.records))
        return runs

    def _counted(self) -> str | None:
        """SQL of `ROW` from a row's place, if that tells it.

        DuckDB reads a file with one core only where it must count its rows.
        """
        cases, start = [], 0
        for first, n in self._runs():
            cases.append(f" WHEN {COUNT} >= {start} THEN {COUNT} + {first - start}")
            start += n
        return f"CASE{''.join(reversed(cases))} END" if cases else None

    def _picked(self, numbers: str) -> str:
        selects = []
        for part, offset in zip(self.parts, self.offsets, strict=True):
            own = (
                f"SELECT {ROW} - {offset} AS {ROW} FROM ({numbers}) WHERE {ROW} > {offset} "
                f"AND {ROW} <= {offset + part.last} ORDER BY ALL"
            )
            if part.pick:
                rows = self.connection.execute(own).fetchnumpy()[ROW]
                selects.append(part.pick(rows))
            else:
                selects.append(f"FROM ({part.select}) WHERE {ROW} IN ({own})")
        return union.select_all(self.parts, self.offsets, self.columns, selects)
