"""Gradients written down by hand against autograd's of the plain form."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tenfold.training.closed_gradients import CURVES, cosine_view, parametric
from tests.training.differences import largest_difference


def drawn(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def with_gradients(function: Callable[..., Tensor], *inputs: Tensor) -> list[Tensor]:
    own = [value.clone().requires_grad_() for value in inputs]
    output = function(*own)
    return [output, *torch.autograd.grad(output.sin().sum(), own)]


@pytest.mark.parametrize("base", [*(kind() for kind in CURVES), nn.SiLU()])
def test_a_parametric_activation_moves_by_its_share_of_the_way(base: nn.Module) -> None:
    x = drawn(3, 40, 5) * 4
    x[0, :4, 0] = torch.tensor([0.0, 25.0, -60.0, 800.0])
    share = 1 + 0.3 * drawn(3, 1, 5, seed=1)
    found = with_gradients(lambda x, share: parametric(base, x, share), x, share)
    expected = with_gradients(lambda x, share: x + share * (base(x) - x), x, share)
    assert largest_difference(zip(found, expected, strict=True)) < 1e-11
    with torch.no_grad():
        assert torch.equal(parametric(base, x, share), found[0])


@pytest.mark.parametrize("kind", CURVES)
def test_a_parametric_activation_is_exact_in_single_precision(
    kind: type[nn.Module],
) -> None:
    x = torch.linspace(-90, 90, 20_001).view(1, -1, 1)
    found, exact = parametric(kind(), x, torch.ones(1, 1, 1)), kind()(x.double())
    assert float(((found - exact).abs() / (1 + x.abs())).max()) < 5e-7


def test_a_view_of_cosines_is_the_linear_layer_behind_them() -> None:
    x, frequency, phase = drawn(6, 9, 1), drawn(6, 1, 4, seed=1), drawn(6, 1, 4, seed=2)
    weight, bias = drawn(6, 4, 3, seed=3), drawn(6, 1, 3, seed=4)

    def plain(*parts: Tensor) -> Tensor:
        frequency, phase, weight, bias = parts
        return (2 * math.pi * frequency * x + phase).cos() @ weight + bias

    inputs = (frequency, phase, weight, bias)
    found = with_gradients(lambda *parts: cosine_view(x, *parts), *inputs)
    assert largest_difference(zip(found, with_gradients(plain, *inputs), strict=True)) < 1e-11
