"""The trained models that others start from: transfer learning's `init_from`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tenfold import runtime
from tenfold.dataset import Schema
from tenfold.models.shared import predictor
from tenfold.models.shared.predictor import Predictor
from tenfold.params import ENSEMBLE


def fetch(
    address: str, family: str, schema: Schema, load_registered: Callable[[str], Any]
) -> Predictor:
    """The model at `models:/<name>@<alias>`, or in a folder that stage train wrote.

    Args:
        address: what `init_from` says.
        family: the family that is to start from it.
        schema: the columns of this experiment.
        load_registered: loads `models:/...`; handed in, since only `tracking` knows MLflow.

    Raises:
        runtime.UserError: if it is missing, is of another family, or has other columns.
    """
    where = f"models.{family}.init_from"
    registered = address.startswith("models:/")
    found = (
        _registered(address, load_registered, where)
        if registered
        else _stored(address, family, where)
    )
    if found.family == ENSEMBLE:
        raise runtime.UserError(
            f"{where} must name a trained {family}, but {address!r} is an ensemble of several "
            "models: name the folder outputs/train/<family> of its experiment, or remove init_from"
        )
    if found.family != family:
        raise runtime.UserError(
            f"{where} must name a trained {family}, but {address!r} is of family {found.family}: "
            "name one, or remove init_from"
        )
    for kind in ("numeric", "categorical", "dates"):
        theirs, ours = getattr(found.schema, kind), getattr(schema, kind)
        if theirs != ours:
            raise runtime.UserError(
                f"{where}: {address!r} was trained on other {kind} columns "
                f"({_difference(theirs, ours)}): start from a model of the same columns, in the "
                "same order"
            )
    return found


def _difference(theirs: Sequence[str], ours: Sequence[str]) -> str:
    """The first columns that are in only one of two lists."""
    only = {
        "that model alone has": [name for name in theirs if name not in ours],
        "this table alone has": [name for name in ours if name not in theirs],
    }
    said = [f"{whose} {', '.join(names[:3])}" for whose, names in only.items() if names]
    return "; ".join(said) or f"its order is {', '.join(theirs[:3])}, ..."


def _registered(address: str, load: Callable[[str], Any], where: str) -> Predictor:
    found = None
    with contextlib.suppress(NotImplementedError):
        found = load(address).get_raw_model()
    if not isinstance(found, Predictor):
        raise runtime.UserError(
            f"{where}: {address!r} was not registered by tenfold: name a model that was"
        )
    return found


def _stored(address: str, family: str, where: str) -> Predictor:
    own = Path("outputs/train").resolve()
    if Path(address).resolve().is_relative_to(own / family):
        raise runtime.UserError(
            f"{where}: {address!r} is what this very family leaves behind, and another one after "
            "every run: copy it to a folder outside outputs/ and name that"
        )
    for folder in (Path(address), Path(address) / "model"):
        if (folder / predictor.DESCRIBED).is_file():
            return predictor.load(folder)
    raise runtime.UserError(
        f"{where}: there is no trained model in {address!r}: name models:/<name>@<alias>, or the "
        "folder outputs/train/<family> of an experiment that has run"
    )
