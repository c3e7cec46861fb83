"""Each architecture against torch's own network with the same weights, and against itself alone."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tenfold import models
from tenfold.models import realmlp
from tenfold.training import networks
from tenfold.training.catalogue import ACTIVATIONS
from tenfold.training.embeddings import InputColumns
from tenfold.training.networks import MemberSpec, StackedNetwork
from tenfold.training.settings import Architecture, Rates
from tests.training import folds, plain
from tests.training.differences import largest_difference
from tests.training.folds import architecture_of
from tests.training.test_optimizers import TORCH as OPTIMIZERS

PICTURE, SEQUENCE = (2, 5, 6), (10, 6)
REALMLP: Any = models.parameters("realmlp").model_validate(
    {"n_blocks": 2, "d_block": 7, "activation": "silu"}
)
OWN = {
    "cnn": architecture_of("cnn", n_blocks=2, d_block=7, shape=PICTURE, channels=3),
    "mlp": architecture_of("mlp", n_blocks=2, d_block=7),
    "realmlp": REALMLP.architecture("realmlp", realmlp.build, "multiclass"),
    "resnet": architecture_of("resnet", n_blocks=2, d_block=7),
    "rnn-gru": architecture_of("rnn", n_blocks=2, d_block=7, activation="tanh", shape=SEQUENCE),
    "rnn-lstm": architecture_of(
        "rnn", n_blocks=2, d_block=7, activation="tanh", shape=SEQUENCE, cell="lstm"
    ),
    "tabm": architecture_of("tabm", n_blocks=2, d_block=7, own={"k": 3}),
}
# Those whose layers are not followed by a normalisation.
PLAIN_ONLY = ("realmlp", "rnn", "tabm")
RATES = Rates(0.01, 0.01, 0.001, dropout=0.25, input_dropout=0.1)


def widths(architecture: Architecture) -> list[int]:
    return [60] * 3 if architecture.shape else [5, 7, 6]


def built(architecture: Architecture, **rates: float) -> StackedNetwork:
    """Three members whose every parameter and running statistic shows."""
    specs = [
        MemberSpec(seed, InputColumns(width), **rates)
        for seed, width in enumerate(widths(architecture))
    ]
    network = networks.build(architecture, specs, 2).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.1)
        for name, value in network.named_buffers():
            if name.endswith(("mean", "var")):
                value.uniform_(0.5, 2, generator=generator)
    return network


def inputs(architecture: Architecture) -> Tensor:
    own = widths(architecture)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(3, 9, max(own), dtype=torch.float64, generator=generator)
    for member, width in enumerate(own):
        x[member, :, width:] = 0
    return x


def test_every_architecture_is_here() -> None:
    assert {own.kind for own in OWN.values()} == set(folds.FAMILIES) == set(plain.PLAIN)


NORMALIZED = [
    (key, normalization)
    for key, own in OWN.items()
    for normalization in ("none", "batch_norm", "layer_norm")
    if own.kind not in PLAIN_ONLY or normalization == "none"
]


@pytest.mark.parametrize(("key", "normalization"), NORMALIZED)
def test_a_network_is_torchs_own_with_the_same_weights(key: str, normalization: str) -> None:
    architecture = replace(OWN[key], activation="tanh", normalization=normalization)
    network, x = built(architecture), inputs(architecture)
    own = [
        plain.PLAIN[architecture.kind](network, member, width, nn.Tanh()).eval()
        for member, width in enumerate(widths(architecture))
    ]
    output = network.eval()(x)
    pairs = [(output[m], own[m](x[m, :, :w])) for m, w in enumerate(widths(architecture))]
    assert output.shape == ((3, 9, 3, 2) if key == "tabm" else (3, 9, 2))
    assert largest_difference(pairs) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("key", OWN)
def test_a_member_of_a_stack_is_the_same_fold_trained_alone(key: str) -> None:
    architecture = OWN[key]
    if architecture.kind not in PLAIN_ONLY:
        architecture = replace(architecture, normalization="batch_norm")
    stack = folds.members("binary", 3, rates=RATES, width=60 if architecture.shape else None)
    options: dict[str, Any] = {"steps": 5, "max_epochs": 6, "optimizer": "momentum"}
    _, pairs = folds.train_together_and_alone(stack, "binary", architecture, **options)
    assert largest_difference(pairs) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_member_with_any_activation_is_the_same_fold_trained_alone(activation: str) -> None:
    architecture = architecture_of("mlp", n_blocks=2, d_block=7, activation=activation)
    stack = folds.members("regression", 3, rates=RATES)
    options: dict[str, Any] = {"steps": 5, "max_epochs": 6}
    _, pairs = folds.train_together_and_alone(stack, "regression", architecture, **options)
    assert largest_difference(pairs) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mlp", "resnet"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_with_batch_norm_no_optimizer_blows_rounding_up(kind: str, optimizer: str) -> None:
    architecture = replace(OWN[kind], normalization="batch_norm")
    stack = folds.members("binary", 2, rates=RATES)
    options: dict[str, Any] = {"steps": 5, "max_epochs": 8, "optimizer": optimizer}
    _, pairs = folds.train_together_and_alone(stack, "binary", architecture, **options)
    assert largest_difference(pairs) < 1e-9


@pytest.mark.parametrize("normalization", ["none", "batch_norm", "layer_norm"])
@pytest.mark.parametrize("kind", ["cnn", "mlp", "resnet"])
def test_what_batch_norm_takes_off_again_is_not_learned(kind: str, normalization: str) -> None:
    network = built(replace(OWN[kind], normalization=normalization))
    learned = {name for name, _ in network.named_parameters()}
    hidden = {
        "cnn": ["blocks.0.convolution", "blocks.1.convolution", "blocks.2.linear"],
        "mlp": ["blocks.0.linear", "blocks.1.linear"],
        "resnet": ["first", "blocks.0.back", "blocks.1.back"],
    }[kind]
    for layer in hidden:
        assert (f"{layer}.bias" in learned) is (normalization != "batch_norm")
        assert f"{layer}.bias" in network.state_dict()
    assert "output.bias" in learned


@settings(max_examples=15)
@given(
    n_blocks=st.integers(0, 3),
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    channels=st.integers(1, 3),
    kernel_size=st.sampled_from([1, 3, 5]),
)
def test_a_picture_of_any_size_is_halved_until_it_is_a_point(
    n_blocks: int, height: int, width: int, channels: int, kernel_size: int
) -> None:
    shape = (channels, height, width)
    architecture = architecture_of(
        "cnn",
        n_blocks=n_blocks,
        d_block=4,
        shape=shape,
        channels=2,
        kernel_size=kernel_size,
    )
    columns = InputColumns(channels * height * width)
    specs = [MemberSpec(seed, columns) for seed in (1, 2)]
    network = networks.build(architecture, specs, 1).double().eval()
    x = torch.randn(2, 3, columns.n_inputs, dtype=torch.float64)
    own = [plain.PLAIN["cnn"](network, member, columns.n_inputs, nn.ReLU()) for member in range(2)]
    output = network(x)
    assert largest_difference([(output[m], own[m](x[m])) for m in range(2)]) < 1e-12


def test_no_hidden_layer_is_a_linear_model() -> None:
    network = networks.build(
        architecture_of("mlp", n_blocks=0, d_block=6), [MemberSpec(1, InputColumns(4), 0.5)], 1
    )
    x = torch.randn(1, 8, 4)
    assert torch.equal(network(x), network.output(x))
    assert len(list(network.parameters())) == 2


@pytest.mark.parametrize("key", OWN)
def test_a_member_starts_as_it_would_alone(key: str) -> None:
    architecture = OWN[key]
    specs = [
        MemberSpec(seed, InputColumns(width)) for seed, width in enumerate(widths(architecture))
    ]
    stack, own = (networks.build(architecture, part, 2) for part in (specs, specs[2:]))
    whole = dict(stack.named_parameters())
    for name, value in own.named_parameters():
        found = whole[name][2]
        assert torch.equal(found[: value.shape[1]], value[0])
        assert not found[value.shape[1] :].any()


@pytest.mark.parametrize("key", OWN)
def test_a_network_can_be_sent_to_another_process(key: str) -> None:
    network, x = built(OWN[key]).eval(), inputs(OWN[key])
    assert torch.equal(pickle.loads(pickle.dumps(network))(x), network(x))


def test_saved_weights_are_a_copy_that_can_be_written_back() -> None:
    network = built(replace(OWN["mlp"], normalization="batch_norm"))
    saved = networks.weights(network)
    before = {name: value.clone() for name, value in saved.items()}
    with torch.no_grad():
        for value in network.state_dict().values():
            value.add_(1)
    assert all(torch.equal(saved[name], before[name]) for name in saved)
    networks.restore(network, saved)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
    assert any(name.endswith("normalization.var") for name in saved)


def test_only_parts_that_draw_are_told_the_step() -> None:
    assert built(OWN["mlp"]).noises() == []
    assert len(built(OWN["mlp"], dropout=0.1).noises()) == 2
    assert len(built(OWN["mlp"], input_dropout=0.1).noises()) == 1
    assert len(built(replace(OWN["mlp"], activation="rrelu")).noises()) == 2
