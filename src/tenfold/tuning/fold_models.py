"""The folds' models of a family's best configuration, from stage cross_validate to stage train."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from tenfold import runtime
from tenfold.dataset.folds import Folds
from tenfold.models import Family, Fitted
from tenfold.models.shared import digests, predictor
from tenfold.models.shared.predictor import Predictor


def write(folder: Path, models: Path | None, pretrained: Predictor | None) -> None:
    """Keep the folds' models, if the family has them as one, and what they started from."""
    folder.mkdir()
    described = {"donor": pretrained is not None, "kept": models is not None}
    runtime.write_json(folder / "members.json", described)
    if models is not None:
        shutil.copytree(models, folder / "models")
    if pretrained is not None:
        (folder / "donor").mkdir()
        pretrained.save(folder / "donor")
    digests.write(folder)


def kept(folder: Path) -> bool:
    """Whether there are models in `folder`."""
    return bool(runtime.read_json(folder / "members.json")["kept"])


def bagged(folder: Path, strategy: Literal["auto", "bag", "refit"], folds: Folds | None) -> bool:
    """Whether the models in `folder` are the last fit; auto says no where some saw little."""
    bag = strategy == "bag" or (strategy == "auto" and folds is not None and folds.even)
    return bag and kept(folder)


def load(folder: Path, family: Family) -> Fitted:
    """The folds' models as one."""
    digests.check(folder)
    return family.load(folder / "models")


def pretrained(folder: Path) -> Predictor | None:
    """What the models started from."""
    digests.check(folder)
    if not runtime.read_json(folder / "members.json")["donor"]:
        return None
    return predictor.load(folder / "donor")
