"""What every program of tenfold rests on: errors, files, locks, processes."""

from __future__ import annotations

from tenfold.runtime.errors import UserError, did_you_mean, nearest, shown, unusable
from tenfold.runtime.files import (
    directory,
    read_json,
    read_rows,
    read_stamp,
    write_json,
    write_rows,
    write_text,
)
from tenfold.runtime.fingerprints import (
    code_digest,
    derive_seed,
    digest,
    fingerprint,
    installation,
    is_current,
    scratch,
    stamp,
)
from tenfold.runtime.locks import SCRATCH, TemporaryFolder, discard, lock, remove_undeclared
from tenfold.runtime.processes import (
    check_folder,
    check_interrupted,
    check_user,
    die_with_parent,
)
from tenfold.runtime.secrets import mask_lines, masked, secrets

__all__ = [
    "SCRATCH",
    "TemporaryFolder",
    "UserError",
    "check_folder",
    "check_interrupted",
    "check_user",
    "code_digest",
    "derive_seed",
    "did_you_mean",
    "die_with_parent",
    "digest",
    "directory",
    "discard",
    "fingerprint",
    "installation",
    "is_current",
    "lock",
    "mask_lines",
    "masked",
    "nearest",
    "read_json",
    "read_rows",
    "read_stamp",
    "remove_undeclared",
    "scratch",
    "secrets",
    "shown",
    "stamp",
    "unusable",
    "write_json",
    "write_rows",
    "write_text",
]
