"""Initial weights: torch's own, drawn for each member's own shape by its own generator."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tenfold.training import networks
from tenfold.training.blocks import StackedRecurrent
from tenfold.training.catalogue import ACTIVATIONS, INITIALIZERS
from tenfold.training.embeddings import InputColumns
from tenfold.training.layers import (
    OUTPUT,
    Initializer,
    StackedConv,
    StackedLinear,
    matching,
)
from tenfold.training.networks import MemberSpec
from tenfold.training.randomness import generators
from tests.training.differences import largest_difference
from tests.training.folds import architecture_of

TORCH: dict[str, Any] = {
    "constant": lambda w, g: nn.init.constant_(w, 0.3),
    "he_normal": lambda w, g: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=g),
    "he_uniform": lambda w, g: nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=g),
    "lecun_normal": lambda w, g: w.normal_(0, w[0].numel() ** -0.5, generator=g),
    "normal": lambda w, g: nn.init.normal_(w, 0, 0.3, generator=g),
    "orthogonal": lambda w, g: nn.init.orthogonal_(w, generator=g),
    "uniform": lambda w, g: nn.init.uniform_(w, -0.3, 0.3, generator=g),
    "xavier_normal": lambda w, g: nn.init.xavier_normal_(w, generator=g),
    "xavier_uniform": lambda w, g: nn.init.xavier_uniform_(w, generator=g),
    "zeros": lambda w, g: nn.init.zeros_(w),
}
SEEDS = [1, 2, 3]


def of(name: str, activation: str = "relu", slope: float = 0.01) -> Initializer:
    return Initializer(name, activation, slope, scale=0.3)


def test_every_initializer_has_a_reference_here() -> None:
    assert set(INITIALIZERS) == set(TORCH)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_members_weights_are_torchs_own_for_its_own_shape(name: str) -> None:
    widths = [9, 4, 6]
    stacked = StackedLinear(widths, 5, of(name), generators(SEEDS))
    pairs = []
    for member, (width, generator) in enumerate(zip(widths, generators(SEEDS), strict=True)):
        pairs.append(
            (stacked.weight[member, :width].T, TORCH[name](torch.empty(5, width), generator))
        )
        assert not stacked.weight[member, width:].any()
    assert not stacked.bias.any()
    assert largest_difference(pairs) < 1e-9


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_kernels_fan_in_counts_its_places(name: str) -> None:
    stacked = StackedConv(2, 4, 3, of(name), generators(SEEDS))
    pairs = [
        (stacked.weight[member], TORCH[name](torch.empty(4, 2, 3, 3), generator))
        for member, generator in enumerate(generators(SEEDS))
    ]
    assert largest_difference(pairs) < 1e-9
    assert not stacked.bias.any()


@given(
    st.sampled_from(["he_normal", "he_uniform", "xavier_normal", "xavier_uniform", "lecun_normal"]),
    st.permutations([400, 150, 200]),
)
def test_the_variance_is_that_of_the_members_own_fan(name: str, widths: list[int]) -> None:
    expected: Any = {
        "he_normal": lambda width: 2 / width,
        "he_uniform": lambda width: 2 / width,
        "lecun_normal": lambda width: 1 / width,
        "xavier_normal": lambda width: 2 / (width + 300),
        "xavier_uniform": lambda width: 2 / (width + 300),
    }[name]
    stacked = StackedLinear(widths, 300, of(name), generators(SEEDS))
    for member, width in enumerate(widths):
        found = float(stacked.weight[member, :width].detach().var())
        assert found == pytest.approx(expected(width), rel=0.05)


def test_he_takes_the_slope_of_leaky_relu_into_account() -> None:
    found, expected = torch.empty(5, 7), torch.empty(5, 7)
    of("he_normal", "leaky_relu", 0.4).fill(found, generators([1])[0])
    nn.init.kaiming_normal_(expected, a=0.4, generator=generators([1])[0])
    assert torch.equal(found, expected)


def test_orthogonal_weights_are_orthogonal() -> None:
    stacked = StackedLinear([6], 6, of("orthogonal"), generators([1]))
    torch.testing.assert_close(stacked.weight[0] @ stacked.weight[0].T, torch.eye(6))


def test_orthogonal_weights_of_a_network_do_not_depend_on_the_number_of_threads() -> None:
    architecture = architecture_of("mlp", n_blocks=2, d_block=128, initializer="orthogonal")
    drawn = []
    before = torch.get_num_threads()
    for threads in (1, 4):
        torch.set_num_threads(threads)
        drawn.append(
            networks.build(architecture, [MemberSpec(1, InputColumns(128))], 1).state_dict()
        )
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    assert all(torch.equal(value, drawn[1][name]) for name, value in drawn[0].items())


def test_every_gates_recurrent_weights_are_orthogonal() -> None:
    layer = StackedRecurrent("lstm", 3, 5, of("auto", "tanh"), generators(SEEDS))
    for gate in layer.recurrent.view(3, 4, 5, 5).flatten(0, 1):
        torch.testing.assert_close(gate @ gate.T, torch.eye(5), atol=1e-5, rtol=0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_initializer_matches_the_activation(activation: str) -> None:
    by_kind = {"sigmoid": "xavier_uniform", "tanh": "xavier_uniform", "selu": "lecun_normal"}
    expected = by_kind.get(activation, "he_uniform")
    assert matching(activation) == expected
    found, reference = torch.empty(5, 7), torch.empty(5, 7)
    of("auto", activation, 0.3).fill(found, generators([1])[0])
    of(expected, activation, 0.3).fill(reference, generators([1])[0])
    assert torch.equal(found, reference)


def test_the_output_layer_is_drawn_by_xavier_whatever_is_declared() -> None:
    found, expected = torch.empty(5, 7), torch.empty(5, 7)
    OUTPUT.fill(found, generators([1])[0])
    assert torch.equal(found, nn.init.xavier_uniform_(expected, generator=generators([1])[0]))


def test_members_of_different_seeds_start_differently_and_of_equal_seeds_alike() -> None:
    stacked = StackedLinear([5] * 3, 5, of("he_uniform"), generators([1, 2, 1]))
    assert torch.equal(stacked.weight[0], stacked.weight[2])
    assert not torch.equal(stacked.weight[0], stacked.weight[1])


@pytest.mark.parametrize("activation", ["relu", "tanh", "selu"])
def test_the_signal_neither_dies_nor_explodes_in_ten_layers(activation: str) -> None:
    x = torch.randn(1, 200, 256, generator=torch.Generator().manual_seed(0))
    for seed in range(10):
        layer = StackedLinear([256], 256, of("auto", activation), generators([seed]))
        x = getattr(torch, activation)(layer(x)).detach()
    assert 0.1 < float(x.std()) < 3
