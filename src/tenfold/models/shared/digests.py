"""Digests of a model folder's files: written with them, checked whenever the model is loaded."""

from __future__ import annotations

import functools
import hashlib
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tenfold import runtime
from tenfold.params import read_yaml
from tenfold.runtime import UserError

DIGESTS = "digests.json"
LOCK = Path("dvc.lock")


@dataclass(frozen=True)
class DvcOutput:
    """An output in dvc.lock: its path, and the MD5 of each of its files by relative name."""

    path: Path
    files: dict[str, str]


def write(folder: Path) -> None:
    """Write the digest of every file below a folder into it, and a digest of these."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    names = {file.relative_to(folder).as_posix(): runtime.digest(file) for file in files}
    runtime.write_json(folder / DIGESTS, {"all": runtime.fingerprint(names), "files": names})


def check(folder: Path) -> None:
    """Compare a folder's files with their digests; a model of an earlier version has none.

    Raises:
        UserError: naming the first file that is not as it was written, and what mends it.
    """
    if not (folder / DIGESTS).exists():
        return
    try:
        written = runtime.read_json(folder / DIGESTS)
        intact = written["all"] == runtime.fingerprint(written["files"])
    except (ValueError, KeyError, TypeError):
        intact = False
    if not intact:
        raise _damaged(folder / DIGESTS)
    for name, digest in written["files"].items():
        file = folder / name
        if not file.is_file() or runtime.digest(file) != digest:
            raise _damaged(file)


def _damaged(file: Path) -> UserError:
    return UserError(f"{file} is damaged: it is not as it was written. {_cure(file)}")


def _cure(file: Path) -> str:
    """The commands that bring a file back, from DVC's cache unless that is damaged, too."""
    outputs = _outputs()
    own = next((out for _, out in outputs if file.resolve().is_relative_to(out.path)), None)
    if own is None:
        model = next((folder for folder in file.parents if (folder / "MLmodel").exists()), None)
        if model is None:
            return "Copy its folder again from where it came"
        return f"Remove the registered files and publish again: `rm -r {model} && tenfold publish`"
    objects = {md5: _object(md5) for md5 in own.files.values() if _is_damaged(_object(md5), md5)}
    if not objects:
        path = shlex.quote(os.path.relpath(own.path))
        return (
            f"DVC's cache has it undamaged: `rm -r {path} && dvc checkout {path}`, then `dvc repro`"
        )
    # Outputs with the same content share an object: all that were restored from it are made again.
    stages = dict.fromkeys(
        stage
        for stage, out in outputs
        for name, md5 in out.files.items()
        if out is own or (md5 in objects and _is_damaged(out.path / name, md5))
    )
    removed = shlex.join(map(str, objects.values()))
    return (
        f"DVC's cache has it damaged, too: `rm -f {removed} && dvc repro --force --single-item "
        f"{' '.join(stages)}` removes it there and makes it again; then `dvc repro`"
    )


def _outputs() -> list[tuple[str, DvcOutput]]:
    """Every stage with an output that dvc.lock names, in its order."""
    stages = read_yaml(LOCK)["stages"] if LOCK.exists() else {}
    found = []
    for stage, entry in stages.items():
        for out in entry.get("outs", []):
            md5, listing = out["md5"], _object(out["md5"])
            files = {"": md5}
            if md5.endswith(".dir") and listing.is_file():
                files = {each["relpath"]: each["md5"] for each in runtime.read_json(listing)}
            found.append((stage, DvcOutput(Path(out["path"]).resolve(), files)))
    return found


@functools.cache
def _cache() -> Path:
    dvc = str(Path(sys.executable).with_name("dvc"))
    asked = subprocess.run([dvc, "cache", "dir"], capture_output=True, text=True, check=False)
    return Path(asked.stdout.strip() or ".dvc/cache") / "files" / "md5"


def _object(md5: str) -> Path:
    """Where DVC's cache keeps the file of an MD5."""
    return _cache() / md5[:2] / md5[2:]


def _is_damaged(file: Path, md5: str) -> bool:
    """Whether a file is missing or has another MD5."""
    if not file.is_file():
        return True
    with file.open("rb") as content:
        return hashlib.file_digest(content, "md5").hexdigest() != md5
