"""Plain CSV files, parsed by Arrow into typed columns.

Arrow types a cell in a third of the time that SQL takes to test and cast its text, but it is more
lenient: a column in which it may have read a number that SQL reads as text stays text. A file that
is not plain is left to the other readers.
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

from tenfold.dataset import spelling
from tenfold.sources.arrow_rows import TYPES, ArrowRows, ArrowWriter
from tenfold.sources.cell_ends import inspect
from tenfold.sources.column_kinds import MAX_EXACT_INTEGER, Kind, is_number, plain_number
from tenfold.sources.dictionaries import CODE, ENCODED, Dictionary, TooManyValues, encode, pays

# Bytes that are parsed together.
BLOCK = 1 << 22
# Arrow's own piece of a block.
PIECE = 1 << 20
# Arrow counts the bytes of a piece in 32 bits.
MAX_LINE = 1 << 28
# More threads would wait for the disk.
N_THREADS = min(8, pa.cpu_count())
# Once a column turns out to be text, all is parsed again: a table of many such is not worth it.
MAX_ATTEMPTS = 4


@dataclass(frozen=True)
class PlainCsv:
    """A CSV file in which every line is a record and there are no quotes.

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
class Conversion:
    """How the cells of a file are typed, in the words of Arrow's `ConvertOptions`.

    Attributes:
        column_kinds: column -> integer, double or text.
        null_values: texts that are null, with every other spelling of their value.
        strings_can_be_null: whether they are in text columns, too; then no text has white space at
            its ends, and none of `category_columns` another spelling than its category's.
        category_columns: the text columns that hold categories.
        dictionary_columns: the text columns that are dictionary-encoded.
    """

    column_kinds: Mapping[str, Kind]
    null_values: Sequence[str]
    strings_can_be_null: bool
    category_columns: frozenset[str] = frozenset()
    dictionary_columns: frozenset[str] = frozenset()

    @property
    def numbers(self) -> list[str]:
        """The columns that are not text."""
        return [column for column, kind in self.column_kinds.items() if kind != "text"]

    def type_of(self, column: str) -> pa.DataType:
        """What Arrow's parser makes of a column."""
        encoded = column in self.dictionary_columns
        return ENCODED if encoded else TYPES[self.column_kinds[column]]

    def without(self, misfits: _Misfits) -> Conversion:
        """The same without what a block has shown not to fit."""
        texts: dict[str, Kind] = dict.fromkeys(misfits.columns, "text")
        return replace(
            self,
            column_kinds={**self.column_kinds, **texts},
            strings_can_be_null=self.strings_can_be_null and not misfits.texts_change,
        )


@dataclass(frozen=True)
class _Misfits:
    """Number columns with a cell that may be no number; whether trimming or respelling is due."""

    columns: frozenset[str] = frozenset()
    texts_change: bool = False

    def __bool__(self) -> bool:
        return bool(self.columns) or self.texts_change


@dataclass(frozen=True)
class _Block:
    """The rows of a block, and the least and the greatest value of integer columns."""

    table: pa.Table
    spans: Mapping[str, tuple[int, int]]


class _NotPlain(Exception):
    """A file whose lines are not all records of its columns."""


def parse(
    files: Sequence[tuple[PlainCsv, int]], conversion: Conversion, folder: Path
) -> ArrowRows | None:
    """Parse files into Arrow files.

    Args:
        files: each with what is added to the number of a line, from 1, to make it `ROW`.
        conversion: how cells should be typed; which texts are dictionary-encoded is found here.
        folder: to make, for the Arrow files.

    Returns:
        The rows; a column of them may be text that was to be a number. None if a file is not
        plain, or no number column is left.
    """
    folder.mkdir()
    encoded = _repeating(files[0][0], conversion)
    conversion = replace(conversion, dictionary_columns=encoded)
    for _ in range(MAX_ATTEMPTS):
        if not conversion.numbers:
            return None
        try:
            written = _write(files, conversion, folder)
        except _NotPlain:
            return None
        except TooManyValues:
            conversion = replace(conversion, dictionary_columns=frozenset())
            continue
        if isinstance(written, ArrowRows):
            return written
        conversion = conversion.without(written)
    return None


def _repeating(plain: PlainCsv, conversion: Conversion) -> frozenset[str]:
    """The text columns for which dictionary encoding pays, by the file's first block."""
    texts = [column for column, kind in conversion.column_kinds.items() if kind == "text"]
    if not texts:
        return frozenset()
    block = next(_blocks(plain), b"")
    try:
        table = _read(block, plain, conversion, texts)
    except pa.ArrowInvalid:
        return frozenset()
    return frozenset(column for column in texts if pays(table[column]))


def _is_no_row(plain: PlainCsv, conversion: Conversion) -> bool:
    """Whether a file's header could not be a row, since a cell of it does not fit its column."""
    with plain.path.open("rb") as file:
        line = file.readline().decode().rstrip("\r\n").removeprefix("\ufeff")
    cells = zip(line.split(plain.delimiter), plain.columns, strict=False)
    return not plain.skipped or any(
        column in conversion.numbers and cell not in conversion.null_values and not is_number(cell)
        for cell, column in cells
    )


