"""Kernel locks, and scratch folders that are removed once nobody holds theirs."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tenfold.runtime import processes
from tenfold.runtime.errors import UserError

if TYPE_CHECKING:
    from filelock import BaseFileLock

SCRATCH = Path(".tenfold")
# What a stage is given, in seconds, to clean up after its DVC has died; then it is killed.
GRACE = 10.0
OWNER = "owner.lock"


@contextlib.contextmanager
def lock(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold an exclusive kernel lock on `path`; the kernel frees it however the process ends.

    Raises:
        UserError: if another process holds it and `wait` is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    held = _file_lock(path)
    if wait:
        held.acquire()
    elif not (_acquired(held) or _acquired_from_orphan(held, path)):
        holder = _holder(path)
        known = f", as process {holder.pid}" if holder else ""
        raise UserError(
            f"{path.stem} is already running here{known}: wait for it or stop it, then run again"
        )
    try:
        yield
    finally:
        held.release()


def remove_undeclared(folder: Path, declared: Iterable[str]) -> None:
    """Remove a stage's outputs of families that params.yaml no longer names, unless one runs."""
    if not folder.is_dir():
        return
    for left in set(folder.iterdir()) - {folder / name for name in declared}:
        with (
            contextlib.suppress(UserError),
            lock(SCRATCH / "locks" / f"{folder.name}@{left.name}.lock"),
        ):
            discard(left)


class TemporaryFolder(tempfile.TemporaryDirectory[str]):
    """A scratch folder, removed with this object; if its process was killed, by the next one made.

    Its owner holds a kernel lock on a file in it, which tells more than a process id: the owner
    may run in another container.
    """

    def __init__(self, kind: str) -> None:
        parent = (SCRATCH / kind).resolve()
        self._listing = parent.with_name(f"{kind}.lock")
        with lock(self._listing, wait=True):
            parent.mkdir(exist_ok=True)
            for folder in parent.iterdir():
                # A process that ends without `cleanup` removes its folder unannounced.
                with contextlib.suppress(FileNotFoundError):
                    _discard_unowned(folder)
            super().__init__(dir=parent)
            self._owner = _file_lock(Path(self.name, OWNER))
            self._owner.acquire()

    def cleanup(self) -> None:
        """Remove the folder and free its lock, while nobody looks for unowned ones."""
        with lock(self._listing, wait=True):
            super().cleanup()
            self._owner.release()


def discard(folder: Path) -> None:
    """Remove a folder and what it holds; what cannot be removed is left."""
    shutil.rmtree(folder, ignore_errors=True)


def _discard_unowned(folder: Path) -> None:
    owner = _file_lock(folder / OWNER)
    if _acquired(owner):
        discard(folder)
        owner.release()


def _file_lock(path: Path) -> BaseFileLock:
    from filelock import FileLock

    def note(descriptor: int) -> None:
        os.truncate(descriptor, 0)
        os.write(descriptor, str(processes.current()).encode())

    # A soft lock, the library's substitute where the kernel has none, would outlive its process.
    return FileLock(path, thread_local=False, fallback_to_soft=False, on_acquired=note)


def _acquired(held: BaseFileLock, timeout: float = 0) -> bool:
    from filelock import Timeout

    with contextlib.suppress(Timeout):
        held.acquire(timeout=timeout)
    return held.is_locked


def _acquired_from_orphan(held: BaseFileLock, path: Path) -> bool:
    """Take over the lock of a stage whose DVC has died: wait for its end, or kill it."""
    noted = _holder(path)
    found = processes.find(noted.pid) if noted else None
    if noted is None or noted == found:
        return False
    if found is None or found.started != noted.started:  # It has just ended, or is elsewhere.
        return _acquired(held, 1)
    if not _acquired(held, GRACE):
        processes.kill(found)
    return _acquired(held, GRACE)


def _holder(path: Path) -> processes.Process | None:
    try:
        return processes.Process(*map(int, path.read_text(encoding="utf-8").split()))
    except (OSError, ValueError, TypeError):
        return None
