"""Dropout with a rate per member: its masks, its scales, and its draws at prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from tenfold.training import networks
from tenfold.training.activations import StackedDropout
from tenfold.training.embeddings import InputColumns
from tenfold.training.networks import MemberSpec, StackedNetwork
from tenfold.training.randomness import Noise
from tests.training.differences import largest_difference
from tests.training.folds import architecture_of

SEEDS = [3, 1, 4]
RATES = [0.05, 0.25, 0.9]


def dropped(
    rates: Sequence[float] = RATES, step: int = 0, x: Tensor | None = None, *, alpha: bool = False
) -> Tensor:
    layer = StackedDropout(rates, 0, SEEDS, alpha=alpha)
    layer.noise.seek(step)
    inputs = torch.ones(3, 400, 256, dtype=torch.float64) if x is None else x
    output: Tensor = layer(inputs)
    return output


@pytest.mark.parametrize("step", range(3))
def test_each_member_drops_its_share_and_scales_the_rest(step: int) -> None:
    output = dropped(step=step)
    pairs = []
    for member, rate in enumerate(RATES):
        share = float((output[member] == 0).double().mean())
        # Five standard deviations of a binomial share.
        assert abs(share - rate) < 5 * (rate * (1 - rate) / output[member].numel()) ** 0.5
        kept = output[member][output[member] != 0]
        exact = round(rate * 65536) / 65536
        pairs.append((kept, np.full(len(kept), 1 / (1 - exact))))
    assert largest_difference(pairs) < 1e-12


@given(st.lists(st.floats(0, 0.99), min_size=3, max_size=3), st.integers(0, 1000))
def test_dropout_is_the_mask_of_the_noise_below_its_rate(rates: list[float], step: int) -> None:
    x = torch.randn(3, 20, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    noise = Noise(0, SEEDS)
    noise.seek(step)
    uniform = (noise(x).numpy().astype(np.float64) + 32768) / 65536
    share = np.round(np.array(rates) * 65536).reshape(3, 1, 1) / 65536
    expected = np.where(uniform >= share, x.numpy() / (1 - share), 0)
    assert largest_difference([(dropped(rates, step, x), expected)]) < 1e-9


def test_a_rate_of_almost_1_stays_a_number() -> None:
    assert dropped([0.999999, 0.5, 0.5]).isfinite().all()


def test_units_and_rows_are_dropped_independently() -> None:
    x = torch.ones(3, 500, 64, dtype=torch.float64)
    kept = (dropped([0.5] * 3, x=x) > 0).double()
    for axis in (1, 2):
        spread = kept.mean(dim=axis).std(dim=1)
        expected = torch.full((3,), 0.5 / kept.shape[axis] ** 0.5, dtype=torch.float64)
        torch.testing.assert_close(spread, expected, rtol=0.4, atol=0)


def test_dropout_is_the_identity_at_prediction_and_at_rate_zero() -> None:
    x = torch.randn(3, 4, 5)
    assert torch.equal(StackedDropout(RATES, 0, SEEDS).eval()(x), x)
    assert torch.equal(StackedDropout([0.0] * 3, 0, SEEDS)(x), x)


@pytest.mark.parametrize("alpha", [False, True])
def test_a_weakened_dropout_is_one_of_that_share_of_the_rates(*, alpha: bool) -> None:
    x = torch.randn(3, 20, 7, dtype=torch.float64)
    layer = StackedDropout(RATES, 0, SEEDS, alpha=alpha)
    layer.weaken(0.5)
    assert torch.equal(layer(x), dropped([rate / 2 for rate in RATES], x=x, alpha=alpha))
    layer.weaken(0.0)
    assert torch.equal(layer(x), x)
    layer.weaken(1.0)
    assert torch.equal(layer(x), dropped(x=x, alpha=alpha))


def test_a_member_without_dropout_is_left_as_it_is_beside_members_with_it() -> None:
    x = torch.randn(3, 4, 5, dtype=torch.float64)
    for alpha in (False, True):
        assert torch.equal(dropped([0.5, 0.0, 0.5], x=x, alpha=alpha)[1], x[1])


def test_dropped_units_have_no_gradient() -> None:
    layer = StackedDropout([0.5] * 3, 0, SEEDS)
    x = torch.ones(3, 4, 5, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, layer(torch.ones(3, 4, 5)))


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_alpha_dropout_is_the_formula_of_its_paper(rate: float) -> None:
    x = torch.randn(3, 200, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    noise = Noise(0, SEEDS)
    keep = (noise(x).numpy().astype(np.float64) + 32768) / 65536 >= rate
    q, floor = 1 - round(rate * 65536) / 65536, -1.0507009873554805 * 1.6732632423543772
    a = (q + floor**2 * q * (1 - q)) ** -0.5
    b = -a * (1 - q) * floor
    expected = a * np.where(keep, x.numpy(), floor) + b
    assert largest_difference([(dropped([rate] * 3, x=x, alpha=True), expected)]) < 1e-9


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance_as_torchs_does(rate: float) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 1000, 256, dtype=torch.float64, generator=generator)
    output = dropped([rate] * 3, x=x, alpha=True)
    reference = nn.functional.alpha_dropout(x, rate, training=True)
    for member in range(3):
        assert float(output[member].mean()) == pytest.approx(0, abs=0.02)
        assert float(output[member].var()) == pytest.approx(1, abs=0.02)
    # The value of dropped units is the only one that comes twice.
    for one, two in ((output, reference), (output[0], reference[0])):
        assert float(one.flatten().mode()[0]) == pytest.approx(
            float(two.flatten().mode()[0]), abs=1e-3
        )


def test_selu_has_alpha_dropout_and_its_inputs_plain_dropout() -> None:
    specs = [MemberSpec(1, InputColumns(4), dropout=0.2, input_dropout=0.2)]
    for activation in ("selu", "elu"):
        network: Any = networks.build(
            architecture_of("mlp", n_blocks=1, d_block=5, activation=activation), specs, 1
        )
        assert network.blocks[0].dropout.alpha is (activation == "selu")
        assert not network.drop_inputs.alpha


def sampled(network: StackedNetwork, x: Tensor, draws: int) -> Tensor:
    """Monte-Carlo dropout (draws, members, batch, out)."""
    sampler = network.eval().with_dropout()
    found = []
    for draw in range(draws):
        for noise in sampler.noises():
            noise.seek(draw)
        with torch.inference_mode():
            found.append(sampler(x))
    return torch.stack(found)


def wide(rates: Sequence[float]) -> StackedNetwork:
    specs = [MemberSpec(seed, InputColumns(4), dropout=rate) for seed, rate in enumerate(rates)]
    return networks.build(
        architecture_of("mlp", n_blocks=1, d_block=30, activation="tanh"), specs, 1
    ).double()


def test_a_draw_drops_the_same_units_for_every_row() -> None:
    network = wide([0.3, 0.6])
    row = torch.randn(2, 1, 4, dtype=torch.float64)
    together = sampled(network, row.expand(2, 9, 4), draws=5)
    alone = sampled(network, row, draws=5)
    assert largest_difference([(together, alone.expand_as(together))]) < 1e-12
    assert float(alone.std(dim=0).min()) > 0


@pytest.mark.slow
def test_the_mean_and_variance_of_many_draws_are_the_analytic_ones() -> None:
    rates, draws = [0.3, 0.6], 4000
    network = wide(rates)
    x = torch.randn(2, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = sampled(network, x, draws)
    # A linear layer behind dropped units: variances of Bernoulli masks add up.
    layer: Any = network.blocks[0].linear
    hidden = torch.tanh(layer(x))
    terms = (hidden * network.output.weight.transpose(1, 2)).square().sum(2, keepdim=True)
    odds = torch.tensor([rate / (1 - rate) for rate in rates], dtype=torch.float64).view(2, 1, 1)
    mean, variance = network(x).detach(), (terms * odds).detach()
    assert ((found.mean(0) - mean).abs() < 5 * (variance / draws).sqrt()).all()
    torch.testing.assert_close(found.var(0), variance, rtol=0.15, atol=0)


def test_draws_can_be_repeated_and_prediction_afterwards_is_certain_again() -> None:
    network = wide([0.3, 0.6]).eval()
    x = torch.randn(2, 3, 4, dtype=torch.float64)
    before = network(x)
    first = sampled(network, x, draws=4)
    assert torch.equal(first, sampled(network, x, draws=4))
    assert not torch.equal(first[0], first[1])
    assert torch.equal(network(x), before)


def test_a_network_that_draws_shares_the_weights_of_the_one_that_does_not() -> None:
    network = wide([0.3, 0.6])
    copied = network.with_dropout()
    for one, two in zip(network.parameters(), copied.parameters(), strict=True):
        assert one is two
