"""Fingerprints of values, files and code, and what they decide: seeds and scratch names."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tenfold.runtime.files import matching
from tenfold.runtime.locks import SCRATCH

# Folders of a project's own code, and those of them whose code is trained with.
OWN_CODE = ("families", "losses", "metrics")
TRAINING_CODE = ("families", "losses")


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


def source_digests(path: str) -> list[str]:
    """A path or pattern, and each file that it names with its SHA-256."""
    files = [file for file in matching(path) if file.is_file()]
    return [path, *(f"{file}: {digest(file)}" for file in files)]


def code_digest(folders: Iterable[str] = OWN_CODE) -> str:
    """SHA-256 of tenfold's own source, and of the project's own code if there is any."""
    own = [
        [f"{file}", digest(file)] for kind in folders for file in sorted(Path(kind).glob("*.py"))
    ]
    return fingerprint(package_digest(), own) if own else package_digest()


@functools.cache
def package_digest() -> str:
    """SHA-256 of tenfold's own source, templates of pages included."""
    package = Path(__file__).parent.parent
    files = sorted([*package.rglob("*.py"), *package.rglob("*.j2")])
    return fingerprint([(file.relative_to(package).as_posix(), digest(file)) for file in files])


def installation() -> dict[str, Any]:
    """The installed code and versions of libraries: what an upgrade changes."""
    from importlib import metadata

    needed = [
        require for require in metadata.requires("tenfold") or () if "extra ==" not in require
    ]
    names = sorted(re.split(r"[^A-Za-z0-9._-]", require)[0] for require in needed)
    libraries = {}
    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):  # Not every system needs each.
            libraries[name] = metadata.version(name)
    return {"code": package_digest(), "libraries": libraries}


def derive_seed(*parts: Any) -> int:
    """A 31-bit seed that depends on every part, and on nothing else."""
    return int(fingerprint(*parts)[:8], 16) & 0x7FFF_FFFF


def scratch(kind: str, *parts: Any) -> Path:
    """A folder for work that must survive a crash, named by all that the work depends on.

    `parts` name the inputs; the code that trains is always one of them. A metric is not: whoever
    depends on its code says so.
    """
    return SCRATCH / kind / fingerprint(code_digest(TRAINING_CODE), *parts)[:16]
