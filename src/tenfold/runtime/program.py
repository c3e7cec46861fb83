"""How a program of tenfold runs and ends. It imports this first.

The other imports take seconds, and an interruption among them is to be answered in a sentence, too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType

from tenfold import runtime
from tenfold.runtime import UserError

INTERRUPTED = "interrupted: run the same command again to go on"


def run(name: str, main: Callable[[], None]) -> None:
    """Run `main` as stage `name`: alone, dying with its parent, exit code 2 when refused."""
    with one_message():
        runtime.check_folder()
        runtime.die_with_parent()
        with runtime.lock(runtime.SCRATCH / "locks" / f"{name}.lock"):
            main()


@contextlib.contextmanager
def one_message() -> Iterator[None]:
    """Turn a refusal into one message and exit code 2, and an interruption into 130."""
    try:
        with _remembering():
            yield
    except BrokenPipeError:  # Whoever read, as in `tenfold leaderboard | head`, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except (KeyboardInterrupt, Exception) as error:
        if isinstance(error, KeyboardInterrupt) or runtime.interrupted.is_set():
            print(INTERRUPTED, file=sys.stderr)
            sys.exit(130)
        if not isinstance(error, UserError):
            raise
        print(f"error: {runtime.masked(str(error))}", file=sys.stderr)
        sys.exit(2)


@contextlib.contextmanager
def _remembering() -> Iterator[None]:
    """Remember Ctrl-C, unless somebody else has said what becomes of it."""
    given = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    if given is not signal.default_int_handler or not main:
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, given)


def _interrupt(number: int, frame: FrameType | None) -> None:
    runtime.interrupted.set()
    raise KeyboardInterrupt


def _end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say what ended the program outside of `one_message`."""
    if issubclass(kind, KeyboardInterrupt):
        print(INTERRUPTED, file=sys.stderr)
    else:
        lines = traceback.format_exception(kind, error, trace)
        print(runtime.masked("".join(lines)), end="", file=sys.stderr)


sys.excepthook = _end
