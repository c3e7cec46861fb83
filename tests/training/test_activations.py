"""Each activation against torch's own, member by member."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from tenfold.training import activations
from tenfold.training.catalogue import ACTIVATIONS
from tenfold.training.settings import ActivationSettings
from tests.training.differences import largest_difference

SEEDS = [3, 1, 4]
SETTINGS = ActivationSettings(negative_slope=0.2, elu_alpha=0.7)
# rrelu and prelu are about their members, and tested below.
TORCH: dict[str, nn.Module] = {
    "elu": nn.ELU(0.7),
    "gelu": nn.GELU(),
    "leaky_relu": nn.LeakyReLU(0.2),
    "mish": nn.Mish(),
    "relu": nn.ReLU(),
    "selu": nn.SELU(),
    "sigmoid": nn.Sigmoid(),
    "silu": nn.SiLU(),
    "tanh": nn.Tanh(),
}


def inputs(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return 3 * torch.randn(*shape, dtype=torch.float64, generator=generator)


def built(name: str) -> nn.Module:
    return activations.build(replace(SETTINGS, activation=name), 1, SEEDS).double()


def with_gradient(module: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    # Copied, since ReLU writes where it reads.
    output = module(x * 1)
    (gradient,) = torch.autograd.grad(output.square().sum(), x)
    return output, gradient


def test_every_activation_has_a_reference_here() -> None:
    assert set(ACTIVATIONS) == set(TORCH) | {"prelu", "rrelu"}


@pytest.mark.parametrize("name", TORCH)
def test_an_activation_of_a_stack_is_torchs_own_with_its_gradient(name: str) -> None:
    x = inputs(3, 40, 5)
    found, expected = with_gradient(built(name), x), with_gradient(TORCH[name], x)
    assert largest_difference(zip(found, expected, strict=True)) < 1e-12


def test_relu_needs_no_memory_of_its_own() -> None:
    x = inputs(3, 4, 5)
    output = built("relu")(x)
    assert output.data_ptr() == x.data_ptr()


@pytest.mark.parametrize("shape", [(3, 40, 5), (3, 6, 2, 3, 4)])
def test_prelu_is_torchs_own_with_a_slope_for_each_member(shape: tuple[int, ...]) -> None:
    module: Any = built("prelu")
    assert module.weight.flatten().tolist() == [0.25] * 3
    slopes = torch.tensor([0.1, 0.25, -0.3], dtype=torch.float64)
    with torch.no_grad():
        module.weight.copy_(slopes.view(3, 1, 1))
    x = inputs(*shape)
    output, gradient = with_gradient(module, x)
    module(x).square().sum().backward()
    pairs = []
    for member in range(3):
        own = nn.PReLU(init=float(slopes[member]), dtype=torch.float64)
        expected = with_gradient(own, x[member])
        own(x[member]).square().sum().backward()
        assert own.weight.grad is not None
        pairs += [(output[member], expected[0]), (gradient[member], expected[1])]
        pairs.append((module.weight.grad[member].flatten(), own.weight.grad))
    assert largest_difference(pairs) < 1e-9


def test_rrelu_at_prediction_is_torchs_own() -> None:
    x = inputs(3, 40, 5)
    found = with_gradient(built("rrelu").eval(), x)
    expected = with_gradient(nn.RReLU().eval(), x)
    assert largest_difference(zip(found, expected, strict=True)) < 1e-12


def test_rrelu_in_training_draws_every_slope_uniformly_between_an_eighth_and_a_third() -> None:
    x = -torch.ones(3, 100, 64, dtype=torch.float64)
    slopes = -built("rrelu")(x)
    for member in range(3):
        own = slopes[member].flatten().numpy()
        assert stats.kstest(own, stats.uniform(1 / 8, 1 / 3 - 1 / 8).cdf).pvalue > 1e-3
    reference = -nn.functional.rrelu(x, training=True)
    assert float(slopes.mean()) == pytest.approx(float(reference.mean()), abs=2e-3)
    assert float(slopes.std()) == pytest.approx(float(reference.std()), abs=2e-3)


def test_rrelu_leaves_positive_inputs_alone_and_draws_by_member_and_step() -> None:
    module: Any = built("rrelu")
    x = inputs(3, 40, 5)
    output = module(x)
    assert torch.equal(output[x >= 0], x[x >= 0])
    assert torch.equal(module(x), output)
    assert torch.equal(
        activations.build(replace(SETTINGS, activation="rrelu"), 1, [1]).double()(x[1:2]),
        output[1:2],
    )
    module.noise.seek(1)
    assert not torch.equal(module(x), output)
