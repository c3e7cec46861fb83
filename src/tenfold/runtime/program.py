"""How a program starts and ends: locks, Ctrl-C and SIGTERM, one message, the exit code.

Programs import this before anything else: the other imports take seconds, in which DVC may be
killed or Ctrl-C pressed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType

from tenfold import runtime
from tenfold.runtime import UserError, processes

INTERRUPTED = "interrupted: run the same command again to go on"


def run(name: str, main: Callable[[], None], made: Path | None = None) -> None:
    """Run `main` as stage `name`: once at a time, ending with its parent, errors as messages.

    How long it takes is kept for the folder `made`.
    """
    with one_message():
        runtime.check_folder()
        runtime.die_with_parent()
        with runtime.lock(runtime.SCRATCH / "locks" / f"{name}.lock"), runtime.timed(made):
            main()


@contextlib.contextmanager
def one_message() -> Iterator[None]:
    """Turn an error that the user can mend into one message and exit code 2.

    An interruption is one message, too; its exit code is a shell's: 128 and the signal's number.
    """
    try:
        with _interruptible():
            yield
    except BrokenPipeError:  # Whoever read, as in `tenfold leaderboard | head`, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) or processes.interruptions:
            print(INTERRUPTED, file=sys.stderr)
            sys.exit(128 + [*processes.interruptions, signal.SIGINT][0])
        message = str(error) if isinstance(error, UserError) else runtime.unusable(error)
        if message is None:
            raise
        print(f"error: {runtime.masked(message)}", file=sys.stderr)
        sys.exit(2)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Turn signals into KeyboardInterrupt, except those that somebody else handles or ignores."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    given = {number: signal.getsignal(number) for number in processes.INTERRUPTIONS}
    ours = [n for n, by in given.items() if by in (signal.SIG_DFL, signal.default_int_handler)]
    for number in ours:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, given[number])


def _interrupt(number: int, frame: FrameType | None) -> None:
    processes.interruptions.append(number)
    raise KeyboardInterrupt


def _end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print how the program ended outside of `one_message`."""
    if issubclass(kind, KeyboardInterrupt):
        if not processes.interruptions:  # Else `one_message` has said so.
            print(INTERRUPTED, file=sys.stderr)
    else:
        lines = traceback.format_exception(kind, error, trace)
        print(runtime.masked("".join(lines)), end="", file=sys.stderr)


sys.excepthook = _end
if "DVC_STAGE" in os.environ:  # A stage: its DVC may be killed while it imports the rest.
    runtime.die_with_parent()
