"""Initial weights: torch's own, drawn for each member's own shape by its own generator."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tenfold.training import initializers
from tenfold.training.activations import ACTIVATIONS
from tenfold.training.initializers import INITIALIZERS
from tenfold.training.layers import StackedLinear, generators

TORCH: dict[str, Any] = {
    "he_normal": lambda w, g: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=g),
    "he_uniform": lambda w, g: nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=g),
    "orthogonal": lambda w, g: nn.init.orthogonal_(w, generator=g),
    "xavier_normal": lambda w, g: nn.init.xavier_normal_(w, generator=g),
    "xavier_uniform": lambda w, g: nn.init.xavier_uniform_(w, generator=g),
}


def test_every_initializer_has_a_reference_here() -> None:
    assert set(INITIALIZERS) == set(TORCH)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_members_weights_are_torchs_own_for_its_own_shape(name: str) -> None:
    widths, seeds = [9, 4, 6], [1, 2, 3]
    stacked = StackedLinear(widths, 5, name, "relu", generators(seeds))
    for member, (width, generator) in enumerate(zip(widths, generators(seeds), strict=True)):
        expected = TORCH[name](torch.empty(5, width), generator)
        assert torch.equal(stacked.weight[member, :width].T, expected)
        assert not stacked.weight[member, width:].any()
    assert not stacked.bias.any()


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("he_normal", lambda inputs, outputs: 2 / inputs),
        ("he_uniform", lambda inputs, outputs: 2 / inputs),
        ("xavier_normal", lambda inputs, outputs: 2 / (inputs + outputs)),
        ("xavier_uniform", lambda inputs, outputs: 2 / (inputs + outputs)),
    ],
)
def test_the_variance_is_that_of_the_members_own_fan(name: str, variance: Any) -> None:
    widths = [400, 100, 200]
    stacked = StackedLinear(widths, 300, name, "relu", generators([1, 2, 3]))
    for member, width in enumerate(widths):
        found = float(stacked.weight[member, :width].detach().var())
        assert found == pytest.approx(variance(width, 300), rel=0.05)


def test_orthogonal_weights_are_orthogonal() -> None:
    stacked = StackedLinear([6], 6, "orthogonal", "relu", generators([1]))
    torch.testing.assert_close(stacked.weight[0] @ stacked.weight[0].T, torch.eye(6))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_initializer_matches_the_activation(activation: str) -> None:
    expected = "xavier_uniform" if activation in {"sigmoid", "tanh"} else "he_uniform"
    assert initializers.matching(activation) == expected


def test_members_of_different_seeds_start_differently_and_of_equal_seeds_alike() -> None:
    stacked = StackedLinear([5] * 3, 5, "he_uniform", "relu", generators([1, 2, 1]))
    assert torch.equal(stacked.weight[0], stacked.weight[2])
    assert not torch.equal(stacked.weight[0], stacked.weight[1])


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_signal_neither_dies_nor_explodes_in_ten_layers(activation: str) -> None:
    name = initializers.matching(activation)
    x = torch.randn(1, 200, 256, generator=torch.Generator().manual_seed(0))
    for seed in range(10):
        layer = StackedLinear([256], 256, name, activation, generators([seed]))
        x = (torch.relu if activation == "relu" else torch.tanh)(layer(x)).detach()
    assert 0.1 < float(x.std()) < 3
