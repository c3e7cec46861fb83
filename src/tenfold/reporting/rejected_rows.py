"""Examples of rejected rows: the first of each reason, with the cells that it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenfold.dataset import ROW
from tenfold.sources import CONTENT, LINE, REASON, SOURCE

N_EXAMPLES = 3
MAX_CELLS = 4
MAX_TEXT = 80


@dataclass(frozen=True)
class Rejected:
    """Why rows are rejected, how many, and the first of them in words."""

    reason: str
    count: int
    examples: list[str]


def rejected(path: Path, counts: Mapping[str, int]) -> list[Rejected]:
    """The reasons from the most to the least frequent, each with examples.

    Args:
        path: `rejected.parquet` of stage clean.
        counts: rows of each reason.
    """
    import pyarrow.parquet as pq

    wanted = {reason: min(N_EXAMPLES, count) for reason, count in counts.items()}
    found: dict[str, list[str]] = {reason: [] for reason in counts}
    for batch in pq.ParquetFile(path).iter_batches(10_000):
        for place, reason in enumerate(batch.column(REASON).to_pylist()):
            if len(found[reason]) < wanted[reason]:
                found[reason] += [_words(row) for row in batch.slice(place, 1).to_pylist()]
        if all(len(found[reason]) == wanted[reason] for reason in counts):
            break
    ordered = sorted(counts, key=lambda reason: (-counts[reason], reason))
    return [Rejected(reason, counts[reason], found[reason]) for reason in ordered]


def _words(row: dict[str, Any]) -> str:
    """Where a row stands, and its cells: those that the reason names, else the first."""
    reason, line = row[REASON], row.get(LINE)
    place = f"row {row[ROW]}" if line is None else f"line {line}"
    if row.get(CONTENT) is not None:
        return f"{place}: {_short(row[CONTENT])}"
    cells = {
        key: value for key, value in row.items() if key not in (ROW, LINE, SOURCE, REASON, CONTENT)
    }
    named = {key: value for key, value in cells.items() if _is_about(reason, key)}
    shown = list((named or cells).items())[:MAX_CELLS]
    words = ", ".join(
        f"{key} = {'(empty)' if not value else _short(value)}" for key, value in shown
    )
    return f"{place}: {words}" + ("" if named or len(cells) <= MAX_CELLS else ", ...")


def _is_about(reason: str, column: str) -> bool:
    """Whether the rule behind a reason names a column.

    >>> _is_about("require: b > 0", "b"), _is_about("require: b > 0", "e")
    (True, False)
    """
    rule = reason.partition(": ")[2]
    return bool(re.search(rf"(?<!\w){re.escape(column)}(?!\w)", rule))


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."
