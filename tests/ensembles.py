"""A small ensemble: a bag of networks, and two linear models that share its preprocessing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenfold import models
from tenfold.models.shared import assembling
from tenfold.models.shared.ensemble import Part
from tenfold.models.shared.predictor import Predictor
from tests.bags import Bag, bag, parameters, setting

WEIGHTS = [0.5, 0.3, 0.2]


def linear(found: Bag, task: Any, alpha: float) -> Predictor:
    """Fitted on all rows, preprocessed as the first of a bag's folds."""
    data, transformer = found.data, found.predictor.transformers[0]
    model = models.family("linear").fit(
        parameters("linear", alpha=alpha),
        transformer.transform(data.X),
        data.y,
        0,
        setting(task),
        None,
    )
    return Predictor("linear", data.schema, [transformer], model)


def trained(task: Any) -> list[Predictor]:
    """A bag of networks with dropout, and two models that share a transformer with it."""
    found = bag(task=task, dropout=0.2)
    return [found.predictor, linear(found, task, 1.0), linear(found, task, 9.0)]


def assembled(folder: Path, members: list[Predictor], weights: list[float] = WEIGHTS) -> Path:
    folders = []
    for number, member in enumerate(members):
        folders.append(folder / f"trained-{number}")
        folders[-1].mkdir(parents=True)
        member.save(folders[-1])
    own = folder / "ensemble"
    own.mkdir()
    parts = [
        Part(member.family, number % 2, weight)
        for number, (member, weight) in enumerate(zip(members, weights, strict=True))
    ]
    assembling.assemble(own, parts, folders)
    return own
