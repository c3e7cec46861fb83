"""Learned representations of columns against closed forms and torch's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from tenfold.training.catalogue import NUMERIC_EMBEDDINGS
from tenfold.training.embeddings import (
    Categories,
    DensePeriodic,
    InputColumns,
    Periodic,
    PiecewiseLinear,
    StackedEmbeddings,
)
from tenfold.training.randomness import generators
from tenfold.training.settings import EmbeddingSettings
from tests.training import folds
from tests.training.differences import largest_difference
from tests.training.folds import architecture_of

SEEDS = [1, 2]
SMALL = EmbeddingSettings(d_numeric=3, n_bins=4, n_frequencies=2, sigma=0.5, d_categorical=2)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def linear_and_relu(part: Any, member: int, encoded: Any) -> Any:
    """(batch, columns, in) -> (batch, columns * out), by numpy."""
    weight = part.linear.weight[member].detach().numpy()
    bias = part.linear.bias[member].detach().numpy()[:, 0]
    return np.maximum(np.einsum("bci,cio->bco", encoded, weight) + bias, 0).reshape(
        len(encoded), -1
    )


def bins_by_hand(x: float, edges: Sequence[float], n_bins: int) -> list[float]:
    """Gorishniy, Rubachev & Babenko (2022), equation 1, for one number."""
    found = [0.0] * n_bins
    for t in range(len(edges) - 1):
        share = (x - edges[t]) / (edges[t + 1] - edges[t])
        if t > 0:
            share = max(share, 0.0)
        if t < len(edges) - 2:
            share = min(share, 1.0)
        found[t] = share
    return found


@given(
    st.lists(st.integers(-20, 20), min_size=2, max_size=30),
    st.lists(st.floats(-30, 30), min_size=1, max_size=6),
    st.integers(1, 6),
)
def test_bins_are_those_of_the_paper_at_numpys_quantiles(
    rows: list[int], asked: list[float], n_bins: int
) -> None:
    part = PiecewiseLinear(replace(SMALL, n_bins=n_bins), 1, generators([1])).double()
    part.fit([torch.tensor(rows).double()[:, None]])
    edges = np.quantile(rows, np.linspace(0, 1, n_bins + 1))
    edges = edges[np.diff(edges, prepend=-np.inf) > 1e-12]
    expected = [bins_by_hand(x, edges.tolist(), n_bins) for x in asked]
    found = part.encode(torch.tensor(asked, dtype=torch.float64).view(1, -1, 1))
    # A long extrapolation magnifies the rounding of a narrow bin's edges.
    scale = max(1.0, np.abs(expected).max())
    assert largest_difference([(found[0, :, 0] / scale, np.array(expected) / scale)]) < 1e-9


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rows", [[0, 0, 0, 0, 1, 1], [1, 1, 0, 0, 0, 0], [3, 3, 3, 3]])
def test_edges_that_only_rounding_sets_apart_make_no_bin(
    rows: list[int], dtype: torch.dtype
) -> None:
    part = PiecewiseLinear(replace(SMALL, n_bins=5), 1, generators([1])).to(dtype)
    noisy = [value + 1e-16 * place for place, value in enumerate(rows)]
    part.fit([torch.tensor(noisy, dtype=torch.float64)[:, None]])
    encoded = part.encode(torch.tensor([[[-5.0], [0.0], [7.0]]], dtype=dtype))
    assert encoded.abs().max() < 7.1


def test_piecewise_linear_numbers_pass_a_layer_of_their_own_column_and_member() -> None:
    part = PiecewiseLinear(SMALL, 2, generators(SEEDS)).double()
    part.fit([drawn(50, 2, seed=1), drawn(40, 2, seed=2)])
    x = drawn(2, 9, 2)
    encoded = part.encode(x).numpy()
    output = part(x)
    pairs = [(output[m], linear_and_relu(part, m, encoded[m])) for m in range(2)]
    assert largest_difference(pairs) < 1e-12


def test_periodic_numbers_are_cosines_and_sines_of_their_frequencies() -> None:
    part = Periodic(SMALL, 2, generators(SEEDS)).double()
    x = drawn(2, 9, 2)
    output = part(x)
    pairs = []
    for member in range(2):
        frequency = part.frequency[member].detach().numpy()
        angle = 2 * math.pi * frequency * x[member].numpy()[..., None]
        encoded = np.concatenate([np.cos(angle), np.sin(angle)], axis=-1)
        pairs.append((output[member], linear_and_relu(part, member, encoded)))
    assert largest_difference(pairs) < 1e-12


def test_pbld_numbers_are_a_linear_view_of_shifted_cosines_and_the_number_itself() -> None:
    part = DensePeriodic(SMALL, 2, generators(SEEDS)).double()
    x = drawn(2, 9, 2)
    output = part(x)
    pairs = []
    for member in range(2):
        own = {name: value[member].detach().numpy() for name, value in part.named_parameters()}
        numbers = x[member].numpy()[..., None]
        waves = np.cos(2 * math.pi * numbers * own["frequency"][:, 0] + own["phase"][:, 0])
        seen = np.einsum("bcf,cfo->bco", waves, own["weight"]) + own["bias"][:, 0]
        pairs.append((output[member], np.concatenate([seen, numbers], axis=-1).reshape(9, -1)))
    assert output.shape == (2, 9, 6)
    assert largest_difference(pairs) < 1e-12
    assert float(part.phase.detach().abs().max()) <= math.pi


def test_frequencies_start_with_the_declared_spread() -> None:
    part = Periodic(replace(SMALL, n_frequencies=4000), 1, generators([1]))
    assert float(part.frequency.detach().std()) == pytest.approx(0.5, rel=0.05)


def test_categories_are_torchs_own_embedding_with_its_gradient() -> None:
    cardinalities = [(3, 5), (2, 4)]
    part = Categories(cardinalities, 2, generators(SEEDS)).double()
    generator = torch.Generator().manual_seed(0)
    codes = torch.stack(
        [
            torch.stack([torch.randint(0, n, (9,), generator=generator) for n in own], dim=1)
            for own in cardinalities
        ]
    )
    output: Any = part(codes.double())
    weight = drawn(9, 4)
    (output * weight).sum().backward()
    assert part.table.grad is not None
    pairs: list[tuple[Any, Any]] = []
    for member, own in enumerate(cardinalities):
        tables = [nn.Embedding(n, 2, dtype=torch.float64) for n in own]
        with torch.no_grad():
            for column, (table, n) in enumerate(zip(tables, own, strict=True)):
                table.weight.copy_(part.table[member, column, :n])
        expected: Any = torch.cat(
            [table(codes[member, :, i]) for i, table in enumerate(tables)], dim=1
        )
        (expected * weight).sum().backward()
        pairs.append((output[member], expected))
        for column, (table, n) in enumerate(zip(tables, own, strict=True)):
            pairs.append((part.table.grad[member, column, :n], table.weight.grad))
            assert not part.table.grad[member, column, n:].any()
    assert largest_difference(pairs) < 1e-12


def test_a_category_never_seen_is_the_zero_vector_and_teaches_nothing() -> None:
    part = Categories([(3, 5)], 2, generators([1]))
    output = part(torch.tensor([[[-1.0, 4.0], [0.0, -1.0]]]))
    assert not output[0, 0, :2].any()
    assert not output[0, 1, 2:].any()
    assert output[0, 0, 2:].all()
    output[0, 0, :2].sum().backward()
    assert part.table.grad is not None
    assert not part.table.grad.any()


@pytest.mark.parametrize("numeric", NUMERIC_EMBEDDINGS)
def test_numbers_come_first_then_categories_then_the_rest_as_it_is(numeric: str) -> None:
    columns = [InputColumns(6, 2, (3,)), InputColumns(5, 2, (4,))]
    embeddings = replace(SMALL, numeric=numeric)
    stacked = StackedEmbeddings(embeddings, columns, generators(SEEDS)).double()
    stacked.fit([drawn(30, 6), drawn(30, 5)])
    x = drawn(2, 9, 6)
    x[..., 2] = torch.randint(0, 3, (2, 9)).double()
    output = stacked(x)
    numbers = 2 * (1 if numeric == "none" else SMALL.d_numeric)
    assert stacked.widths == [numbers + 2 + 3, numbers + 2 + 2]
    assert output.shape == (2, 9, numbers + 2 + 3)
    assert torch.equal(output[..., numbers + 2 :], x[..., 3:])
    expected = x[..., :2] if stacked.numeric is None else stacked.numeric(x[..., :2])
    assert torch.equal(output[..., :numbers], expected)
    assert stacked.categorical is not None
    assert torch.equal(output[..., numbers : numbers + 2], stacked.categorical(x[..., 2:3]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mlp", "resnet"])
@pytest.mark.parametrize("numeric", NUMERIC_EMBEDDINGS)
def test_an_embedded_member_of_a_stack_is_the_same_fold_trained_alone(
    kind: str, numeric: str
) -> None:
    stack = []
    for number, member in enumerate(folds.members("regression", 3)):
        rng = np.random.default_rng(number)
        tables: list[Any] = [member.x_train, member.x_val]
        both = [np.insert(x, 2, rng.integers(0, 3 + number, len(x)), axis=1) for x in tables]
        both[1][0, 2] = -1
        columns = InputColumns(both[0].shape[1], 2, (3 + number,))
        stack.append(replace(member, x_train=both[0], x_val=both[1], columns=columns))
    architecture = architecture_of(
        kind, n_blocks=1, d_block=8, embeddings=replace(SMALL, numeric=numeric)
    )
    _, pairs = folds.train_together_and_alone(
        stack, "regression", architecture, steps=5, max_epochs=6
    )
    assert largest_difference(pairs) < 1e-9
