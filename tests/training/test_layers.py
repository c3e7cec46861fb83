"""Stacked layers against torch's own, member by member."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from tenfold.training.blocks import StackedRecurrent
from tenfold.training.layers import Initializer, StackedConv, StackedLinear
from tenfold.training.randomness import generators
from tests.training import plain
from tests.training.differences import largest_difference

SEEDS = [3, 1, 4]
HE = Initializer("he_uniform", "relu")


def linear(widths: Sequence[int], outputs: int = 5, seeds: Sequence[int] = SEEDS) -> StackedLinear:
    return StackedLinear(widths, outputs, HE, generators(seeds)).double()


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def randomised(layer: nn.Module) -> nn.Module:
    """Biases start at zero; here they must show."""
    with torch.no_grad():
        for number, parameter in enumerate(layer.parameters()):
            generator = torch.Generator().manual_seed(number)
            parameter.normal_(generator=generator)
    return layer


def gradients(layer: nn.Module, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    output = layer(x)
    output = output[0] if isinstance(output, tuple) else output
    output.square().sum().backward()
    return output, {n: p.grad for n, p in layer.named_parameters() if p.grad is not None}


def test_a_stacked_layer_is_k_linear_layers_with_their_gradients() -> None:
    stacked = randomised(linear([7] * 3))
    assert isinstance(stacked, StackedLinear)
    x = drawn(3, 11, 7)
    output, found = gradients(stacked, x)
    pairs = []
    for member in range(3):
        expected, own = gradients(plain.linear(stacked, member), x[member])
        pairs += [
            (output[member], expected),
            (found["weight"][member].T, own["weight"]),
            (found["bias"][member, 0], own["bias"]),
        ]
    assert largest_difference(pairs) < 1e-12


def test_a_stacked_convolution_is_k_convolutions_with_their_gradients() -> None:
    stacked = randomised(StackedConv(2, 4, 3, HE, generators(SEEDS)).double())
    assert isinstance(stacked, StackedConv)
    x = drawn(3, 6, 2, 5, 7)
    output, found = gradients(stacked, x)
    assert output.shape == (3, 6, 4, 5, 7)
    pairs = []
    for member in range(3):
        expected, own = gradients(plain.convolution(stacked, member), x[member])
        pairs += [
            (output[member], expected),
            (found["weight"][member], own["weight"]),
            (found["bias"][member, 0], own["bias"]),
        ]
    assert largest_difference(pairs) < 1e-11


@pytest.mark.parametrize("cell", StackedRecurrent.GATES)
def test_a_stacked_recurrent_layer_is_k_of_torchs_with_their_gradients(cell: str) -> None:
    layer = StackedRecurrent(cell, 3, 4, Initializer("auto", "tanh"), generators(SEEDS))
    stacked = randomised(layer.double())
    assert isinstance(stacked, StackedRecurrent)
    x = drawn(3, 6, 5, 3)
    output, found = gradients(stacked, x)
    pairs = []
    for member in range(3):
        expected, own = gradients(plain.recurrent(stacked, member), x[member])
        names = {
            "inputs": "weight_ih_l0", "recurrent": "weight_hh_l0",
            "bias": "bias_ih_l0", "recurrent_bias": "bias_hh_l0",
        }  # fmt: skip
        pairs.append((output[member], expected))
        pairs += [(found[name][member], own[theirs]) for name, theirs in names.items()]
    assert largest_difference(pairs) < 1e-12


def test_a_padded_member_is_the_one_without_padding_and_stays_it() -> None:
    padded, own = linear([7, 4], seeds=[1, 2]), linear([4], seeds=[2])
    assert torch.equal(padded.weight[1, :4], own.weight[0])
    x = drawn(1, 9, 4)
    wide = drawn(2, 9, 7)
    wide[1] = nn.functional.pad(x[0], (0, 3))
    optimizers = [
        torch.optim.AdamW(layer.parameters(), weight_decay=0.1) for layer in (padded, own)
    ]
    for _ in range(5):
        for optimizer, layer, rows in zip(optimizers, (padded, own), (wide, x), strict=True):
            optimizer.zero_grad()
            layer(rows).square().sum().backward()
            optimizer.step()
    assert largest_difference([(padded(wide)[1], own(x)[0])]) < 1e-12
    assert torch.equal(padded.weight[1, 4:], torch.zeros(3, 5))


@pytest.mark.parametrize(
    "layer",
    [
        linear([7] * 3),
        StackedConv(2, 4, 3, HE, generators(SEEDS)),
        StackedRecurrent("gru", 3, 4, HE, generators(SEEDS)),
    ],
    ids=["linear", "convolution", "recurrent"],
)
def test_incoming_weights_are_a_view_with_the_units_last(
    layer: StackedLinear | StackedConv | StackedRecurrent,
) -> None:
    incoming = layer.incoming()
    assert incoming.dim() == 3
    assert incoming.numel() == layer.matrix.numel()
    with torch.no_grad():
        incoming[1, :, 2] = 9.0
    matrix = layer.matrix
    into_unit_2 = matrix[1, :, 2] if isinstance(layer, StackedLinear) else matrix[1, 2]
    assert (into_unit_2 == 9.0).all()
    assert int((matrix == 9.0).sum()) == into_unit_2.numel()
