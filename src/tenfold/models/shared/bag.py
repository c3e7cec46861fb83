"""Several fitted models as one: each gets its own inputs, and their mean is the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tenfold import runtime
from tenfold.metrics import Array
from tenfold.models.shared.contract import Family, Fitted, NoSpread
from tenfold.models.shared.transformed_target import undo_as_saved

_DESCRIBED = "bag.json"


class Bag:
    """Fitted models, such as those of the folds, that predict their mean (Breiman 1996)."""

    def __init__(self, members: Sequence[Fitted]) -> None:
        self.members = list(members)
        self.history: list[dict[str, float]] = []

    @property
    def findings(self) -> list[str]:
        """Each different finding of the members, once."""
        return list(dict.fromkeys(found for member in self.members for found in member.findings))

    def predict(self, inputs: Sequence[Array]) -> Array:
        """Values (n,), or class probabilities (n, C): the mean over the members."""
        total, *others = self._predictions(inputs)
        for prediction in others:
            total = total + prediction
        return total / len(self.members)

    def draws(self, inputs: Sequence[Array], n_samples: int, seed: int) -> Array:
        """The members' predictions (k, n) or (k, n, C); `n_samples` and `seed` do not matter.

        Raises:
            NoSpread: if there is one member only.
        """
        if len(self.members) == 1:
            raise NoSpread("a bag of one model has no spread")
        return self.predict_each(inputs)

    def predict_each(self, inputs: Sequence[Array]) -> Array:
        """Each model's prediction, (k, n) or (k, n, C)."""
        return np.stack(list(self._predictions(inputs)))

    def _predictions(self, inputs: Sequence[Array]) -> Iterator[Array]:
        for member, own in zip(self.members, inputs, strict=True):
            yield member.predict([own])

    def save(self, folder: Path) -> None:
        """Write `bag.json`, and a folder for each member."""
        runtime.write_json(folder / _DESCRIBED, {"n_members": len(self.members)})
        for number, member in enumerate(self.members):
            own = _member(folder, number)
            own.mkdir()
            member.save(own)


def load(folder: Path, family: Family) -> Fitted:
    """Read what `Bag.save` wrote, or the one model that the family wrote itself."""
    if not (folder / _DESCRIBED).exists():
        return undo_as_saved(family.load(folder), folder)
    n_members = runtime.read_json(folder / _DESCRIBED)["n_members"]
    members = [load(_member(folder, number), family) for number in range(n_members)]
    return undo_as_saved(Bag(members), folder)


def _member(folder: Path, number: int) -> Path:
    return folder / f"member-{number}"
