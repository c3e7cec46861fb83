"""Files and folders written atomically: to a staging folder, synced, renamed into place."""

from __future__ import annotations

import contextlib
import csv
import ctypes
import errno
import glob
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tenfold.runtime.locks import SCRATCH, TemporaryFolder, discard

# What makes a path a pattern.
WILDCARDS = "*?["
# Where the old folder is while the new one takes its place.
OLD = ".{}.old"


@contextlib.contextmanager
def directory(path: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `path` only if the block succeeds.

    A reader finds the old folder or the new one, and never half of it. One process at a time may
    write to `path`.
    """
    _recover(path)
    with _replacing(path) as new:
        new.mkdir()
        yield new


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`; a reader finds the old file or the new one, and never half of it."""
    with _replacing(path) as new:
        new.write_text(text, encoding="utf-8", newline="")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON with sorted keys; NaN and infinity are errors, not numbers."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def write_rows(path: Path, rows: list[dict[str, Any]], columns: Sequence[str] = ()) -> None:
    """Write rows as CSV with every key as a column, `columns` first; absent values are empty."""
    names = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV as `write_rows` wrote it; every cell is text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def read_stamp(path: Path) -> Any:
    """Read a JSON file that is made again if lost; None where it is missing, empty or cut off."""
    try:
        return read_json(path)
    except (FileNotFoundError, ValueError):
        return None


def matching(pattern: str) -> list[Path]:
    """The file of this name, or all that match it as a pattern, in the order of their names."""
    literal = Path(pattern)
    if any(mark in pattern for mark in WILDCARDS) and not literal.exists():
        return sorted(map(Path, glob.glob(pattern, recursive=True)))  # noqa: PTH207
    return [literal]


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to; what is written there replaces `path` if the block succeeds."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _staging(path) as folder:
            new = Path(folder, path.name)
            yield new
            new.chmod(0o755 if new.is_dir() else 0o644)
            _sync_all(new)
            try:
                _replace(path, new)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _replace_from_elsewhere(path, new)
            _sync(path.parent)
    except OSError as error:
        error.filename = error.filename or str(path)  # A full disk names no file.
        raise


def _staging(path: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder to write in: in a project where DVC does not look, else beside `path`."""
    return TemporaryFolder("staging") if SCRATCH.is_dir() else _beside(path)


def _beside(path: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent)


def _replace(path: Path, new: Path) -> None:
    """Put `new` at `path`; an old folder is then where `new` was, on its way to be removed."""
    if not (new.is_dir() and path.is_dir()):
        new.replace(path)
    elif not _exchanged(path, new):
        old = path.with_name(OLD.format(path.name))
        path.rename(old)
        try:
            new.rename(path)
        finally:
            _recover(path)


def _replace_from_elsewhere(path: Path, new: Path) -> None:
    """Replace `path` by a copy of `new`, which lies on another filesystem."""
    with _beside(path) as folder:
        copied = Path(folder, path.name)
        shutil.copytree(new, copied) if new.is_dir() else shutil.copy2(new, copied)
        _sync_all(copied)
        _replace(path, copied)


def _exchanged(path: Path, other: Path) -> bool:
    """Exchange two folders in one step (Linux); False where kernel or filesystem cannot."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    at_fdcwd, rename_exchange = -100, 2
    if renameat2(at_fdcwd, os.fsencode(path), at_fdcwd, os.fsencode(other), rename_exchange) == 0:
        return True
    failed = ctypes.get_errno()
    if failed in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(failed, os.strerror(failed), str(path))


def _recover(path: Path) -> None:
    """Put back the old folder, or remove what killed processes have left beside `path`."""
    old = path.with_name(OLD.format(path.name))
    if old.is_dir() and not path.exists():
        old.rename(path)
    if path.parent.is_dir():
        for left in path.parent.iterdir():
            if left.name.startswith(f".{path.name}."):
                discard(left)


def _sync_all(path: Path) -> None:
    for written in [*path.rglob("*"), path]:
        _sync(written)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
