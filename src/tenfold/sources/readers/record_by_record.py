"""Read a CSV that is not sound, record by record; lines that are no record keep their reason.

Slower than DuckDB, and used only where DuckDB's rows do not add up to the lines of the file.
"""

from __future__ import annotations

import csv
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

# A quote that is still open after so many lines is an error, not a long cell.
MAX_LINES = 1000


@dataclass(frozen=True)
class Record:
    """The cells of a record, or its text and the `reason` why it is none; `line` counts from 1."""

    line: int
    cells: list[str]
    reason: str | None = None


def records(
    file: TextIO, delimiter: str, quote: str | None, width: int, header: list[str] | None = None
) -> Iterator[Record]:
    """Every record of a file opened with `newline=""`, in order.

    What is no record is taken to be one line, and reading goes on after it. Empty lines at the end
    are skipped. Where `header` is given, a record that repeats it is malformed.
    """
    csv.field_size_limit(sys.maxsize)
    lines = _Lines(file)
    empty: list[int] = []
    for line in lines:
        text = line.rstrip("\r\n")
        if not text:
            empty.append(lines.number)
            continue
        yield from (Record(number, [""], "an empty line") for number in empty)
        empty.clear()
        record = _record(lines, line, text, delimiter, quote, width)
        if header and record.line > 1 and [cell.strip() for cell in record.cells] == header:
            record = Record(record.line, [text], "the header again")
        yield record


def _record(
    lines: _Lines, line: str, text: str, delimiter: str, quote: str | None, width: int
) -> Record:
    number = lines.number
    if "\0" in text:
        return Record(number, [text.replace("\0", "")], "a zero byte")
    if quote is None or quote not in text:
        cells = text.split(delimiter)
    else:
        taken: list[str] = []
        reader = csv.reader(
            _feed(lines, line, taken), delimiter=delimiter, quotechar=quote, strict=True
        )
        try:
            cells = next(reader)
        except csv.Error as error:
            lines.give_back(taken)
            reason = "a quote is not closed" if "end of data" in str(error) else str(error)
            return Record(number, [text], reason)
        if len(cells) != width and taken:
            lines.give_back(taken)
            return Record(number, [text], "a quote is not closed")
    if len(cells) == width + 1 and not cells[-1]:
        # DuckDB ignores one delimiter at the end of a line, too.
        cells.pop()
    if len(cells) != width:
        return Record(number, [text], f"{len(cells)} cells, but the header has {width}")
    return Record(number, cells)


def _feed(lines: _Lines, first: str, taken: list[str]) -> Iterator[str]:
    """A record's first line, then the lines it may continue on, which are noted in `taken`."""
    yield first
    while len(taken) < MAX_LINES:
        line = next(lines, None)
        if line is None:
            return
        taken.append(line)
        yield line


class _Lines:
    """A file's lines, numbered from 1; lines can be given back and are then read again."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.number = 0
        self.returned: deque[str] = deque()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.returned.popleft() if self.returned else next(self.file)
        self.number += 1
        return line

    def give_back(self, lines: list[str]) -> None:
        """Return lines, so that they are read again."""
        self.returned.extendleft(reversed(lines))
        self.number -= len(lines)
