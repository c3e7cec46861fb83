"""A fitted model of a boosting library: its trees, and the scale of its target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from tenfold.metrics import Array, Task
from tenfold.models.shared.contract import NoSpread
from tenfold.models.shared.network_model import TargetScale
from tenfold.runtime import read_json, write_json

DESCRIBED = "boosting.json"


class Booster(Protocol):
    """A library's trees."""

    def outputs(self, X: Array) -> Array:
        """The sum of the trees (n, 1), or (n, C) for many classes: values, or log-odds."""
        ...

    def save(self, folder: Path) -> None:
        """Write the trees in the library's own format."""
        ...


class BoostedModel:
    """Trees that predict in the target's own unit, or class probabilities."""

    def __init__(
        self,
        booster: Booster,
        scale: TargetScale,
        task: Task,
        history: Sequence[dict[str, float]] = (),
    ) -> None:
        self.booster = booster
        self.scale = scale
        self.task: Task = task
        self.history = list(history)
        self.findings: list[str] = []

    def predict(self, inputs: Sequence[Array]) -> Array:
        """Values (n,), or class probabilities (n, C)."""
        (X,) = inputs
        return self.scale.prediction(self.booster.outputs(X), self.task)

    def draws(self, inputs: Sequence[Array], n_samples: int, seed: int) -> Array:
        """Raises NoSpread: a single model has none."""
        raise NoSpread("one boosted model has no spread: keep the folds' with strategy: bag")

    def save(self, folder: Path) -> None:
        """Write `boosting.json` and the library's file."""
        described = {"mean": self.scale.mean, "sd": self.scale.sd, "task": self.task}
        write_json(folder / DESCRIBED, described)
        self.booster.save(folder)

    @classmethod
    def load(cls, folder: Path, load: Callable[[Path], Booster]) -> BoostedModel:
        """Read what `save` wrote; `load` reads the library's file."""
        described = read_json(folder / DESCRIBED)
        scale = TargetScale(described["mean"], described["sd"])
        return cls(load(folder), scale, described["task"])
