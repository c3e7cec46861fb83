"""Digests of a model folder's files: written with them, checked whenever the model is loaded."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from tenfold import runtime
from tenfold.params import read_yaml
from tenfold.runtime import UserError

DIGESTS = "digests.json"
LOCK = Path("dvc.lock")


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
    """The commands that bring a file back, from DVC's cache unless the damage came from there."""
    stage, out = _output_of(file)
    if out is None:
        model = next((folder for folder in file.parents if (folder / "MLmodel").exists()), None)
        if model is None:
            return "Copy its folder again from where it came"
        return f"Remove the registered files and publish again: `rm -r {model} && tenfold publish`"
    objects = _damaged_objects(out["md5"])
    if not objects:
        path = shlex.quote(out["path"])
        return (
            f"DVC's cache has it undamaged: `rm -r {path} && dvc checkout {path}`, then `dvc repro`"
        )
    removed = shlex.join(map(str, objects))
    return (
        f"DVC's cache has it damaged, too, in {objects[0]}: remove it there and make it again: "
        f"`rm -f {removed} && dvc repro --force --single-item {stage}`, then `dvc repro`"
    )


def _output_of(file: Path) -> tuple[str, dict[str, Any] | None]:
    """The stage and the entry of dvc.lock that a file belongs to."""
    stages = read_yaml(LOCK)["stages"] if LOCK.exists() else {}
    for stage, entry in stages.items():
        for out in entry.get("outs", []):
            if file.resolve().is_relative_to(Path(out["path"]).resolve()):
                return stage, out
    return "", None


def _damaged_objects(md5: str) -> list[Path]:
    """The objects of an output in DVC's cache that their names, an MD5, contradict."""
    dvc = str(Path(sys.executable).with_name("dvc"))
    asked = subprocess.run([dvc, "cache", "dir"], capture_output=True, text=True, check=False)
    cache = Path(asked.stdout.strip() or ".dvc/cache") / "files" / "md5"

    def place(name: str) -> Path:
        return cache / name[:2] / name[2:]

    names = [md5]
    if md5.endswith(".dir") and place(md5).is_file():
        names = [entry["md5"] for entry in json.loads(place(md5).read_bytes())]
    found = [path for path in map(place, names) if path.is_file()]
    return [path for path in found if _md5(path) != path.parent.name + path.name]


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
