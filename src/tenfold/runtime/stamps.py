"""What lets a stage that DVC always runs return at once: what its last run has seen and made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tenfold.runtime.files import read_stamp, write_json, write_text
from tenfold.runtime.fingerprints import code_digest, digest, fingerprint, package_digest
from tenfold.runtime.locks import SCRATCH

STAMPS = SCRATCH / "stamps"
PARAMS = Path("params.yaml")


def is_current(stage: str, inputs: Any, outputs: Path) -> bool:
    """Whether a stage that DVC always runs has already made `outputs` from these inputs."""
    noted = read_stamp(STAMPS / f"{stage}.json")
    if inputs is None or noted is None or not outputs.exists():
        return False
    return bool(noted == [fingerprint(package_digest(), inputs), digest(outputs)])


def stamp(stage: str, inputs: Any, outputs: Path) -> None:
    """Note which outputs a stage has made from which inputs, unless these are None: unknown."""
    if inputs is not None:
        made = [fingerprint(package_digest(), inputs), digest(outputs)]
        write_json(STAMPS / f"{stage}.json", made)


def checked_params() -> Any:
    """The values of params.yaml as `note_checked` was given them.

    None if there are none, or if the file or the code has changed since. A stage that finds
    nothing to do need not check the file again, which takes longer than all else that it looks at.
    """
    noted = read_stamp(STAMPS / PARAMS.with_suffix(".json"))
    known = isinstance(noted, list) and PARAMS.exists() and noted[0] == params_fingerprint()
    return noted[1] if known else None


def note_checked(values: Any, seen: str) -> None:
    """Keep the values of a params.yaml that was found valid.

    Args:
        values: all that the file says or leaves to a default, as JSON.
        seen: `params_fingerprint()` before it was read; nothing is kept if it has changed since.
    """
    if params_fingerprint() == seen:  # The order of families decides ties, so no keys are sorted.
        write_text(STAMPS / PARAMS.with_suffix(".json"), json.dumps([seen, values]))


def params_fingerprint() -> str:
    """Fingerprint of params.yaml's bytes and of the code that checks them."""
    return fingerprint(code_digest(), digest(PARAMS) if PARAMS.exists() else None)
