"""Cells of a text file as values at once, where no cell of a column leaves any doubt.

Arrow's parser types a cell in a third of the time that telling and casting its text in SQL takes,
but it is more lenient. A column in which it may have taken a text for a number that is none stays
text; what no file of plain rows holds is left to the other readers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tenfold.sources.cell_ends import look
from tenfold.sources.kinds import MAX_EXACT_INTEGER, Kind, is_number
from tenfold.sources.parsed import TYPES, Files, Parsed
from tenfold.sources.words import CODE, CODES, Crowded, Words, are_few, coded

# Bytes that are parsed together.
BLOCK = 1 << 22
# Arrow's own piece of a block.
PIECE = 1 << 20
# Arrow counts the bytes of a piece in 32 bits.
LONGEST = 1 << 28
# More cores would wait for the disk.
CORES = min(8, pa.cpu_count())
# Once a column is doubted, all is read again; a table of many such columns is not worth it.
ATTEMPTS = 4


@dataclass(frozen=True)
class Plain:
    """A file in which every line is a record and no character quotes another.

    Attributes:
        path: UTF-8 text whose lines end in a line feed, whatever stands before it.
        columns: their names, in the file's order.
        delimiter: between two cells.
        skipped: lines before the first row.
        rows: lines behind these, empty ones at the end aside.
        longest: no line has more bytes.
    """

    path: Path
    columns: Sequence[str]
    delimiter: str
    skipped: int
    rows: int
    longest: int


@dataclass(frozen=True)
class Wish:
    """How the cells of a file are to be typed.

    Attributes:
        kinds: column -> integer, double or text.
        markers: texts that are null.
        nulls: whether they are in columns of text, too, none of which has white space at its ends.
        coded: the columns of text that are to lie there as codes.
    """

    kinds: Mapping[str, Kind]
    markers: Sequence[str]
    nulls: bool
    coded: frozenset[str] = frozenset()

    @property
    def numbers(self) -> list[str]:
        """The columns that are not text."""
        return [column for column, kind in self.kinds.items() if kind != "text"]

    def type_of(self, column: str) -> pa.DataType:
        """What Arrow's parser makes of a column."""
        return CODES if column in self.coded else TYPES[self.kinds[column]]


@dataclass(frozen=True)
class _Doubt:
    """Number columns with a cell that may be no number; whether a text ends in white space."""

    columns: frozenset[str] = frozenset()
    blanks: bool = False

    def __bool__(self) -> bool:
        return bool(self.columns) or self.blanks


@dataclass(frozen=True)
class _Block:
    """The rows of a block; the least and the greatest integer of a column, if any is there."""

    table: pa.Table
    spans: Mapping[str, tuple[int, int]]


class _Uneven(Exception):
    """A file whose lines are not all records of its columns."""


def parse(files: Sequence[tuple[Plain, int]], wish: Wish, folder: Path) -> Parsed | None:
    """Write the rows of files with their typed cells to Arrow files, and say what these hold.

    Args:
        files: each with what is added to the number of a line, from 1, to make it `ROW`.
        wish: how cells should be typed; which of them are coded is found here.
        folder: to make, for the Arrow files, which get the columns of `wish`.

    Returns:
        What came true of the wish; None if the files do not suit, or no number column is left.
    """
    folder.mkdir()
    wish = replace(wish, coded=_repeating(files[0][0], wish))
    for _ in range(ATTEMPTS):
        if not wish.numbers:
            return None
        try:
            parsed = _write(files, wish, folder)
        except _Uneven:
            return None
        except Crowded:
            wish = replace(wish, coded=frozenset())
            continue
        if isinstance(parsed, Parsed):
            return parsed
        kinds = {c: "text" if c in parsed.columns else kind for c, kind in wish.kinds.items()}
        wish = replace(wish, kinds=kinds, nulls=wish.nulls and not parsed.blanks)
    return None


def _repeating(plain: Plain, wish: Wish) -> frozenset[str]:
    """The columns of text of which few differ in a file's first block."""
    texts = [column for column, kind in wish.kinds.items() if kind == "text"]
    if not texts:
        return frozenset()
    block = next(_blocks(plain), b"")
    try:
        table = _read(block, plain, wish, texts)
    except pa.ArrowInvalid:
        return frozenset()
    return frozenset(column for column in texts if are_few(table[column]))


def _tells(plain: Plain, wish: Wish) -> bool:
    """Whether a file's header could not be a row, since a cell of it is not one of its column."""
    with plain.path.open("rb") as file:
        line = file.readline().decode().rstrip("\r\n").removeprefix("\ufeff")
    cells = zip(line.split(plain.delimiter), plain.columns, strict=False)
    return not plain.skipped or any(
        wish.kinds[column] != "text" and cell not in wish.markers and not is_number(cell)
        for cell, column in cells
    )


