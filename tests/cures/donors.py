"""A trained model that others start from, and the table whose columns it knows."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from tenfold.models.shared import assembling
from tenfold.models.shared.ensemble import Part
from tests import bags

OF_BAG = {"t.csv": bags.table().assign(y=["no", "yes"] * 30).to_csv(index=False)}


def trained(path: Path) -> None:
    """A folder as stage train leaves it, of a bag of networks."""
    model = path / "model"
    model.mkdir(parents=True)
    bag().predictor.save(model)


def combined(path: Path) -> None:
    """A folder as stage select_model leaves it, of an ensemble."""
    model = path / "model"
    model.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        bag().predictor.save(Path(folder))
        assembling.assemble(model, [Part("mlp", 0, 1.0)], [Path(folder)])


@cache
def bag() -> bags.Bag:
    """Networks of the folds, trained once."""
    return bags.bag()
