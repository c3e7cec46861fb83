"""The trained models that others start from: transfer learning's `init_from`."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tenfold import predictor, runtime, tracking
from tenfold.dataset import Schema
from tenfold.predictor import Predictor


def fetch(address: str, family: str, schema: Schema) -> Predictor:
    """The model at `models:/<name>@<alias>`, or in a folder that stage train wrote.

    Args:
        address: what `init_from` says.
        family: the family that is to start from it.
        schema: the columns of this experiment.

    Raises:
        runtime.Refused: if it is not there, is of another family, or has other columns.
    """
    where = f"models.{family}.init_from"
    registered = address.startswith("models:/")
    found = _registered(address, where) if registered else _stored(address, where)
    if found.family != family:
        raise runtime.Refused(
            f"{where} must name a trained {family}, but {address!r} is of family {found.family}"
        )
    for kind in ("numeric", "categorical"):
        theirs, ours = getattr(found.schema, kind), getattr(schema, kind)
        if theirs != ours:
            odd = sorted(set(theirs) ^ set(ours)) or list(theirs)
            raise runtime.Refused(
                f"{where}: {address!r} was trained on other {kind} columns ({', '.join(odd[:5])}): "
                "start from a model of the same columns, in the same order"
            )
    return found


def _registered(address: str, where: str) -> Predictor:
    found = None
    with contextlib.suppress(NotImplementedError):
        found = tracking.load_model(address).get_raw_model()
    if not isinstance(found, Predictor):
        raise runtime.Refused(
            f"{where}: {address!r} was not registered by tenfold: name a model that was"
        )
    return found


def _stored(address: str, where: str) -> Predictor:
    for folder in (Path(address), Path(address) / "model"):
        if (folder / "predictor.json").is_file():
            return predictor.load(folder)
    raise runtime.Refused(
        f"{where}: there is no trained model in {address!r}: name models:/<name>@<alias>, or the "
        "folder outputs/train/<family> of an experiment that has run"
    )
