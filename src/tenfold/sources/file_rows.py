"""The contract of readers: each is given a `FileToRead` and returns its `FileRows`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.params import Data
from tenfold.sources.column_kinds import Kind
from tenfold.sources.typed_csv import PlainCsv


@dataclass(frozen=True)
class FileToRead:
    """One file of a source.

    Attributes:
        connection: of DuckDB.
        path: the file.
        data: what params.yaml declares about it.
        scratch: the file's own folder, for what must be unpacked or rewritten.
        careful: whether to read record by record and keep what is no record.
    """

    connection: Any
    path: Path
    data: Data
    scratch: Path
    careful: bool


@dataclass(frozen=True)
class FileRows:
    """The rows of one file, in order, each with its line, and what is no row.

    Attributes:
        name: what messages call the file.
        select: SQL of `ROW`, counted from 1 in `unit`s, and the columns of `kinds`.
        kinds: the columns, in order.
        unit: what `ROW` counts.
        last: the greatest possible `ROW`.
        records: how many rows `select` must give if the file is sound; None if it surely is.
        malformed: SQL of `ROW`, `REASON` and `CONTENT` of what is no row, if there is any.
        first: `ROW` of the first row, if the others follow without gaps.
        plain: the file, if every line is a record without quotes.
        repeats: tells whether the header occurs again; reads the whole file.
        pick: makes SQL of the rows of these increasing numbers, where that is faster than `select`.
        notes: what was repaired or is unusual, in words.
    """

    name: str
    select: str
    kinds: Mapping[str, Kind]
    unit: Literal["line", "record"]
    last: int
    records: int | None = None
    malformed: str | None = None
    first: int | None = None
    plain: PlainCsv | None = None
    repeats: Callable[[], bool] | None = None
    pick: Callable[[NDArray[np.int64]], str] | None = None
    notes: tuple[str, ...] = ()
