"""What every stage needs to be hard to break: refusals, locks, atomic writes, fingerprints."""

from __future__ import annotations

import contextlib
import csv
import ctypes
import fcntl
import hashlib
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

SCRATCH = Path(".tenfold")
# Set by Ctrl-C, which may have met a library that makes an error of its own of it.
interrupted = threading.Event()


class Refused(Exception):
    """A user's mistake: the rule, the value that broke it and the cure, in one message."""


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
        Refused: if it cannot.
    """
    marks = set(str(Path.cwd()))
    if "%" in marks or {"'", '"'} <= marks:
        raise Refused(
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
        Refused: if another process holds it and `wait` is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            file.seek(0)
            raise Refused(
                f"{path.stem} is already running here, as process {file.read().strip()}: "
                "wait for it or stop it, then run again"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextlib.contextmanager
def directory(path: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `path` only if the block succeeds.

    Files are synced and the folder is renamed into place, so a reader never sees half of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield staging
        for file in sorted(staging.rglob("*")):
            _sync(file)
        staging.chmod(0o755)
        _sync(staging)
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
            path.rename(old / "replaced")
            staging.rename(path)
            shutil.rmtree(old)
        else:
            staging.rename(path)
        _sync(path.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically: temporary file, sync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    staging = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        staging.chmod(0o644)
        staging.replace(path)
        _sync(path.parent)
    finally:
        staging.unlink(missing_ok=True)


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


def fingerprint(*parts: Any) -> str:
    """SHA-256 of the canonical JSON of `parts`: the same for equal values on any machine."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's relative names and contents."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return fingerprint([(file.relative_to(path).as_posix(), digest(file)) for file in files])
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def scratch(kind: str, *parts: Any) -> Path:
    """A folder for work that must survive a crash, named by all that the work depends on.

    `parts` name the inputs; tenfold's own code is always one of them.
    """
    return SCRATCH / kind / fingerprint(code_digest(), *parts)[:16]


def code_digest() -> str:
    """SHA-256 of tenfold's own source."""
    package = Path(__file__).parent
    files = sorted(package.rglob("*.py"))
    return fingerprint([(file.relative_to(package).as_posix(), digest(file)) for file in files])


def is_current(stage: str, inputs: Any, outputs: Path) -> bool:
    """Whether a stage that DVC always runs has made `outputs` of these inputs."""
    stamp = SCRATCH / "stamps" / f"{stage}.json"
    if inputs is None or not stamp.exists() or not outputs.exists():
        return False
    return bool(read_json(stamp) == [fingerprint(code_digest(), inputs), digest(outputs)])


def stamp(stage: str, inputs: Any, outputs: Path) -> None:
    """Remember what a stage has made of what."""
    made = [fingerprint(code_digest(), inputs), digest(outputs)]
    write_json(SCRATCH / "stamps" / f"{stage}.json", made)


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


def installation() -> dict[str, Any]:
    """Which tenfold and which libraries a result comes from: an upgrade shows in it."""
    from importlib import metadata

    needed = [
        require for require in metadata.requires("tenfold") or () if "extra ==" not in require
    ]
    names = sorted(re.split(r"[^A-Za-z0-9._-]", require)[0] for require in needed)
    return {"code": code_digest(), "libraries": {name: metadata.version(name) for name in names}}


def discard(folder: Path) -> None:
    """Remove a scratch folder whose work has been written to an output."""
    shutil.rmtree(folder, ignore_errors=True)


def derive_seed(*parts: Any) -> int:
    """A 31-bit seed that depends on every part, and on nothing else."""
    return int(fingerprint(*parts)[:8], 16) & 0x7FFF_FFFF


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
