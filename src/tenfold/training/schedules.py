"""The learning-rate schedules: name -> factor of the rate after `epochs` (fractional) epochs.

All are functions of time alone, except reduce_on_plateau, which watches each member's loss.
A linear warm-up may come before any of them; a schedule's own time begins behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Schedule:
    """What a schedule is told. Lengths are in epochs; `gamma` 0 means the schedule's own.

    Args:
        name: a key of SCHEDULES.
        horizon: epochs after which a cosine or one cycle has ended.
        warmup_epochs: the rate grows linearly over these.
        step_size: `step` reduces the rate every so many epochs.
        gamma: the factor of `step`, `exponential` (every epoch) and `reduce_on_plateau`.
        plateau_patience: epochs without improvement after which `reduce_on_plateau` acts.
    """

    name: str = "constant"
    horizon: int = 100
    warmup_epochs: int = 0
    step_size: int = 30
    gamma: float | None = None
    plateau_patience: int = 10

    @property
    def watches(self) -> bool:
        """Whether the factor depends on each member's own loss."""
        return self.name == "reduce_on_plateau"

    def factor(self, step: int, steps_per_epoch: int) -> float:
        """What the rate is multiplied by for training step `step`."""
        warmup = self.warmup_epochs * steps_per_epoch
        if step < warmup:
            return (step + 1) / (warmup + 1)
        horizon = (self.horizon - self.warmup_epochs) * steps_per_epoch
        return SCHEDULES[self.name](self, step - warmup, steps_per_epoch, horizon)

    def decay(self) -> float:
        """`gamma`, or what is usual for the schedule."""
        if self.gamma is not None:
            return self.gamma
        return 0.95 if self.name == "exponential" else 0.1


def _constant(schedule: Schedule, step: int, per_epoch: int, horizon: int) -> float:
    return 1.0


def _step(schedule: Schedule, step: int, per_epoch: int, horizon: int) -> float:
    return schedule.decay() ** (step // per_epoch // schedule.step_size)


def _exponential(schedule: Schedule, step: int, per_epoch: int, horizon: int) -> float:
    return schedule.decay() ** (step // per_epoch)


def _cosine(schedule: Schedule, step: int, per_epoch: int, horizon: int) -> float:
    """From 1 to 0 along half a cosine. Source: Loshchilov & Hutter (2017), without restarts."""
    return (1 + math.cos(math.pi * min(step / horizon, 1))) / 2


# Of the best rate, where one cycle starts and ends, and when it peaks: torch's own numbers.
_START, _END, _PEAK = 1 / 25, 1 / 250_000, 0.3


def _one_cycle(schedule: Schedule, step: int, per_epoch: int, horizon: int) -> float:
    """Up to the full rate, then down to almost nothing. Source: Smith & Topin (2018)."""
    peak = _PEAK * horizon - 1
    if step <= peak:
        return _between(_START, 1, step / peak)
    return _between(1, _END, min((step - peak) / max(horizon - 1 - peak, 1e-9), 1))


def _between(first: float, last: float, share: float) -> float:
    """From `first` to `last` along half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


SCHEDULES: dict[str, Callable[[Schedule, int, int, int], float]] = {
    "constant": _constant,
    "cosine": _cosine,
    "exponential": _exponential,
    "one_cycle": _one_cycle,
    "reduce_on_plateau": _constant,
    "step": _step,
}


class Plateau:
    """Each member's factor, reduced when its loss has not improved for a while.

    An improvement must exceed a ten-thousandth of the best loss, as torch's must.
    """

    threshold = 1e-4

    def __init__(self, members: int, gamma: float, patience: int) -> None:
        self.gamma = gamma
        self.patience = patience
        self.best = [math.inf] * members
        self.waited = [0] * members
        self.factors = [1.0] * members

    def watch(self, losses: Sequence[float]) -> None:
        """Look at one epoch's losses (k,)."""
        for member, loss in enumerate(losses):
            if loss < self.best[member] * (1 - self.threshold):
                self.best[member], self.waited[member] = loss, 0
            else:
                self.waited[member] += 1
            if self.waited[member] > self.patience:
                self.factors[member] *= self.gamma
                self.waited[member] = 0

    def state(self) -> dict[str, Any]:
        """What a resumed run needs."""
        return {"best": self.best, "waited": self.waited, "factors": self.factors}
