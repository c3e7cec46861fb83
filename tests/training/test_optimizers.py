"""Each optimiser over a stack is torch's own over every member alone, at that member's rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tenfold.training import training_step
from tenfold.training.catalogue import OPTIMIZERS
from tenfold.training.layers import Initializer, StackedLinear
from tenfold.training.randomness import generators
from tenfold.training.training_step import ParameterGroup, Stepper
from tests.training import plain
from tests.training.differences import largest_difference

# Written out once more, so that a changed option is noticed.
TORCH: dict[str, tuple[Any, dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adam": (torch.optim.Adam, {}),
    "nadam": (torch.optim.NAdam, {}),
    "adamw": (torch.optim.AdamW, {}),
}
SEEDS = [1, 2, 3]
STEPS = 50
# The body's share of the weight decay.
BODY_DECAY = 0.5


def test_every_optimizer_has_a_reference_here() -> None:
    assert set(OPTIMIZERS) == set(TORCH)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rate_and_decay_reach_the_optimizer(name: str) -> None:
    built = training_step.build_optimizer(
        name, [{"params": [nn.Parameter(torch.zeros(1))]}], 0.25, 0.125
    )
    assert type(built) is TORCH[name][0]
    assert built.defaults["lr"] == 0.25
    assert built.defaults["weight_decay"] == 0.125


class Pair(nn.Module):
    """Two stacked layers: a body and a head."""

    def __init__(self) -> None:
        super().__init__()
        draws, drawn = generators(SEEDS), Initializer("he_uniform", "relu")
        self.body = StackedLinear([6] * 3, 4, drawn, draws).double()
        self.head = StackedLinear([4] * 3, 2, drawn, draws).double()

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.head(torch.tanh(self.body(x)))
        return output

    def alone(self, member: int) -> tuple[nn.Linear, nn.Linear]:
        return plain.linear(self.body, member), plain.linear(self.head, member)


def rows() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 16, 6, dtype=torch.float64, generator=generator)
    return x, torch.randn(3, 16, 2, dtype=torch.float64, generator=generator)


def groups(stack: Pair, body_factor: float) -> list[ParameterGroup]:
    return [
        ParameterGroup(list(stack.head.parameters())),
        ParameterGroup(list(stack.body.parameters()), body_factor, BODY_DECAY),
    ]


def schedule(step: int) -> float:
    """A rate that changes, so that a step that is not linear in it would show."""
    return 1 / (1 + step % 7)


def compared(
    name: str,
    rates: Sequence[float],
    decays: Sequence[float],
    *,
    body_factor: float = 1.0,
    shared_rate: bool = False,
    steps: int = STEPS,
) -> float:
    """The largest difference between a stack and every member alone after so many steps."""
    stack, (x, y) = Pair(), rows()
    alone = [stack.alone(member) for member in range(3)]
    start = [own.weight.detach().clone() for pair in alone for own in pair]
    stepper = Stepper(
        name,
        groups(stack, body_factor),
        decays,
        shared_rate=shared_rate,
    )
    for step in range(steps):
        stepper.forget()
        (stack(x) - y).square().mean(dim=(1, 2)).sum().backward()
        stepper.step([rate * schedule(step) for rate in rates], 1 - step / steps)
    kind, options = TORCH[name]
    for member, (body, head) in enumerate(alone):
        optimizer = kind(
            [{"params": head.parameters()}, {"params": body.parameters()}],
            lr=rates[member],
            weight_decay=decays[member],
            **options,
        )
        for step in range(steps):
            factors = ((1.0, 1.0), (body_factor, BODY_DECAY))
            for group, (rate, decay) in zip(optimizer.param_groups, factors, strict=True):
                group["lr"] = rates[member] * schedule(step) * rate
                group["weight_decay"] = decays[member] * decay * (1 - step / steps)
            optimizer.zero_grad()
            nn.functional.mse_loss(head(torch.tanh(body(x[member]))), y[member]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    moved = [own.weight for pair in alone for own in pair]
    assert all(not torch.equal(a, b) for a, b in zip(start, moved, strict=True))
    pairs = []
    for member, own in enumerate(alone):
        for stacked, layer in zip((stack.body, stack.head), own, strict=True):
            pairs.append((stacked.weight[member].T, layer.weight))
            pairs.append((stacked.bias[member, 0], layer.bias))
    return largest_difference(pairs)


@pytest.mark.slow
@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_members_of_equal_rates_are_trained_as_each_alone(name: str, decay: float) -> None:
    assert compared(name, [0.01] * 3, [decay] * 3, shared_rate=True) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_members_of_different_rates_and_decays_are_trained_as_each_alone(name: str) -> None:
    assert compared(name, [0.003, 0.02, 0.1], [0.0, 0.01, 0.1]) < 1e-11


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_members_of_different_rates_may_share_their_decay(name: str) -> None:
    assert compared(name, [0.003, 0.02, 0.1], [0.05] * 3) < 1e-11


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_members_of_equal_rates_may_differ_in_decay(name: str) -> None:
    assert compared(name, [0.01] * 3, [0.0, 0.01, 0.1], shared_rate=True) < 1e-11


@pytest.mark.slow
@pytest.mark.parametrize("rates", [[0.01] * 3, [0.003, 0.02, 0.1]])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_body_moves_at_its_share_of_the_rate(name: str, rates: list[float]) -> None:
    shared = len(set(rates)) == 1
    assert compared(name, rates, [0.01] * 3, body_factor=0.2, shared_rate=shared) < 1e-11


RATE = st.floats(1e-4, 0.1)
DECAY = st.sampled_from([0.0, 1e-3, 0.03, 0.1])


@pytest.mark.slow
@settings(max_examples=10)
@pytest.mark.parametrize("name", OPTIMIZERS)
@given(
    rates=st.lists(RATE, min_size=3, max_size=3),
    decays=st.lists(DECAY, min_size=3, max_size=3),
    body_factor=st.floats(0.01, 1),
)
def test_any_rates_and_decays_are_each_members_own(
    name: str, rates: list[float], decays: list[float], body_factor: float
) -> None:
    assert compared(name, rates, decays, body_factor=body_factor, steps=6) < 1e-11


def test_a_parameter_without_a_gradient_stays_where_it_is() -> None:
    stack, (x, y) = Pair(), rows()
    stack.body.requires_grad_(False)
    before = [p.detach().clone() for p in stack.body.parameters()]
    for rates in ([0.1] * 3, [0.1, 0.2, 0.3]):
        shared = len(set(rates)) == 1
        stepper = Stepper(
            "adamw",
            groups(stack, 0.5),
            [0.1, 0.2, 0.3],
            shared_rate=shared,
        )
        stepper.forget()
        (stack(x) - y).square().sum().backward()
        stepper.step(rates)
    assert all(torch.equal(a, b) for a, b in zip(before, stack.body.parameters(), strict=True))
