"""Stacked layers against torch's own, member by member."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from tenfold.training import networks
from tenfold.training.layers import StackedDropout, StackedLinear, generators, seed_of
from tenfold.training.networks import MLP, Architecture

SEEDS = [3, 1, 4]


def linear(widths: Sequence[int], outputs: int = 5, seeds: Sequence[int] = SEEDS) -> StackedLinear:
    return StackedLinear(widths, outputs, "he_uniform", "relu", generators(seeds)).double()


def alone(stacked: StackedLinear, member: int, width: int) -> nn.Linear:
    """torch's own layer with one member's weights."""
    own = nn.Linear(width, stacked.weight.shape[2]).double()
    with torch.no_grad():
        own.weight.copy_(stacked.weight[member, :width].T)
        own.bias.copy_(stacked.bias[member, 0])
    return own


def test_a_stacked_layer_is_k_linear_layers_with_their_gradients() -> None:
    torch.manual_seed(0)
    stacked = linear([7, 7, 7])
    with torch.no_grad():
        stacked.bias.normal_()
    x = torch.randn(3, 11, 7, dtype=torch.float64)
    output = stacked(x)
    output.square().sum().backward()
    for member in range(3):
        own = alone(stacked, member, 7)
        expected = own(x[member])
        expected.square().sum().backward()
        torch.testing.assert_close(output[member], expected, rtol=0, atol=1e-12)
        assert stacked.weight.grad is not None
        assert stacked.bias.grad is not None
        assert own.weight.grad is not None
        assert own.bias.grad is not None
        torch.testing.assert_close(stacked.weight.grad[member].T, own.weight.grad)
        torch.testing.assert_close(stacked.bias.grad[member, 0], own.bias.grad)


def test_a_padded_member_is_the_one_without_padding_and_stays_it() -> None:
    torch.manual_seed(0)
    padded, own = linear([7, 4], seeds=[1, 2]), linear([4], seeds=[2])
    assert torch.equal(padded.weight[1, :4], own.weight[0])
    x = torch.randn(1, 9, 4, dtype=torch.float64)
    wide = torch.randn(2, 9, 7, dtype=torch.float64)
    wide[1] = nn.functional.pad(x[0], (0, 3))
    optimizers = [
        torch.optim.AdamW(layer.parameters(), weight_decay=0.1) for layer in (padded, own)
    ]
    for _ in range(5):
        for optimizer, layer, rows in zip(optimizers, (padded, own), (wide, x), strict=True):
            optimizer.zero_grad()
            layer(rows).square().sum().backward()
            optimizer.step()
    torch.testing.assert_close(padded(wide)[1], own(x)[0], rtol=0, atol=1e-12)
    assert torch.equal(padded.weight[1, 4:], torch.zeros(3, 5))


def test_seeds_depend_on_every_part_and_fit_63_bits() -> None:
    seeds = {seed_of(a, name, b) for a in range(20) for b in range(20) for name in ("x", "y")}
    assert len(seeds) == 800
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_of(1, 12) != seed_of(11, 2)


def mask(
    rate: float = 0.5,
    seeds: Sequence[int] = SEEDS,
    layer: int = 0,
    step: int = 0,
    shape: tuple[int, int] = (40, 50),
) -> Tensor:
    """Where units are kept, (members, batch, units)."""
    dropout = StackedDropout(rate, layer, seeds)
    dropout.step = step
    kept: Tensor = dropout(torch.ones(len(seeds), *shape)) > 0
    return kept


@pytest.mark.parametrize("rate", [0.05, 0.25, 0.5, 0.9])
def test_dropout_drops_its_share_and_scales_the_rest(rate: float) -> None:
    n = 400 * 256
    for step in range(3):
        dropout = StackedDropout(rate, 0, SEEDS)
        dropout.step = step
        output = dropout(torch.ones(3, 400, 256, dtype=torch.float64))
        share = (output == 0).double().mean(dim=(1, 2))
        # Five standard deviations of a binomial share.
        assert ((share - rate).abs() < 5 * (rate * (1 - rate) / n) ** 0.5).all()
        kept = output[output != 0]
        torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - rate)))


def test_units_and_rows_are_dropped_independently() -> None:
    kept = mask(shape=(500, 64)).double()
    for axis in (1, 2):
        spread = kept.mean(dim=axis).std(dim=1)
        n = kept.shape[axis]
        torch.testing.assert_close(
            spread, torch.full((3,), 0.5 / n**0.5).double(), rtol=0.4, atol=0
        )
    flat = kept.flatten(1) * 2 - 1
    for lag in (1, 2, 63, 64, 65, 128):
        correlation = (flat[:, lag:] * flat[:, :-lag]).mean(dim=1)
        assert (correlation.abs() < 5 / flat.shape[1] ** 0.5).all(), lag


def test_a_mask_depends_neither_on_the_other_members_nor_on_their_number() -> None:
    assert torch.equal(mask(seeds=[3, 1, 4])[1], mask(seeds=[1])[0])
    assert torch.equal(mask(seeds=[3, 1, 4])[2], mask(seeds=[4, 9, 8, 7])[0])


def test_a_mask_of_a_row_does_not_depend_on_padding_behind_it() -> None:
    assert torch.equal(mask(shape=(40, 50))[:, :25], mask(shape=(25, 50)))


def test_masks_change_with_member_step_layer_and_seed() -> None:
    kept = mask()
    others = [kept.roll(1, 0), mask(step=1), mask(layer=1), mask(seeds=[5, 6, 7])]
    for other in others:
        same = (kept == other).double().mean(dim=(1, 2))
        # Two independent fair masks agree on half of the units.
        assert ((same - 0.5).abs() < 5 * 0.5 / 2000**0.5).all()


def test_the_same_step_draws_the_same_mask() -> None:
    assert torch.equal(mask(step=7), mask(step=7))


def test_dropout_is_the_identity_at_prediction_and_at_rate_zero() -> None:
    x = torch.randn(3, 4, 5)
    assert torch.equal(StackedDropout(0.5, 0, SEEDS).eval()(x), x)
    assert torch.equal(StackedDropout(0.0, 0, SEEDS)(x), x)


def test_dropped_units_have_no_gradient() -> None:
    dropout = StackedDropout(0.5, 0, SEEDS)
    x = torch.ones(3, 4, 5, requires_grad=True)
    dropout(x).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, dropout(torch.ones(3, 4, 5)))


DEEP = Architecture(n_blocks=2, d_block=6, activation="tanh", initializer="auto", dropout=0.3)


def test_a_network_is_its_layers_in_sequence() -> None:
    network = MLP(DEEP, [4, 3], 2, [1, 2]).double().eval()
    x = torch.randn(2, 8, 4, dtype=torch.float64)
    x[1, :, 3] = 0
    output = network(x)
    for member, width in enumerate([4, 3]):
        hidden = x[member, :, :width]
        for layer, inputs in zip(network.hidden, (width, 6), strict=True):
            assert isinstance(layer, StackedLinear)
            hidden = torch.tanh(alone(layer, member, inputs)(hidden))
        expected = alone(network.output, member, 6)(hidden)
        torch.testing.assert_close(output[member], expected, rtol=0, atol=1e-12)


def test_no_hidden_layer_is_a_linear_model() -> None:
    network = MLP(Architecture(0, 6, "relu", "auto", 0.5), [4], 1, [1])
    x = torch.randn(1, 8, 4)
    assert torch.equal(network(x), network.output(x))
    assert len(list(network.parameters())) == 2


def test_a_member_starts_as_it_would_alone() -> None:
    stack, own = MLP(DEEP, [4, 3], 2, [1, 2]), MLP(DEEP, [3], 2, [2])
    for name, value in own.named_parameters():
        whole = dict(stack.named_parameters())[name][1]
        assert torch.equal(whole[: value.shape[1]], value[0])
        assert not whole[value.shape[1] :].any()


def test_seeking_sets_the_step_of_every_layer() -> None:
    network = MLP(DEEP, [4], 2, [1])
    x = torch.randn(1, 30, 4)
    network.seek(5)
    first = network(x)
    network.seek(6)
    assert not torch.equal(network(x), first)
    network.seek(5)
    assert torch.equal(network(x), first)


def test_saved_weights_are_a_copy_that_can_be_written_back() -> None:
    network = MLP(DEEP, [4], 2, [1])
    saved = networks.weights(network)
    before = {name: value.clone() for name, value in saved.items()}
    with torch.no_grad():
        for value in network.parameters():
            value.add_(1)
    assert all(torch.equal(saved[name], before[name]) for name in saved)
    networks.restore(network, saved)
    for name, value in network.named_parameters():
        assert torch.equal(value, before[name])
