"""When results were made and how long it took: kept beside the outputs, which hold no times."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tenfold.runtime.files import read_stamp, write_json
from tenfold.runtime.fingerprints import digest
from tenfold.runtime.locks import SCRATCH

TIMINGS = SCRATCH / "timings"


@dataclass(frozen=True)
class Timing:
    """The start, in seconds since 1970, and the wall-clock seconds that a program has run."""

    start: float
    seconds: float


@contextmanager
def timed(made: Path | None) -> Iterator[None]:
    """Keep how long the block took that makes the folder `made`; nothing if it fails.

    The folder's digest is the key, so that results which DVC restores get their own time back. Of
    a search that was interrupted it is the time since it went on.
    """
    start, clock = time.time(), time.monotonic()
    yield
    if made is not None:
        taken = Timing(start, time.monotonic() - clock)
        write_json(_file(digest(made)), asdict(taken))


def timing(made: str) -> Timing | None:
    """The timing of a folder with this digest; None if it was made elsewhere."""
    kept = read_stamp(_file(made))
    return Timing(**kept) if kept else None


def _file(made: str) -> Path:
    return TIMINGS / f"{made}.json"
