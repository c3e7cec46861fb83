"""The folds' models of a family's best configuration, from stage cross_validate to stage train."""

from __future__ import annotations

import shutil
from pathlib import Path

from tenfold import runtime
from tenfold.models import Family, Fitted
from tenfold.models.shared import bag, digests, predictor
from tenfold.models.shared.predictor import Predictor


def write(folder: Path, models: Path | None, pretrained: Predictor | None) -> None:
    """Write the folds' models, if the family keeps them, and the model that they started from."""
    folder.mkdir()
    described = {"donor": pretrained is not None, "kept": models is not None}
    runtime.write_json(folder / "members.json", described)
    if models is not None:
        shutil.copytree(models, folder / "models")
    if pretrained is not None:
        (folder / "donor").mkdir()
        pretrained.save(folder / "donor")
    digests.write(folder)


def has_models(folder: Path) -> bool:
    """Whether there are models in `folder`."""
    return bool(runtime.read_json(folder / "members.json")["kept"])


def load(folder: Path, family: Family) -> Fitted:
    """The folds' models as a bag."""
    digests.check(folder)
    return bag.load(folder / "models", family)


def load_pretrained(folder: Path) -> Predictor | None:
    """The model that they started from, if any."""
    digests.check(folder)
    if not runtime.read_json(folder / "members.json")["donor"]:
        return None
    return predictor.load(folder / "donor")
