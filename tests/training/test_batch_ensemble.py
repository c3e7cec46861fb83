"""Heads that share a weight: each is a network of its own, and all of them are one prediction."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tenfold.training import batches, networks, prediction
from tenfold.training.batch_ensemble import Adapters, BatchEnsembleLinear
from tenfold.training.embeddings import InputColumns
from tenfold.training.networks import MemberSpec
from tenfold.training.randomness import generators
from tenfold.training.settings import EmbeddingSettings, Recipe
from tenfold.training.training_step import per_row, pooled
from tests.training import plain
from tests.training.differences import largest_difference
from tests.training.folds import architecture_of
from tests.training.test_architectures import OWN, built, inputs, widths
from tests.training.test_recipes import compared, members, trained

TABM = replace(OWN["tabm"], activation="tanh")
LOSSES: dict[str, Any] = {
    "regression": ("mse", nn.functional.mse_loss),
    "binary": ("binary_cross_entropy", nn.functional.binary_cross_entropy_with_logits),
    "multiclass": ("cross_entropy", nn.functional.cross_entropy),
}


def mean_of_heads(output: Tensor, y: Tensor, task: str) -> Tensor:
    """The mean of the losses of the heads (n, heads, out), one after the other."""
    function = LOSSES[task][1]
    each = [function(own if task == "multiclass" else own[:, 0], y) for own in output.unbind(1)]
    return torch.stack(each).mean()


def of_mean_prediction(output: Tensor, y: Tensor, task: str) -> Tensor:
    """The loss of the heads' mean prediction."""
    if task == "regression":
        return nn.functional.mse_loss(output[..., 0].mean(1), y)
    if task == "binary":
        return nn.functional.binary_cross_entropy(output[..., 0].sigmoid().mean(1), y)
    return nn.functional.nll_loss(output.softmax(-1).mean(1).log(), y)


