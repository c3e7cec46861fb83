"""What every program of tenfold rests on: errors, files, fingerprints, processes."""

from __future__ import annotations

from tenfold.runtime.errors import UserError, did_you_mean, nearest, shown
from tenfold.runtime.files import (
    directory,
    discard,
    read_json,
    read_rows,
    write_json,
    write_rows,
    write_text,
)
from tenfold.runtime.fingerprints import (
    SCRATCH,
    code_digest,
    derive_seed,
    digest,
    fingerprint,
    installation,
    is_current,
    scratch,
    stamp,
)
from tenfold.runtime.processes import (
    check_folder,
    check_interrupted,
    die_with_parent,
    interrupted,
    lock,
    temporary,
)
from tenfold.runtime.secrets import mask_lines, masked, secrets

__all__ = [
    "SCRATCH",
    "UserError",
    "check_folder",
    "check_interrupted",
    "code_digest",
    "derive_seed",
    "did_you_mean",
    "die_with_parent",
    "digest",
    "directory",
    "discard",
    "fingerprint",
    "installation",
    "interrupted",
    "is_current",
    "lock",
    "mask_lines",
    "masked",
    "nearest",
    "read_json",
    "read_rows",
    "scratch",
    "secrets",
    "shown",
    "stamp",
    "temporary",
    "write_json",
    "write_rows",
    "write_text",
]
