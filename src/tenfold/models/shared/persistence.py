"""Fitted scikit-learn objects as files: no pickle, and the same bytes for the same object.

skops names its nodes by memory address and stamps its zip entries with the time;
both are rewritten here, so that DVC sees an unchanged model as unchanged.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tenfold.models.shared.packed_trees import packed, unpacked
from tenfold.runtime import UserError

# Types in our own families' models, beyond those that skops trusts by default. A partial calls a
# function that is trusted itself: HistGradientBoosting's check_array.
TRUSTED = [
    "functools.partial",
    "numpy.dtype",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss._loss.CyHalfMultinomialLoss",
    "sklearn._loss._loss.CyHalfSquaredError",
    "sklearn._loss.link.Interval",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
    "tenfold.preprocessing.constants.VaryingColumns",
    "tenfold.preprocessing.date_parts.DateParts",
    "tenfold.preprocessing.raw_numbers.RawNumbers",
    "tenfold.preprocessing.target_encoding.TargetEncoding",
]
_EPOCH = (1980, 1, 1, 0, 0, 0)


def save(estimator: Any, path: Path, trusted: Sequence[str] = ()) -> None:
    """Write a fitted estimator or transformer.

    Raises:
        UserError: if it holds a type that is neither in TRUSTED nor in `trusted`, so that it could
            not be loaded.
    """
    from skops.io import dumps, get_untrusted_types

    content = dumps(packed(estimator))
    unknown = set(get_untrusted_types(data=content)) - {*TRUSTED, *trusted}
    if unknown:
        raise UserError(
            f"a fitted {type(estimator).__name__} holds types that are not trusted, so that it "
            f"could not be loaded again: {', '.join(sorted(unknown))}: choose other parameters, or "
            "name these types in the family's file, ScikitFamily(build, trusted=[...]), if their "
            "code may run whenever the model is loaded"
        )
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        tree = json.loads(source.read("schema.json"))
        names = _renumber(tree)
        with zipfile.ZipFile(path, "w") as target:
            for old, new in names.items():
                _write(target, new, source.read(old))
            _write(target, "schema.json", json.dumps(tree, sort_keys=True).encode())


def load(path: Path, trusted: Sequence[str] = ()) -> Any:
    """Read what `save` wrote; a type that is neither in TRUSTED nor in `trusted` is an error."""
    from skops.io import load as read

    return unpacked(read(path, trusted=[*TRUSTED, *trusted]))


def _renumber(tree: Any) -> dict[str, str]:
    """Replace addresses by ordinals, in place; return {old file name: new file name}."""
    ordinals: dict[int, int] = {}
    names: dict[str, str] = {}
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(reversed(node))
            continue
        if not isinstance(node, dict):
            continue
        if "__id__" in node:
            node["__id__"] = ordinals.setdefault(node["__id__"], len(ordinals) + 1)
        if isinstance(node.get("file"), str):
            suffix = Path(node["file"]).suffix
            node["file"] = names.setdefault(node["file"], f"{len(names):06d}{suffix}")
        stack.extend(node[key] for key in sorted(node, reverse=True))
    return names


def _write(target: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    target.writestr(entry, content, compresslevel=1)
