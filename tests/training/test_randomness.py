"""Random bits are a function of who asks, and look random."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from tenfold.training.randomness import Noise, seed_of

SEEDS = [3, 1, 4]


def bits(
    seeds: Sequence[int] = SEEDS, layer: int = 0, step: int = 0, shape: Sequence[int] = (40, 50)
) -> Tensor:
    """int16, (members, batch, ...)."""
    noise = Noise(layer, seeds)
    noise.seek(step)
    drawn: Tensor = noise(torch.zeros(len(seeds), *shape))
    return drawn


def test_seeds_depend_on_every_part_and_fit_63_bits() -> None:
    seeds = {seed_of(a, name, b) for a in range(20) for b in range(20) for name in ("x", "y")}
    assert len(seeds) == 800
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_of(1, 12) != seed_of(11, 2)


def test_a_members_bits_depend_neither_on_the_other_members_nor_on_their_number() -> None:
    assert torch.equal(bits([3, 1, 4])[1], bits([1])[0])
    assert torch.equal(bits([3, 1, 4])[2], bits([4, 9, 8, 7])[0])


@given(st.integers(1, 40), st.integers(1, 51), st.integers(0, 2**40))
def test_bits_do_not_depend_on_padded_rows_and_columns(rows: int, units: int, step: int) -> None:
    whole = bits(step=step, shape=(40, 51))
    assert torch.equal(whole[:, :rows, :units], bits(step=step, shape=(rows, units)))


def test_a_picture_has_bits_for_every_place() -> None:
    flat, picture = bits(shape=(7, 24)), bits(shape=(7, 2, 3, 4))
    assert torch.equal(flat.view(3, 7, 2, 3, 4), picture)


def test_the_same_step_draws_the_same_and_another_step_layer_or_seed_something_else() -> None:
    drawn = bits(step=7)
    assert torch.equal(drawn, bits(step=7))
    for other in (bits(step=8), bits(step=7, layer=1), bits([5, 6, 7], step=7), drawn.roll(1, 0)):
        same = (drawn == other).double().mean()
        assert float(same) < 0.002


def test_shared_bits_are_one_row_for_all() -> None:
    noise = Noise(0, SEEDS)
    noise.shared = True
    x = torch.zeros(3, 40, 50)
    assert noise(x).shape == (3, 1, 50)
    assert torch.equal(noise(x), noise(x[:, :7]))


@pytest.mark.parametrize("step", range(3))
def test_bits_are_spread_evenly(step: int) -> None:
    drawn = bits([step], step=step, shape=(512, 512)).flatten().int() + 32768
    counts = torch.bincount(drawn // 256, minlength=256)
    low = torch.bincount(drawn % 256, minlength=256)
    assert stats.chisquare(counts).pvalue > 1e-4
    assert stats.chisquare(low).pvalue > 1e-4


@pytest.mark.parametrize("bit", range(16))
def test_neighbours_rows_and_steps_do_not_go_together(bit: int) -> None:
    sign = ((bits([3], shape=(256, 256)).int() >> bit & 1) * 2 - 1).double()[0]
    later = ((bits([3], step=1, shape=(256, 256)).int() >> bit & 1) * 2 - 1).double()[0]
    bound = 5 / sign.numel() ** 0.5
    flat = sign.flatten()
    assert abs(float(flat.mean())) < bound
    assert abs(float((sign * later).mean())) < bound
    for lag in (1, 2, 3, 255, 256, 257, 512):
        assert abs(float((flat[lag:] * flat[:-lag]).mean())) < bound * 1.01, lag
