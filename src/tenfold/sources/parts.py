"""One file of a source, as a reader leaves it for DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.sources.columns import Kind
from tenfold.sources.parsing import Plain


@dataclass(frozen=True)
class Part:
    """One file's rows.

    Attributes:
        name: of the file, as a person knows it.
        select: SQL of column `ROW`, counted from 1 in `unit`s, and the columns of `kinds`.
        kinds: the columns, in order.
        unit: what `ROW` counts.
        last: the greatest `ROW` there can be.
        records: how many rows `select` must give to be sound; None where that is certain.
        first: `ROW` of the first row, if all others follow it one by one.
        plain: the file, if every line is a record without quotes.
        repeats: whether the header stands there again, which takes a look at the whole file.
        pick: from rising numbers to SQL of just these rows, where that is faster than `select`.
        malformed: SQL of ROW, reason and content of what is no row, if there is any.
        done: what was mended on the way, in words.
    """

    name: str
    select: str
    kinds: Mapping[str, Kind]
    unit: Literal["line", "record"]
    last: int
    records: int | None = None
    malformed: str | None = None
    first: int | None = None
    plain: Plain | None = None
    repeats: Callable[[], bool] | None = None
    pick: Callable[[NDArray[np.int64]], str] | None = None
    done: tuple[str, ...] = field(default=())
