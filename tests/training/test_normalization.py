"""Normalisation of each member by itself, against torch's own on that member alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tenfold.training.layers import StackedBatchNorm, StackedLayerNorm
from tests.training import plain
from tests.training.differences import largest_difference

UNITS = 5
COUNTS = [9, 6, 2]
SHAPES = {"units": (), "pictures": (3, 4), "points": (1, 1)}


def made(kind: Any) -> Any:
    """A layer of three members whose scale and shift show."""
    layer = kind(3, UNITS).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        layer.weight.uniform_(0.5, 2, generator=generator)
        layer.bias.normal_(generator=generator)
    return layer


def batch(counts: Sequence[int], shape: Sequence[int], seed: int = 0) -> tuple[Tensor, Tensor]:
    """x (3, longest, units, ...), whose padded rows are far from zero, and the rows' weights."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(3, max(counts), UNITS, *shape, dtype=torch.float64, generator=generator)
    rows = torch.zeros(3, max(counts), dtype=torch.float64)
    for member, count in enumerate(counts):
        rows[member, :count] = 1 / count
        x[member, count:] += 100
    return 2 * x + 1, rows


def backwards(output: Tensor, x: Tensor, parameters: Sequence[Tensor]) -> tuple[Tensor, ...]:
    target = torch.linspace(-1, 1, output.numel(), dtype=torch.float64).view_as(output)
    return torch.autograd.grad((output * target).sum(), [x, *parameters], retain_graph=True)


def compared(layer: Any, counts: Sequence[int], shape: Sequence[int], seed: int) -> list[Any]:
    """Outputs, gradients and running statistics, each beside that of torch's own layer."""
    pictures = bool(shape)
    own = [plain.normalization(layer, member, pictures=pictures) for member in range(3)]
    x, rows = batch(counts, shape, seed)
    x.requires_grad_()
    output = layer(x, rows)
    pairs: list[Any] = []
    for member, (count, theirs) in enumerate(zip(counts, own, strict=True)):
        alone = x[member, :count].detach().requires_grad_()
        expected = theirs(alone)
        pairs.append((output[member, :count], expected))
        found = backwards(output[member, :count], x, (layer.weight, layer.bias))
        theirs_found = backwards(expected, alone, list(theirs.parameters()))
        pairs.append((found[0][member, :count], theirs_found[0]))
        pairs += [(found[i][member, 0], theirs_found[i]) for i in (1, 2)]
        if isinstance(theirs, nn.BatchNorm1d | nn.BatchNorm2d):
            pairs.append((layer.mean[member, 0], theirs.running_mean))
            pairs.append((layer.var[member, 0], theirs.running_var))
    return pairs


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("kind", [StackedBatchNorm, StackedLayerNorm])
@settings(max_examples=20)
@given(counts=st.lists(st.integers(2, 9), min_size=3, max_size=3), seed=st.integers(0, 99))
def test_a_members_normalisation_is_torchs_own_over_its_own_rows(
    kind: Any, shape: tuple[int, ...], counts: list[int], seed: int
) -> None:
    assert largest_difference(compared(made(kind), counts, shape, seed)) < 1e-9


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_running_statistics_follow_torchs_over_many_steps_and_serve_at_prediction(
    shape: tuple[int, ...],
) -> None:
    layer = made(StackedBatchNorm)
    own = [plain.normalization(layer, member, pictures=bool(shape)) for member in range(3)]
    for step in range(30):
        x, rows = batch(COUNTS, shape, step)
        layer(x, rows)
        for member, count in enumerate(COUNTS):
            own[member](x[member, :count])
    layer.eval()
    x, _ = batch(COUNTS, shape, 99)
    pairs = [(layer(x, None)[member], own[member].eval()(x[member])) for member in range(3)]
    assert largest_difference(pairs) < 1e-11


def test_a_batch_without_rows_leaves_the_running_statistics_as_they_are() -> None:
    layer = made(StackedBatchNorm)
    x, rows = batch(COUNTS, ())
    rows[1] = 0
    output = layer(x, rows)
    assert output.isfinite().all()
    assert torch.equal(layer.mean[1], torch.zeros(1, UNITS, dtype=torch.float64))
    assert torch.equal(layer.var[1], torch.ones(1, UNITS, dtype=torch.float64))
    assert layer.mean[0].any()


def test_a_member_does_not_feel_who_is_beside_it() -> None:
    layer = made(StackedBatchNorm)
    x, rows = batch(COUNTS, ())
    before = layer(x, rows)[0]
    x[1:] *= 7
    assert torch.equal(layer(x, rows)[0], before)
