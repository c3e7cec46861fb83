"""The learning rate over time: by a schedule, or by each member's own loss.

A linear warm-up may come before any schedule, whose own time begins behind it. Weight decay and
dropout follow schedules of their own, without warm-up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tenfold.training.catalogue import SCHEDULES, resolve
from tenfold.training.settings import ScheduleSettings


def factor(settings: ScheduleSettings, step: int, steps_per_epoch: int, horizon: int) -> float:
    """What the rate is multiplied by in training step `step`.

    Args:
        settings: the schedule.
        step: counted from 0.
        steps_per_epoch: of the training.
        horizon: epochs after which a cosine or one cycle has ended.
    """
    warmup = settings.warmup_epochs * steps_per_epoch
    if step < warmup:
        return (step + 1) / (warmup + 1)
    length = (horizon - settings.warmup_epochs) * steps_per_epoch
    schedule = resolve(SCHEDULES[settings.schedule])
    return float(schedule(settings, step - warmup, steps_per_epoch, length))


def share(
    settings: ScheduleSettings, name: str, step: int, steps_per_epoch: int, horizon: int
) -> float:
    """What a strength that follows schedule `name` is multiplied by in training step `step`."""
    schedule = resolve(SCHEDULES[name])
    return float(schedule(settings, step, steps_per_epoch, horizon * steps_per_epoch))


def decay(settings: ScheduleSettings) -> float:
    """`gamma`, or the schedule's usual one."""
    if settings.gamma is not None:
        return settings.gamma
    return 0.95 if settings.schedule == "exponential" else 0.1


def constant(settings: ScheduleSettings, step: int, per_epoch: int, length: int) -> float:
    """Always the full rate."""
    return 1.0


def step(settings: ScheduleSettings, step: int, per_epoch: int, length: int) -> float:
    """Reduced every `step_size` epochs."""
    return decay(settings) ** (step // per_epoch // settings.step_size)


def exponential(settings: ScheduleSettings, step: int, per_epoch: int, length: int) -> float:
    """Reduced every epoch."""
    return decay(settings) ** (step // per_epoch)


def cosine(settings: ScheduleSettings, step: int, per_epoch: int, length: int) -> float:
    """From 1 to 0 along half a cosine. Source: Loshchilov & Hutter (2017), without restarts."""
    return (1 + math.cos(math.pi * min(step / length, 1))) / 2


def flat_cosine(settings: ScheduleSettings, step: int, per_epoch: int, length: int) -> float:
    """1 for the first half, then to 0 along half a cosine. Source: Holzmueller et al. (2024)."""
    return (1 + math.cos(math.pi * min(max(2 * step / length - 1, 0), 1))) / 2


def coslog4(settings: ScheduleSettings, step: int, per_epoch: int, length: int) -> float:
    """Four cycles from 0 to 1 and back, each twice as long as the one before it.

    Source: Holzmueller et al. (2024).
    """
    return (1 - math.cos(2 * math.pi * math.log2(1 + 15 * min(step / length, 1)))) / 2


# Of the best rate, where one cycle starts and ends, and when it peaks: torch's own numbers.
_START, _END, _PEAK = 1 / 25, 1 / 250_000, 0.3


def one_cycle(settings: ScheduleSettings, step: int, per_epoch: int, length: int) -> float:
    """Up to the full rate, then down to almost nothing. Source: Smith & Topin (2018)."""
    peak = _PEAK * length - 1
    if step <= peak:
        return _between(_START, 1, step / peak)
    return _between(1, _END, min((step - peak) / max(length - 1 - peak, 1e-9), 1))


def _between(first: float, last: float, share: float) -> float:
    """From `first` to `last` along half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


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
        """Take in one epoch's losses (k,)."""
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
