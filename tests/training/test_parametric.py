"""Parametric activations against their plain form and its gradient by autograd."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tenfold.training.parametric import CURVES, parametric
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