def _write(files: Sequence[tuple[Plain, int]], wish: Wish, folder: Path) -> Parsed | _Doubt:
    """Write Arrow files, up to the first block that leaves any doubt.

    Raises:
        _Uneven: if there is a line that is no record.
        Crowded: if texts differ too much for codes.
    """
    gaps: set[str] = set()
    spans: dict[str, tuple[int, int]] = {}
    words = {column: Words() for column in sorted(wish.coded)}
    schema = pa.schema([(c, CODE if c in words else wish.type_of(c)) for c in wish.kinds])
    with Files(folder, schema) as written, ThreadPoolExecutor(CORES) as pool:
        for plain, offset in files:
            first = row = offset + plain.skipped + 1
            for block in _in_turn(pool, plain, wish):
                if isinstance(block, _Doubt):
                    return block
                gaps |= {column for column in wish.kinds if block.table[column].null_count}
                for column, (least, greatest) in block.spans.items():
                    low, high = spans.get(column, (least, greatest))
                    spans[column] = min(low, least), max(high, greatest)
                written.add(coded(block.table, words, schema), row)
                row += block.table.num_rows
            # Arrow skips empty lines.
            if row - first != plain.rows:
                raise _Uneven
    listed = {column: own.listed for column, own in words.items()}
    headless = all(_tells(plain, wish) for plain, _ in files)
    return Parsed(written.listed, wish.kinds, listed, spans, wish.nulls, frozenset(gaps), headless)


def _in_turn(pool: ThreadPoolExecutor, plain: Plain, wish: Wish) -> Iterator[_Block | _Doubt]:
    """What `_parse` makes of every block, in order; all cores parse."""
    pending: deque[Future[_Block | _Doubt]] = deque()
    try:
        for block in _blocks(plain):
            pending.append(pool.submit(_parse, block, plain, wish))
            if len(pending) > 3 * CORES:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _blocks(plain: Plain) -> Iterator[bytes]:
    """The rows in blocks of whole lines, with the line feed before and behind them."""
    with plain.path.open("rb") as file:
        for _ in range(plain.skipped):
            file.readline()
        if not plain.skipped and file.read(3) != b"\xef\xbb\xbf":
            file.seek(0)
        while read := file.read(BLOCK):
            block = b"".join((b"\n", read, file.readline()))
            if file.tell() == plain.path.stat().st_size:
                yield block.rstrip(b"\r\n") + b"\n"
                return
            yield block


def _parse(block: bytes, plain: Plain, wish: Wish) -> _Block | _Doubt:
    """A block's rows, or what is doubtful about them.

    Raises:
        _Uneven: if there is a line that is no record.
    """
    try:
        table = _read(block, plain, wish, list(wish.kinds))
    except pa.ArrowInvalid:
        return _Doubt(_failing(block, plain, wish))
    marked = any(is_number(marker) for marker in wish.markers)
    every = wish.nulls or marked
    seen = look(block, plain.columns, plain.delimiter, table.num_rows, blanks=every)
    spans = dict(_spans(table))
    doubted = seen.padded | {
        c for c, (low, high) in spans.items() if max(-low, high) > MAX_EXACT_INTEGER
    }
    doubted |= {c for c in wish.numbers if wish.kinds[c] == "double" and _is_odd(table[c])}
    if marked:
        # Arrow takes no number with white space around it for a marker.
        doubted |= seen.blanks
    texts = seen.blanks.difference(wish.numbers)
    doubt = _Doubt(doubted.intersection(wish.numbers), wish.nulls and bool(texts))
    return doubt or _Block(table.unify_dictionaries().combine_chunks(), spans)


def _read(block: bytes, plain: Plain, wish: Wish, columns: list[str]) -> pa.Table:
    return csv.read_csv(
        pa.BufferReader(pa.py_buffer(block)[1:]),
        read_options=csv.ReadOptions(
            column_names=list(plain.columns),
            use_threads=False,
            block_size=max(PIECE, 2 * plain.longest),
        ),
        parse_options=csv.ParseOptions(delimiter=plain.delimiter, quote_char=False),
        convert_options=csv.ConvertOptions(
            column_types={column: wish.type_of(column) for column in columns},
            include_columns=columns,
            null_values=list(wish.markers),
            strings_can_be_null=wish.nulls,
            # The whole file has been decoded before.
            check_utf8=False,
        ),
    )


def _failing(block: bytes, plain: Plain, wish: Wish) -> frozenset[str]:
    """The number columns with a cell that Arrow takes for none.

    Raises:
        _Uneven: if it is not these that Arrow cannot read.
    """
    text = replace(wish, kinds=dict.fromkeys(wish.kinds, "text"), coded=frozenset())
    try:
        _read(block, plain, text, list(wish.kinds))
    except pa.ArrowInvalid:
        raise _Uneven from None
    found = set()
    for column in wish.numbers:
        try:
            _read(block, plain, wish, [column])
        except pa.ArrowInvalid:
            found.add(column)
    if not found:
        raise _Uneven
    return frozenset(found)


def _spans(table: pa.Table) -> Iterator[tuple[str, tuple[int, int]]]:
    """The columns of integers with the least and the greatest, if any is there."""
    for column in table.schema:
        if pa.types.is_integer(column.type):
            least, greatest = pc.min_max(table[column.name]).as_py().values()
            if least is not None:
                yield column.name, (least, greatest)


def _is_odd(column: pa.ChunkedArray) -> bool:
    """Whether any number is not finite.

    A sum of large ones may not be, either; they are then looked at as texts, for nothing.
    """
    total = pc.sum(column).as_py()
    return total is not None and not np.isfinite(total)