def targets(task: str, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    if task == "regression":
        return torch.randn(shape, dtype=torch.float64, generator=generator)
    codes = torch.randint(2, shape, generator=generator)
    return codes.double() if task == "binary" else codes


@pytest.mark.parametrize("task", LOSSES)
def test_the_loss_is_the_mean_of_the_heads_losses_with_its_gradient(task: str) -> None:
    network, x, y = built(TABM), inputs(TABM), targets(task, 3, 9)
    loss = LOSSES[task][0]
    if task != "multiclass":
        network.output.weight = nn.Parameter(network.output.weight[..., :1])
        network.output.bias = nn.Parameter(network.output.bias[..., :1])
    found = per_row(Recipe(loss=loss), network(x), y).mean(1)
    found.sum().backward()  # type: ignore[no-untyped-call]
    pairs = []
    for member, width in enumerate(widths(TABM)):
        own: Any = plain.tabm(network, member, width, nn.Tanh())
        expected = mean_of_heads(own(x[member, :, :width]), y[member], task)
        expected.backward()  # type: ignore[no-untyped-call]
        pairs.append((found[member], expected))
        for number, block in enumerate(network.blocks):
            for name, parameter in block.linear.named_parameters():  # type: ignore[union-attr]
                assert parameter.grad is not None
                gradient = own.own[f"{name}{number}"].grad
                found_gradient = parameter.grad[member]
                # Padding learns nothing.
                assert not found_gradient[len(gradient) :].any()
                pairs.append((found_gradient[: len(gradient)], gradient))
        for name, parameter in network.output.named_parameters():
            assert parameter.grad is not None
            pairs.append((parameter.grad[member], own.own[f"out_{name}"].grad))
    assert largest_difference(pairs) < 1e-12


@pytest.mark.parametrize("task", LOSSES)
def test_the_pooled_output_is_that_of_the_mean_prediction(task: str) -> None:
    generator = torch.Generator().manual_seed(0)
    shape = (3, 9, 4, 5 if task == "multiclass" else 1)
    output = 3 * torch.randn(shape, dtype=torch.float64, generator=generator)
    y, recipe = targets(task, 3, 9), Recipe(loss=LOSSES[task][0])
    found = per_row(recipe, pooled(recipe, output), y).mean(1)
    expected = [of_mean_prediction(own, goal, task) for own, goal in zip(output, y, strict=True)]
    assert largest_difference([(found, torch.stack(expected))]) < 1e-12


def test_a_training_is_torchs_own_loop_over_every_head_of_each_member() -> None:
    def loss(output: Tensor, y: Tensor) -> Tensor:
        chosen = mean_of_heads if output.requires_grad else of_mean_prediction
        return chosen(output, y, "regression")

    stack = members()
    found = trained(stack, architecture=TABM, optimizer="momentum")
    assert compared(stack, found, architecture=TABM, loss=loss, optimizer="momentum") < 1e-11


def layer(start: Any, spans: list[list[int]], heads: int = 64) -> BatchEnsembleLinear:
    widths = [sum(own) for own in spans]
    adapters = Adapters(heads, start, spans)
    return BatchEnsembleLinear(widths, 8, adapters, generators(range(len(spans))))


def test_the_first_scales_of_a_head_start_as_random_signs() -> None:
    r = layer("signs", [[1] * 50, [1] * 40]).r.detach()
    assert set(r[0].flatten().tolist()) == {-1.0, 1.0}
    assert abs(float(r[0].mean())) < 0.1
    assert not r[1, 40:].any()
    assert len(np.unique(r[0].numpy(), axis=1).T) == 64, "two heads have the same signs"


@pytest.mark.parametrize("start", ["signs", "normal"])
def test_inputs_of_one_column_start_from_one_scale(start: str) -> None:
    r = layer(start, [[3, 1, 2]]).r.detach()[0]
    assert torch.equal(r[0], r[1])
    assert torch.equal(r[1], r[2])
    assert torch.equal(r[4], r[5])
    assert not torch.equal(r[2], r[3])
    assert not torch.equal(r[3], r[4])


def test_the_other_scales_start_at_one_and_the_heads_biases_are_equal() -> None:
    own = BatchEnsembleLinear([16], 500, Adapters(4), generators([1])).requires_grad_(False)
    assert torch.equal(own.r, torch.ones(1, 16, 4))
    assert torch.equal(own.s, torch.ones(1, 4, 500))
    assert torch.equal(own.bias, own.bias[:, :1].expand(1, 4, 500))
    for value in (own.weight, own.bias):
        assert 0.24 < float(value.abs().max()) <= 0.25
    assert abs(float(own.weight.std()) - 0.5 / 12**0.5) < 0.01


@pytest.mark.parametrize(
    ("embeddings", "spans", "start"),
    [
        (None, [1] * 6, "signs"),
        (EmbeddingSettings(d_categorical=3), [1, 1, 3, 3, 1, 1], "signs"),
        (
            EmbeddingSettings("periodic", d_numeric=4, d_categorical=3),
            [4, 4, 3, 3, 1, 1],
            "normal",
        ),
    ],
)
def test_an_embedded_column_is_one_column_to_the_heads(
    embeddings: EmbeddingSettings | None, spans: list[int], start: str
) -> None:
    columns = InputColumns(6, 2, (5, 7)) if embeddings else InputColumns(6)
    architecture = architecture_of(
        "tabm", n_blocks=2, d_block=4, own={"k": 16}, embeddings=embeddings
    )
    network: Any = networks.build(architecture, [MemberSpec(1, columns)], 1)
    r = network.blocks[0].linear.r.detach()[0]
    edges = np.cumsum([0, *spans])
    assert len(r) == edges[-1]
    for first, last in itertools.pairwise(edges):
        assert torch.equal(r[first:last], r[first].expand(last - first, 16))
    assert (set(r.flatten().tolist()) == {-1.0, 1.0}) is (start == "signs")
    assert torch.equal(network.blocks[1].linear.r, torch.ones(1, 4, 16))


def test_rows_in_several_passes_are_answered_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    network = built(TABM).eval()
    xs = [own.numpy()[:, :width] for own, width in zip(inputs(TABM), widths(TABM), strict=True)]
    xs[1] = xs[1][:7]
    whole = prediction.forward(network, xs)
    assert [own.shape for own in whole] == [(9, 3, 2), (7, 3, 2), (9, 3, 2)]
    monkeypatch.setattr(batches, "MAX_CHUNK_ROWS", 3 * 3 * 4)
    assert (
        largest_difference(list(zip(prediction.forward(network, xs), whole, strict=True))) < 1e-15
    )


def test_validation_in_several_passes_is_that_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = members()
    whole = trained(stack, architecture=TABM)
    monkeypatch.setattr(batches, "MAX_CHUNK_ROWS", 3 * 3 * 4)
    parts = trained(stack, architecture=TABM)
    assert largest_difference([(parts.history[-1]["val_loss"], whole.history[-1]["val_loss"])]) < (
        1e-12
    )
