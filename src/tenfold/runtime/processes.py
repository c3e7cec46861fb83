"""Processes: who runs, who has lost its parent, and what interrupts a program."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from tenfold.runtime.errors import UserError

# The signals that ask a program to end: Ctrl-C, `kill` or a dead parent, a closed terminal.
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# DVC keeps in it who runs a stage.
RUNNING_STAGES = Path(".dvc/tmp/rwlock")

# The signals received, which a library may have turned into an error of its own.
interruptions: list[int] = []


@dataclass(frozen=True)
class Process:
    """A process and its parent; ids are used again, an id with a start time is not."""

    pid: int
    started: int = 0
    parent: int = 0

    def __str__(self) -> str:
        return f"{self.pid} {self.started} {self.parent}"


def current() -> Process:
    """This process."""
    return find(os.getpid()) or Process(os.getpid(), 0, os.getppid())


def find(pid: int) -> Process | None:
    """The process of an id, as Linux's /proc shows it; None if it has ended or is not here."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # Behind the program's name, which may hold anything: proc_pid_stat(5), from field 3 on.
    state, parent, *others = status.rpartition(")")[2].split()
    return None if state in "ZX" else Process(pid, int(others[17]), int(parent))


def kill(process: Process) -> None:
    """Kill a process, unless it has ended or is another user's."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(process.pid)
        try:
            now = find(process.pid)
            if now and now.started == process.started:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)


def check_interrupted() -> None:
    """Stop here after an interruption, whatever a library has turned it into.

    Raises:
        KeyboardInterrupt: if there was one.
    """
    if interruptions:
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


def check_user() -> None:
    """Check that this user has a name, which DVC needs; a container's often has none.

    Raises:
        UserError: if it has not.
    """
    import getpass

    try:
        getpass.getuser()
    except (KeyError, OSError):
        raise UserError(
            f"DVC needs a user's name, but user {os.getuid()} has none: set one with "
            "`export USER=me`, then run the same command again"
        ) from None


def die_with_parent() -> None:
    """Ask the kernel (Linux) for SIGTERM when the parent dies; end now if DVC has died already.

    A killed `dvc repro` would otherwise leave the stage running beside its successor.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
    if "DVC_STAGE" in os.environ and _dvc_has_died():
        os.kill(os.getpid(), signal.SIGTERM)


def _dvc_has_died() -> bool:
    """Whether nobody is alive who runs a stage of this project, as DVC has noted it."""
    try:
        noted = json.loads(RUNNING_STAGES.read_text(encoding="utf-8"))["write"].values()
        running = {int(process["pid"]) for process in noted}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False
    return bool(running) and not any(map(find, running))
