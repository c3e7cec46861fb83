"""Each optimiser over a stack is torch's own over every member alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tenfold.training import optimizers
from tenfold.training.layers import StackedLinear, generators
from tenfold.training.optimizers import OPTIMIZERS

# Written out once more, so that a changed option is noticed.
TORCH: dict[str, tuple[Any, dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
}


def rows() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 16, 6, dtype=torch.float64, generator=generator)
    return x, torch.randn(3, 16, 2, dtype=torch.float64, generator=generator)


def test_every_optimizer_has_a_reference_here() -> None:
    assert set(OPTIMIZERS) == set(TORCH)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_stack_is_trained_as_every_member_alone(name: str, weight_decay: float) -> None:
    stack = StackedLinear([6] * 3, 2, "he_uniform", "relu", generators([1, 2, 3])).double()
    start = stack.weight.detach().clone()
    x, y = rows()
    optimizer = optimizers.build(name, stack.parameters(), 0.01, weight_decay)
    for _ in range(50):
        optimizer.zero_grad()
        (stack(x) - y).square().mean(dim=(1, 2)).sum().backward()
        optimizer.step()
    largest = 0.0
    kind, options = TORCH[name]
    for member in range(3):
        own = nn.Linear(6, 2).double()
        with torch.no_grad():
            own.weight.copy_(start[member].T)
            own.bias.zero_()
        reference = kind(own.parameters(), lr=0.01, weight_decay=weight_decay, **options)
        for _ in range(50):
            reference.zero_grad()
            nn.functional.mse_loss(own(x[member]), y[member]).backward()  # type: ignore[no-untyped-call]
            reference.step()
        difference = (stack.weight[member].T - own.weight).detach().abs().max()
        largest = max(largest, float(difference))
        largest = max(largest, float((stack.bias[member, 0] - own.bias).detach().abs().max()))
        assert not torch.allclose(own.weight, start[member].T, atol=1e-3), "nothing was learnt"
    print(f"largest difference: {largest:.1e}")
    assert largest < 1e-10


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rate_and_decay_reach_the_optimizer(name: str) -> None:
    built = optimizers.build(name, [nn.Parameter(torch.zeros(1))], 0.25, 0.125)
    assert type(built) is TORCH[name][0]
    assert built.defaults["lr"] == 0.25
    assert built.defaults["weight_decay"] == 0.125
