"""Processes: one per stage, ending with its parent, and their temporary folders."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tenfold.runtime.errors import UserError
from tenfold.runtime.files import discard
from tenfold.runtime.fingerprints import SCRATCH

# Set by Ctrl-C, which may have met a library that makes an error of its own of it.
interrupted = threading.Event()


def check_interrupted() -> None:
    """Let nobody go on after Ctrl-C, whatever a library has made of it.

    Raises:
        KeyboardInterrupt: if there was one.
    """
    if interrupted.is_set():
        raise KeyboardInterrupt


def check_folder() -> None:
    """Check that MLflow, which quotes a path in its own way, can work in this folder.

    Raises:
        UserError: if it cannot.
    """
    marks = set(str(Path.cwd()))
    if "%" in marks or {"'", '"'} <= marks:
        raise UserError(
            f"the path of a project must hold neither % nor both ' and \", but is {Path.cwd()}: "
            "rename a folder"
        )


def die_with_parent() -> None:
    """Ask the kernel (Linux) to end this process when its parent dies.

    A killed `dvc repro` would otherwise leave the stage running beside its successor.
    """
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
    if os.getppid() != parent:  # It died in between.
        os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def lock(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold an exclusive kernel lock on `path`; the kernel frees it however the process ends.

    Raises:
        UserError: if another process holds it and `wait` is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            file.seek(0)
            raise UserError(
                f"{path.stem} is already running here, as process {file.read().strip()}: "
                "wait for it or stop it, then run again"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def temporary(kind: str) -> tempfile.TemporaryDirectory[str]:
    """A scratch folder that goes when it is no longer held, or when its process has been killed."""
    parent = (SCRATCH / kind).resolve()
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.iterdir():
        owner = left.name.split("-")[0]
        if owner.isdigit() and not _alive(int(owner)):
            discard(left)
    return tempfile.TemporaryDirectory(prefix=f"{os.getpid()}-", dir=parent)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
