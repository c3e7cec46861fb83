"""Small tables of twelve rows, as CSV and as Parquet, with one thing in them that is odd."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_input.outcomes import Accepted, Case, Content, Refused

N = 12
X = [number + 0.5 for number in range(N)]
Y = ["no", "yes"] * (N // 2)

Columns = Mapping[str, Sequence[Any]]


def lines(*changed: tuple[int, str], end: str = "\n") -> str:
    """A sound CSV of x and y but for the lines that are given: number, from 1, and text."""
    sound = ["x,y", *(f"{x},{y}" for x, y in zip(X, Y, strict=True))]
    for number, text in changed:
        sound[number - 1] = text
    return end.join([*sound, ""])


def without(*numbers: int) -> list[float]:
    """The cells of x but for those in these lines."""
    return [x for line, x in enumerate(X, start=2) if line not in numbers]


def as_csv(columns: Columns) -> str:
    """Columns as a CSV; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def as_parquet(columns: Columns | pa.Table) -> Content:
    """Columns as a Parquet file, each of the type that its cells have."""
    arrays = columns if isinstance(columns, pa.Table) else pa.table(dict(columns))
    return lambda path: pq.write_table(arrays, path)


def arrays(columns: Mapping[str, Any]) -> pa.Table:
    """An Arrow table; twelve rows of x and y surround the columns."""
    return pa.table({"x": X, **columns, "y": Y})


def both(
    name: str,
    columns: Columns,
    outcome: Refused | Accepted,
    typed: Mapping[str, Any] | None = None,
    **more: Any,
) -> Case:
    """A case in both formats: x and y stand around the columns unless these hold them.

    Args:
        name: of the case.
        columns: their cells, as a CSV has them.
        outcome: of both, unless `as_parquet` is in `more`.
        typed: the cells of the Parquet file where they are not the same.
        more: other fields of the case.
    """
    full = {"x": X, **columns, "y": columns.get("y", Y)}
    other = {**full, **(typed or {})}
    return Case(name, outcome, csv=as_csv(full), parquet=as_parquet(other), **more)


def nothing(path: Path) -> None:
    """No file at all."""
