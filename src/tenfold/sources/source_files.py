"""Find the files that `data.path` names, and notice when one changes while it is read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tenfold import runtime
from tenfold.runtime import UserError, nearest

# Endings of compressed files.
PACKED = (".gz", ".zst")
# The first bytes of a compressed file: its format and ending.
MAGIC = {b"\x1f\x8b": ("gzip", ".gz"), b"\x28\xb5\x2f\xfd": ("zstd", ".zst")}
PARQUET = b"PAR1"
ZIP = b"PK\x03\x04"
WORKBOOKS = (".xlsx", ".xlsm", ".xls")
MIN_PARQUET_BYTES = 12
# Endings of SQLite databases, and of archives that nothing here unpacks.
SQLITE = (".db", ".sqlite", ".sqlite3")
ARCHIVES = (".7z", ".bz2", ".rar", ".tar", ".tgz", ".xz", ".zip")
# How an address begins, as in https://example.org/t.csv.
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True)
class FileStamp:
    """Size, time and inode of a file when it was found: they change when somebody writes to it."""

    path: Path
    size: int
    modified: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileStamp:
        """The file as it is now."""
        found = path.stat()
        return cls(path, found.st_size, found.st_mtime_ns, found.st_ino)


def ending(path: Path) -> str:
    """The ending that tells the format, in lower case; a compression's ending is skipped.

    >>> ending(Path("parts/2024.CSV.gz"))
    '.csv'
    """
    if path.suffix.lower() in PACKED:
        path = path.with_suffix("")
    return path.suffix.lower()


def find(path: str, endings: Sequence[str]) -> list[FileStamp]:
    """The file at `path`, or all files that match it as a pattern, in the order of their names.

    Raises:
        UserError: if there is none, or one is not a regular file, is empty or of unknown ending.
    """
    if ADDRESS.match(path):
        raise UserError(
            f"data.path: {path} is an address, but tenfold reads files: download what it holds, or "
            "export it as CSV or Parquet, and name that file"
        )
    paths = runtime.matching(path)
    if not paths:
        raise UserError(f"data.path: no file matches {path!r}: check the folder and the pattern")
    for found in paths:
        _check(found, endings)
    return [FileStamp.of(found) for found in paths]


def check_unchanged(files: Iterable[FileStamp]) -> None:
    """Check that nobody has written to the files since they were found.

    Raises:
        UserError: naming the file.
    """
    for seen in files:
        if not seen.path.exists() or FileStamp.of(seen.path) != seen:
            raise UserError(f"{seen.path} changed while it was read: run again when it is whole")


def _check(path: Path, endings: Sequence[str]) -> None:
    if path.is_dir():
        raise UserError(
            f"data.path must be a file, but {path} is a folder: name a file in it, or all of them "
            f"by a pattern such as {path}/*.csv"
        )
    if not path.exists():
        neighbours = path.parent.iterdir() if path.parent.is_dir() else ()
        known = [file.name for file in neighbours if ending(file) in endings]
        hint = f"; in {path.parent}: {nearest(path.name, known)}" if known else ": correct the path"
        raise UserError(f"data.path: there is no file {path}{hint}")
    if ending(path) not in endings:
        raise UserError(_unknown_ending(path, endings))
    if not stat.S_ISREG(path.stat().st_mode):
        raise UserError(f"data.path: {path} is no regular file: save what it gives as a file first")
    if not os.access(path, os.R_OK):
        raise UserError(f"data.path: {path} cannot be read: change its permissions")
    if path.stat().st_size == 0:
        raise UserError(f"data.path: {path} is empty: it needs a header and rows")
    _check_format(path)


def _unknown_ending(path: Path, endings: Sequence[str]) -> str:
    found = ending(path)
    if found in SQLITE:
        cure = f"a database is named sqlite:{path}, with a query"
    elif found in ARCHIVES:
        cure = "unpack it, and name the file that comes out"
    else:
        cure = f"save the table as one of these: {', '.join(endings)}"
    return f"data.path: unknown ending {found!r} of {path}: {cure}"


def _check_format(path: Path) -> None:
    """Check that a file's first and last bytes are not those of another format."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(max(0, size - 4))
        end = file.read(4)
    if path.suffix.lower() == ".parquet":
        if start != PARQUET or end != PARQUET or size < MIN_PARQUET_BYTES:
            raise UserError(
                f"data.path: {path} is no Parquet file: it does not begin and end with PAR1; is it "
                "cut off, or of another format? Write it again, or rename it"
            )
    elif start == PARQUET:
        raise UserError(f"data.path: {path} is a Parquet file: name it {path.stem}.parquet")
    elif start == ZIP and ending(path) not in WORKBOOKS:
        raise UserError(
            f"data.path: {path} is a workbook or an archive: name it {path.stem}.xlsx, or unpack "
            "it and name the file that comes out"
        )
    for mark, packing in MAGIC.items():
        if start.startswith(mark) and path.suffix.lower() not in PACKED:
            raise UserError(
                f"data.path: {path} is packed with {packing[0]}: name it {path.name}{packing[1]}"
            )
