"""What every program of tenfold rests on: errors, files, locks, processes."""

from __future__ import annotations

from tenfold.runtime import custom_code
from tenfold.runtime.errors import UserError, did_you_mean, nearest, shown, unusable
from tenfold.runtime.files import (
    directory,
    matching,
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
    scratch,
    source_digests,
)
from tenfold.runtime.locks import SCRATCH, TemporaryFolder, discard, lock, remove_undeclared
from tenfold.runtime.processes import (
    check_folder,
    check_interrupted,
    check_user,
    die_with_parent,
)
from tenfold.runtime.secrets import mask_lines, masked, secrets
from tenfold.runtime.stamps import (
    checked_params,
    is_current,
    note_checked,
    params_fingerprint,
    stamp,
)
from tenfold.runtime.timings import Timing, timed, timing

__all__ = [
    "SCRATCH",
    "TemporaryFolder",
    "Timing",
    "UserError",
    "check_folder",
    "check_interrupted",
    "check_user",
    "checked_params",
    "code_digest",
    "custom_code",
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
    "matching",
    "nearest",
    "note_checked",
    "params_fingerprint",
    "read_json",
    "read_rows",
    "read_stamp",
    "remove_undeclared",
    "scratch",
    "secrets",
    "shown",
    "source_digests",
    "stamp",
    "timed",
    "timing",
    "unusable",
    "write_json",
    "write_rows",
    "write_text",
]