def _write(
    files: Sequence[tuple[PlainCsv, int]], conversion: Conversion, folder: Path
) -> ArrowRows | _Misfits:
    """Write Arrow files, up to the first block that does not fit.

    Raises:
        _NotPlain: if there is a line that is no record.
        TooManyValues: if texts differ too much for dictionary encoding.
    """
    kinds = conversion.column_kinds
    gaps: set[str] = set()
    spans: dict[str, tuple[int, int]] = {}
    dictionaries = {column: Dictionary() for column in sorted(conversion.dictionary_columns)}
    schema = pa.schema([(c, CODE if c in dictionaries else conversion.type_of(c)) for c in kinds])
    with ArrowWriter(folder, schema) as writer, ThreadPoolExecutor(N_THREADS) as pool:
        for plain, offset in files:
            first = row = offset + plain.skipped + 1
            for block in _in_turn(pool, plain, conversion):
                if isinstance(block, _Misfits):
                    return block
                gaps |= {column for column in kinds if block.table[column].null_count}
                for column, (least, greatest) in block.spans.items():
                    low, high = spans.get(column, (least, greatest))
                    spans[column] = min(low, least), max(high, greatest)
                writer.write(encode(block.table, dictionaries, schema), row)
                row += block.table.num_rows
            # Arrow skips empty lines.
            if row - first != plain.rows:
                raise _NotPlain
    return ArrowRows(
        writer.files,
        kinds,
        {column: own.values for column, own in dictionaries.items()},
        spans,
        conversion.strings_can_be_null,
        frozenset(gaps),
        no_header=all(_is_no_row(plain, conversion) for plain, _ in files),
    )


def _in_turn(
    pool: ThreadPoolExecutor, plain: PlainCsv, conversion: Conversion
) -> Iterator[_Block | _Misfits]:
    """What `_parse` makes of every block, in order; all cores parse."""
    pending: deque[Future[_Block | _Misfits]] = deque()
    try:
        for block in _blocks(plain):
            pending.append(pool.submit(_parse, block, plain, conversion))
            if len(pending) > 3 * N_THREADS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _blocks(plain: PlainCsv) -> Iterator[bytes]:
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


def _parse(block: bytes, plain: PlainCsv, conversion: Conversion) -> _Block | _Misfits:
    """A block's rows, or which columns do not fit.

    Raises:
        _NotPlain: if there is a line that is no record.
    """
    try:
        table = _read(block, plain, conversion, list(conversion.column_kinds))
    except pa.ArrowInvalid:
        return _Misfits(_failing(block, plain, conversion))
    numbers = conversion.numbers
    final = conversion.strings_can_be_null
    seen = inspect(block, plain.columns, plain.delimiter, table.num_rows, blanks=final)
    table = _without_markers(table, conversion)
    spans = dict(_spans(table))
    misfits = set(seen.padded)
    misfits |= {c for c, span in spans.items() if max(-span[0], span[1]) > MAX_EXACT_INTEGER}
    doubles = [column for column in numbers if conversion.column_kinds[column] == "double"]
    misfits |= {column for column in doubles if _is_odd(table[column])}
    changing = final and (
        bool(seen.blanks.difference(numbers))
        or any(_has_spellings(table[column]) for column in conversion.category_columns)
    )
    found = _Misfits(frozenset(misfits.intersection(numbers)), changing)
    return found or _Block(table.unify_dictionaries().combine_chunks(), spans)


def _without_markers(table: pa.Table, conversion: Conversion) -> pa.Table:
    """The table without numbers that equal a marker: Arrow compares texts."""
    markers = [number for m in conversion.null_values if (number := plain_number(m)) is not None]
    for number, field in enumerate(table.schema):
        if pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
            cells = table[number]
            for marker in markers:
                marked = pc.equal(cells, marker)
                if pc.any(marked).as_py():
                    cells = pc.if_else(marked, None, cells)
                    table = table.set_column(number, field.name, cells)
    return table


def _markers(conversion: Conversion) -> list[str]:
    """The texts that are null, each also as the category that it is."""
    markers = conversion.null_values
    return list(dict.fromkeys([*markers, *map(spelling.category, markers)]))


def _has_spellings(cells: pa.ChunkedArray) -> bool:
    """Whether any text may be written otherwise than its category."""
    others = f"^(?:{'|'.join([spelling.WHOLE.pattern, *spelling.TRUTH])})$"
    for chunk in cells.chunks:
        texts = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        # Few texts end so, and a regular expression takes ten times as long.
        ends = pc.or_(pc.ends_with(texts, "0"), pc.ends_with(texts, "e", ignore_case=True))
        if pc.any(pc.match_substring_regex(texts.filter(ends), others)).as_py():
            return True
    return False


def _read(block: bytes, plain: PlainCsv, conversion: Conversion, columns: list[str]) -> pa.Table:
    return csv.read_csv(
        pa.BufferReader(pa.py_buffer(block)[1:]),
        read_options=csv.ReadOptions(
            column_names=list(plain.columns),
            use_threads=False,
            block_size=max(PIECE, 2 * plain.longest),
        ),
        parse_options=csv.ParseOptions(delimiter=plain.delimiter, quote_char=False),
        convert_options=csv.ConvertOptions(
            column_types={column: conversion.type_of(column) for column in columns},
            include_columns=columns,
            null_values=_markers(conversion),
            strings_can_be_null=conversion.strings_can_be_null,
            # The whole file has been decoded before.
            check_utf8=False,
        ),
    )


def _failing(block: bytes, plain: PlainCsv, conversion: Conversion) -> frozenset[str]:
    """The number columns with a cell that Arrow takes for none.

    Raises:
        _NotPlain: if it is not these that Arrow cannot read.
    """
    all_text: dict[str, Kind] = dict.fromkeys(conversion.column_kinds, "text")
    text = replace(conversion, column_kinds=all_text, dictionary_columns=frozenset())
    try:
        _read(block, plain, text, list(conversion.column_kinds))
    except pa.ArrowInvalid:
        raise _NotPlain from None
    found = set()
    for column in conversion.numbers:
        try:
            _read(block, plain, conversion, [column])
        except pa.ArrowInvalid:
            found.add(column)
    if not found:
        raise _NotPlain
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
