"""Each schedule of the learning rate against torch's own."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as running
from hypothesis import strategies as st
from torch import nn
from torch.optim import lr_scheduler

from tenfold.training.catalogue import SCHEDULES
from tenfold.training.schedules import Plateau, decay, factor, share
from tenfold.training.settings import ScheduleSettings
from tests.training.differences import largest_difference

GAMMA = 0.6


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)


def rates(scheduler: Any, own: torch.optim.Optimizer, count: int, every: int = 1) -> list[float]:
    """The rate of so many steps; the scheduler moves after every `every` of them."""
    found = []
    for step in range(1, count + 1):
        found.append(own.param_groups[0]["lr"])
        own.step()
        if step % every == 0:
            scheduler.step()
    return found


def torchs(name: str, steps: int, per_epoch: int, step_size: int) -> list[float]:
    """torch's own rates of `steps` steps, or the formula of the paper in another form."""
    own = optimizer()
    match name:
        case "step":
            return rates(lr_scheduler.StepLR(own, step_size, GAMMA), own, steps, per_epoch)
        case "exponential":
            return rates(lr_scheduler.ExponentialLR(own, GAMMA), own, steps, per_epoch)
        case "cosine":
            return rates(lr_scheduler.CosineAnnealingLR(own, steps), own, steps)
        case "one_cycle":
            scheduler = lr_scheduler.OneCycleLR(own, 1.0, total_steps=steps)
            # It must not be moved past its last step.
            return [*rates(scheduler, own, steps - 1), own.param_groups[0]["lr"]]
        case "coslog4":
            return [math.sin(math.pi * math.log2(1 + 15 * t / steps)) ** 2 for t in range(steps)]
        case "flat_cosine":
            late = (max(t / steps - 0.5, 0) for t in range(steps))
            return [math.cos(math.pi * share) ** 2 for share in late]
        case "constant" | "reduce_on_plateau":
            return [1.0] * steps
    raise AssertionError(name)


@running(max_examples=25)
@pytest.mark.parametrize("name", SCHEDULES)
@given(
    epochs=st.integers(1, 12),
    per_epoch=st.integers(1, 5),
    warmup=st.integers(0, 4),
    step_size=st.integers(1, 4),
)
def test_a_schedule_behind_its_warmup_is_torchs_own(
    name: str, epochs: int, per_epoch: int, warmup: int, step_size: int
) -> None:
    settings = ScheduleSettings(name, warmup, step_size, GAMMA)
    horizon = warmup + epochs
    found = [factor(settings, step, per_epoch, horizon) for step in range(horizon * per_epoch)]
    rising = warmup * per_epoch
    own = optimizer()
    linear = lr_scheduler.LinearLR(own, 1 / (rising + 1), total_iters=max(rising, 1))
    expected = rates(linear, own, rising) + torchs(name, epochs * per_epoch, per_epoch, step_size)
    assert largest_difference([(found, expected)]) < 1e-12


@pytest.mark.parametrize(
    ("name", "gamma"), [("step", 0.1), ("exponential", 0.95), ("reduce_on_plateau", 0.1)]
)
def test_a_schedules_own_factor_is_used_where_none_is_given(name: str, gamma: float) -> None:
    assert decay(ScheduleSettings(name)) == gamma
    assert decay(ScheduleSettings(name, gamma=0.5)) == 0.5


def test_a_cosine_stays_at_its_end_beyond_the_horizon() -> None:
    cosine = ScheduleSettings("cosine")
    assert [factor(cosine, step, 2, horizon=3) for step in (6, 7, 100)] == [0.0] * 3


COSLOG4 = [0.0, 0.020563690960599013, 0.49348927546479743, 0.07361893418585597, 0.5902964123724924]
FLAT_COS = [1.0, 1.0, 0.8535533905932737, 0.3086582838174552, 0.0]


def test_the_schedules_of_realmlp_are_those_of_its_authors() -> None:
    """Recorded from get_schedule of pytabkit 1.8.0: "coslog4" and "flat_cos"."""
    settings = ScheduleSettings("coslog4")
    found = [factor(settings, step, 1, 16) for step in (0, 1, 4, 8, 13)]
    assert found == pytest.approx(COSLOG4, abs=1e-12)
    flat = [share(settings, "flat_cosine", step, 1, 16) for step in (0, 8, 10, 13, 16)]
    assert flat == pytest.approx(FLAT_COS, abs=1e-12)


# Some are better than others by less than what counts.
NEAR = st.sampled_from([1.0, 0.99995, 0.9998, 0.99975, math.nan, math.inf])
LOSS = st.one_of(st.floats(0.1, 10), NEAR)


@given(
    st.lists(st.tuples(LOSS, LOSS), min_size=1, max_size=40), st.integers(0, 4), st.floats(0.1, 0.9)
)
def test_every_members_plateau_is_torchs_own(
    losses: list[tuple[float, float]], patience: int, gamma: float
) -> None:
    plateau = Plateau(2, gamma, patience)
    found = []
    for epoch in losses:
        plateau.watch(epoch)
        found.append(list(plateau.factors))
    expected: list[list[float]] = []
    for member in range(2):
        own = optimizer()
        scheduler = lr_scheduler.ReduceLROnPlateau(own, factor=gamma, patience=patience, eps=0)
        expected.append([])
        for epoch in losses:
            scheduler.step(epoch[member])
            expected[-1].append(own.param_groups[0]["lr"])
    assert largest_difference([(found, list(zip(*expected, strict=True)))]) < 1e-12
