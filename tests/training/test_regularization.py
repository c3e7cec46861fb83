"""What is done to gradients and weights around a step, against torch's own on each member."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from tenfold.training import training_step
from tenfold.training.blocks import StackedRecurrent
from tenfold.training.layers import Initializer, StackedConv, StackedLinear
from tenfold.training.randomness import generators
from tests.training.differences import largest_difference

SEEDS = [1, 2, 3]
HE = Initializer("he_normal", "relu")


def parameters(seed: int = 0, scale: float = 1.0) -> list[nn.Parameter]:
    """A weight, a bias and one that was given no gradient, of three members."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for shape in ((3, 6, 5), (3, 1, 5), (3, 2)):
        drawn = torch.randn(2, *shape, dtype=torch.float64, generator=generator)
        made.append(nn.Parameter(drawn[0]))
        made[-1].grad = (
            scale * drawn[1] * torch.tensor([1.0, 10.0, 0.01]).view(-1, *[1] * (len(shape) - 1))
        )
    made[-1].grad = None
    return made


def of_member(stacked: list[nn.Parameter], member: int) -> list[nn.Parameter]:
    alone = []
    for parameter in stacked:
        own = nn.Parameter(parameter[member].detach().clone())
        own.grad = None if parameter.grad is None else parameter.grad[member].clone()
        alone.append(own)
    return alone


def gradients(own: list[nn.Parameter]) -> list[Tensor]:
    return [parameter.grad for parameter in own if parameter.grad is not None]


@given(st.floats(1e-3, 1e3), st.integers(0, 99))
def test_each_members_gradient_is_clipped_as_torch_clips_it_alone(
    largest: float, seed: int
) -> None:
    stacked = parameters(seed)
    alone = [of_member(stacked, member) for member in range(3)]
    norms = training_step.gradient_norms(stacked)
    training_step.clip_gradients(stacked, largest)
    pairs: list[tuple[Any, Any]] = []
    for member, own in enumerate(alone):
        norm = nn.utils.clip_grad_norm_(own, largest)
        pairs.append((norms[member] / norm, 1.0))
        pairs += zip((g[member] for g in gradients(stacked)), gradients(own), strict=True)
    assert largest_difference(pairs) < 1e-12


def test_a_member_whose_gradient_is_no_number_leaves_the_others_alone() -> None:
    stacked, broken = parameters(), parameters()
    assert broken[0].grad is not None
    broken[0].grad[1, 0, 0] = torch.nan
    training_step.clip_gradients(stacked, 0.5)
    training_step.clip_gradients(broken, 0.5)
    for one, two in zip(gradients(stacked), gradients(broken), strict=True):
        assert torch.equal(one[[0, 2]], two[[0, 2]])


def test_the_l1_penalty_is_autograds_with_each_members_own_strength() -> None:
    strengths = torch.tensor([0.0, 0.1, 2.0], dtype=torch.float64)
    stacked = parameters()
    with torch.no_grad():
        stacked[0][:, 0, 0] = 0  # where the penalty has its kink
    before = [g.clone() for g in gradients(stacked)]
    copies = [p.detach().clone().requires_grad_() for p in stacked if p.grad is not None]
    penalty = sum(
        (strengths.view(-1, *[1] * (copy.dim() - 1)) * copy.abs()).sum() for copy in copies
    )
    assert isinstance(penalty, Tensor)
    expected = torch.autograd.grad(penalty, copies)
    training_step.add_penalty_gradients(stacked, strengths)
    pairs = [
        (found, start + own)
        for found, start, own in zip(gradients(stacked), before, expected, strict=True)
    ]
    assert largest_difference(pairs) < 1e-12


@pytest.mark.slow
@given(st.floats(0.05, 5))
def test_max_norm_shortens_what_leads_into_each_unit_as_torchs_renorm_does(largest: float) -> None:
    layers: list[Any] = [
        StackedLinear([6, 4, 6], 5, HE, generators(SEEDS)),
        StackedConv(2, 4, 3, HE, generators(SEEDS)),
        StackedRecurrent("gru", 3, 4, HE, generators(SEEDS)),
    ]
    pairs = []
    for layer in layers:
        layer.double()
        before = layer.incoming().detach().clone()
        training_step.limit_incoming([layer.incoming()], largest)
        norm = np.linalg.norm(before.numpy(), axis=1, keepdims=True)
        expected = before.numpy() * np.minimum(1, largest / np.maximum(norm, 1e-12))
        pairs.append((layer.incoming(), expected))
        for member in range(3):
            # torch adds 1e-7 to the norm it divides by.
            own = torch.renorm(before[member], 2, 1, largest)
            torch.testing.assert_close(layer.incoming()[member], own, rtol=1e-5, atol=0)
    assert largest_difference(pairs) < 1e-12


def test_max_norm_leaves_weights_of_zero_where_they_are() -> None:
    weight = torch.zeros(2, 3, 4)
    training_step.limit_incoming([weight], 1.0)
    assert torch.equal(weight, torch.zeros(2, 3, 4))
