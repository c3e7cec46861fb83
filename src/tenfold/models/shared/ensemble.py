"""Trained models of several families as one: their weighted mean is the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tenfold import models, runtime
from tenfold.metrics import Array
from tenfold.models.shared import bag
from tenfold.models.shared.contract import Fitted, NoSpread
from tenfold.params import ENSEMBLE

_DESCRIBED = "ensemble.json"
# The source of a family of one's own, beside its model.
_CODE = "family.py"


@dataclass(frozen=True)
class Part:
    """What an ensemble is to hold of a trained model, or holds.

    Attributes:
        family: of the model.
        runner_up: 0 for the family's best configuration, 1 for the next best.
        weight: of its prediction; those of all parts sum to one.
        transformers: the places of its preprocessing among all that the ensemble has.
    """

    family: str
    runner_up: int
    weight: float
    transformers: Sequence[int] = ()


class Ensemble:
    """Fitted models that predict their weighted mean; preprocessing that they share runs once.

    Args:
        parts: what is known of each member.
        members: the models.
        codes: the source of each member's family, if that is not built in.
    """

    def __init__(
        self, parts: Sequence[Part], members: Sequence[Fitted], codes: Sequence[str | None]
    ) -> None:
        self.parts = list(parts)
        self.members = list(members)
        self.codes = list(codes)
        self.history: list[dict[str, float]] = []

    @property
    def findings(self) -> list[str]:
        """Each different finding of the members, once."""
        return list(dict.fromkeys(found for member in self.members for found in member.findings))

    def predict(self, inputs: Sequence[Array]) -> Array:
        """Values (n,), or class probabilities (n, C), for one array a transformer."""
        return self._mean([member.predict(own) for member, own in self._with_inputs(inputs)])

    def draws(self, inputs: Sequence[Array], n_samples: int, seed: int) -> Array:
        """Two draws (2, n) or (2, n, C) with the mean and standard deviation of the mixture.

        The mixture takes a member as often as its weight says, then one of its own draws; a
        member that has no spread has one draw, its prediction.

        Raises:
            NoSpread: if there is one member only, and it has none.
        """
        means, variances = [], []
        for member, own in self._with_inputs(inputs):
            try:
                drawn = member.draws(own, n_samples, seed)
            except NoSpread:
                if len(self.members) == 1:
                    raise
                drawn = member.predict(own)[None]
            means.append(drawn.mean(axis=0))
            variances.append(drawn.var(axis=0))
        mean = self._mean(means)
        between = [np.square(own - mean) for own in means]
        spread = np.sqrt(self._mean(variances) + self._mean(between))
        return np.stack([mean - spread, mean + spread])

    def _with_inputs(self, inputs: Sequence[Array]) -> list[tuple[Fitted, list[Array]]]:
        return [
            (member, [inputs[number] for number in part.transformers])
            for part, member in zip(self.parts, self.members, strict=True)
        ]

    def _mean(self, values: Sequence[Array]) -> Array:
        total = np.zeros_like(values[0])
        for part, value in zip(self.parts, values, strict=True):
            total += part.weight * value
        return total

    def save(self, folder: Path) -> None:
        """Write `ensemble.json`, and a folder for each member."""
        describe(folder, self.parts)
        for number, (member, code) in enumerate(zip(self.members, self.codes, strict=True)):
            own = member_folder(folder, number)
            own.mkdir()
            member.save(own)
            write_code(own, code)


def describe(folder: Path, parts: Sequence[Part]) -> None:
    """Write what `load` reads beside the members' folders."""
    runtime.write_json(folder / _DESCRIBED, {"members": [asdict(part) for part in parts]})


def member_folder(folder: Path, number: int) -> Path:
    """Where a member's files are."""
    return folder / f"member-{number}"


def write_code(folder: Path, code: str | None) -> None:
    """Write the source of a family of one's own beside its model."""
    if code is not None:
        runtime.write_text(folder / _CODE, code)


def read_code(folder: Path) -> str | None:
    """What `write_code` wrote."""
    own = folder / _CODE
    return own.read_text("utf-8") if own.exists() else None


def load(folder: Path, family: str) -> Fitted:
    """Read the model of a family, a bag of its models, or an ensemble."""
    if family != ENSEMBLE:
        own = folder / _CODE
        return bag.load(folder, models.family(family, own if own.exists() else None))
    described: list[dict[str, Any]] = runtime.read_json(folder / _DESCRIBED)["members"]
    parts = [Part(**part) for part in described]
    folders = [member_folder(folder, number) for number in range(len(parts))]
    members = [load(own, part.family) for own, part in zip(folders, parts, strict=True)]
    return Ensemble(parts, members, list(map(read_code, folders)))
