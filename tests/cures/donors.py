"""A trained model that others start from, and the table whose columns it knows."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests import bags

OF_BAG = {"t.csv": bags.table().assign(y=["no", "yes"] * 30).to_csv(index=False)}


def trained(path: Path) -> None:
    """A folder as stage train leaves it, of a bag of networks."""
    model = path / "model"
    model.mkdir(parents=True)
    _bag().predictor.save(model)


@cache
def _bag() -> bags.Bag:
    return bags.bag()
