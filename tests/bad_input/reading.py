"""Read a case's file in another way than tenfold, and hold its cells against what became of it."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import math
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tenfold.dataset import ROW

SPACE = " \t\r\n\x0b\x0c"


def silent(path: Path, encoding: str, parts: list[dict[str, Any]], lines: list[str]) -> list[str]:
    """The cells that are not what the file holds, with no word about it in the report."""
    source = _parquet(path) if path.suffix == ".parquet" else _text(path, encoding)
    found = []
    for row in parts:
        cells = source.get(row[ROW])
        for name, value in row.items():
            if name == ROW or cells is None or name not in cells:
                continue
            told = any(f"mended: {name}: white space trimmed" in line for line in lines)
            cell = cells[name]
            if any(f"mended: {name}: written as one category" in line for line in lines):
                cell = _category(cell)
            if not _same(cell, value, trimmed=told):
                found.append(f"{name!r}, row {row[ROW]}: {cell!r} became {value!r}")
    return found


def _category(cell: str) -> str:
    whole, _, fraction = cell.partition(".")
    if whole.isdecimal() and fraction and not fraction.strip("0"):
        return whole
    return cell.lower() if cell.lower() in ("true", "false") else cell


def _parquet(path: Path) -> dict[int, Mapping[str, Any]]:
    return dict(enumerate(pq.read_table(path).to_pylist(), start=1))


def _text(path: Path, encoding: str) -> dict[int, Mapping[str, Any]]:
    """The records that Python's own reader finds, by the line where they begin."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    csv.field_size_limit(sys.maxsize)
    file = io.StringIO(content.decode(encoding).removeprefix("\ufeff"), newline="")
    return dict(_records(csv.reader(file)))


def _records(reader: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    names = [name.strip() for name in next(reader)]
    before = reader.line_num
    with contextlib.suppress(csv.Error):
        for cells in reader:
            yield before + 1, dict(zip(names, cells, strict=False))
            before = reader.line_num


def _same(cell: Any, value: Any, *, trimmed: bool) -> bool:
    """Whether a value is what a cell says."""
    if isinstance(cell, str):
        return _said(cell, value, trimmed=trimmed)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return value is None
    if isinstance(cell, bool):
        return bool(value == str(cell).lower())
    if isinstance(cell, datetime):
        # A moment of a zone is kept as UTC has it.
        return bool(value == (cell.astimezone(UTC).replace(tzinfo=None) if cell.tzinfo else cell))
    if isinstance(cell, date):
        return bool(value == datetime.combine(cell, time()))
    return bool(value == str(cell) if isinstance(value, str) else value == float(cell))


def _said(cell: str, value: Any, *, trimmed: bool) -> bool:
    if value is None:
        return cell.strip(SPACE).lower() in ("", "nan")
    if isinstance(value, str):
        return value == (cell.strip(SPACE) if trimmed else cell)
    return bool(float(cell.replace(",", ".")) == value)
