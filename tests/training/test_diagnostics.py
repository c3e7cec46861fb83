"""What is measured inside a network, and what is concluded from it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tenfold.training.diagnostics import NetworkMonitor, diagnose
from tenfold.training.fitting import Member, Trained
from tenfold.training.settings import Rates
from tests.training import folds, plain
from tests.training.differences import largest_difference
from tests.training.folds import architecture_of

WIDE = architecture_of("mlp", n_blocks=3, d_block=16)


def names(trained: Trained) -> list[str]:
    return [finding.name for finding in trained.findings]


@pytest.mark.parametrize("kind", ["mlp", "resnet"])
def test_gradient_norms_are_those_of_each_member_and_block_alone(kind: str) -> None:
    architecture = architecture_of(kind, n_blocks=2, d_block=7, activation="tanh")
    stack = folds.members("regression", 3, rates=Rates())
    # One step an epoch: what is measured in the first are the gradients at the start.
    found = folds.train(stack, "regression", architecture, batch_size="full", max_epochs=1)
    whole = plain.untrained(architecture, stack, 1)
    pairs = []
    for number, member in enumerate(stack):
        width = member.x_train.shape[1]
        network: Any = plain.PLAIN[kind](whole, number, width, nn.Tanh())
        output = network(torch.from_numpy(member.x_train))[:, 0]
        nn.functional.mse_loss(output, torch.from_numpy(member.y_train)).backward()  # type: ignore[no-untyped-call]
        layers = [m for m in network.modules() if isinstance(m, nn.Linear)]
        if kind == "resnet":
            # Blocks of two layers each; what leads to the first is no block.
            groups = [layers[1:3], layers[3:5], layers[5:]]
        else:
            groups = [[layer] for layer in layers]
        for block, group in enumerate(groups, start=1):
            squares = [
                p.grad.square().sum()
                for layer in group
                for p in layer.parameters()
                if p.grad is not None
            ]
            norm = float(torch.stack(squares).sum().sqrt())
            pairs.append((folds.curve(found, f"gradient_norm_{block}", number)[0], norm))
    assert set(found.history[0]) >= {f"gradient_norm_{i}" for i in (1, 2, 3)}
    assert largest_difference(pairs) < 1e-12


def validation_outputs(trained: Trained, stack: list[Member], activation: nn.Module) -> list[Any]:
    """Every hidden answer of every member for its own validation rows, (rows, units)."""
    found = []
    for number, member in enumerate(stack):
        x = torch.from_numpy(member.x_val)
        answers = []
        for block in trained.network.blocks:
            width = x.shape[1]
            layer = plain.linear(block.linear, number, width)  # type: ignore[arg-type]
            x = activation(layer(x))
            answers.append(x.detach().numpy())
        found.append(np.concatenate(answers, axis=1))
    return found


def test_dead_units_are_those_silent_for_every_validation_row_of_their_own_member() -> None:
    stack = folds.members("regression", 4, rates=Rates(0.5))
    trained = folds.train(stack, max_epochs=1, optimizer="sgd")
    found = trained.history[0]["dead_units"]
    expected = [
        (answers.max(axis=0) <= 0).mean()
        for answers in validation_outputs(trained, stack, nn.ReLU())
    ]
    assert largest_difference([(found, expected)]) < 1e-12
    assert 0 < min(found) < max(found) < 1


@pytest.mark.parametrize(
    ("activation", "low", "high"), [("sigmoid", 0.01, 0.99), ("tanh", -0.98, 0.98)]
)
def test_saturated_units_are_answers_at_the_ends_of_the_range(
    activation: str, low: float, high: float
) -> None:
    stack = folds.members("regression", 4, rates=Rates())
    architecture = architecture_of(
        "mlp",
        n_blocks=2,
        d_block=12,
        activation=activation,
        initializer="normal",
        initializer_scale=2.0,
    )
    trained = folds.train(stack, "regression", architecture, max_epochs=1)
    own = {"sigmoid": nn.Sigmoid(), "tanh": nn.Tanh()}[activation]
    expected = [
        ((answers < low) | (answers > high)).mean()
        for answers in validation_outputs(trained, stack, own)
    ]
    found = trained.history[0]["saturated_units"]
    assert largest_difference([(found, expected)]) < 1e-12
    assert 0 < min(found) < max(found) < 1


def test_what_is_measured_of_a_member_does_not_depend_on_longer_members_beside_it() -> None:
    stack = folds.members("regression", 4)
    together = folds.train(stack, steps=5, max_epochs=3)
    for number, member in enumerate(stack):
        alone = folds.train([member], steps=5, max_epochs=3)
        assert folds.curve(alone, "dead_units") == folds.curve(together, "dead_units", number)


def test_listening_leaves_no_hook_behind() -> None:
    network = plain.untrained(WIDE, folds.members("regression", 1), 1)
    watch = NetworkMonitor(network, "relu")
    watch.present = torch.ones(1, 3, dtype=torch.bool)
    watch.listen()
    network(torch.zeros(1, 3, 5, dtype=torch.float64))
    assert set(watch.heard()) == {"dead_units"}
    assert all(not module._forward_hooks for module in network.modules())


def test_activations_that_neither_rectify_nor_saturate_are_not_listened_to() -> None:
    trained = folds.train(
        folds.members("regression", 2), "regression", replace(WIDE, activation="gelu"), max_epochs=1
    )
    assert not {"dead_units", "saturated_units"} & set(trained.history[0])


def test_a_sane_training_has_no_finding() -> None:
    for task in folds.LOSSES:
        assert names(folds.train(folds.members(task, 3), task, max_epochs=8)) == []


def test_a_deep_sigmoid_network_of_small_weights_vanishes_until_the_advice_is_taken() -> None:
    stack = folds.members("regression", 3, rates=Rates(0.01))
    deep = architecture_of(
        "mlp", n_blocks=8, d_block=16, activation="sigmoid", initializer="normal"
    )
    options: dict[str, Any] = {"max_epochs": 12, "patience": 12}
    bad = folds.train(stack, "regression", deep, **options)
    assert names(bad) == ["vanishing gradients"]
    cure = str(bad.findings[0])
    assert "initializer: auto" in cure
    assert "activation: relu" in cure
    cured = replace(deep, activation="relu", initializer="auto")
    good = folds.train(stack, "regression", cured, **options)
    assert names(good) == []
    # A network without a gradient predicts the mean at best.
    for member in range(3):
        assert min(folds.curve(good, "train_loss", member)) < 0.5 * min(
            folds.curve(bad, "train_loss", member)
        )


def test_a_huge_rate_explodes_until_the_advice_is_taken() -> None:
    stack = folds.members("regression", 3, rates=Rates(5.0))
    options: dict[str, Any] = {"optimizer": "sgd", "max_epochs": 12, "patience": 12}
    bad = folds.train(stack, "regression", replace(WIDE, activation="leaky_relu"), **options)
    assert names(bad) == ["exploding gradients"]
    cure = str(bad.findings[0])
    assert "lower learning_rate" in cure
    assert "gradient_clip_val: 1.0" in cure
    calm = folds.with_rates(stack, learning_rate=[0.05] * 3)
    good = folds.train(
        calm,
        "regression",
        replace(WIDE, activation="leaky_relu"),
        gradient_clip_val=1.0,
        **options,
    )
    assert names(good) == []
    assert good.diverged == [0, 0, 0]
    for member in range(3):
        losses = folds.curve(good, "train_loss", member)
        assert losses[-1] < losses[0]


def test_one_exploding_member_is_counted_among_the_others() -> None:
    stack = folds.with_rates(folds.members("regression", 3), learning_rate=[0.01, 1e200, 0.01])
    trained = folds.train(stack, optimizer="sgd", gradient_clip_val=1.0)
    (finding,) = trained.findings
    assert "(1 of 3 members)" in finding.seen
    assert trained.part(slice(0, 1)).findings == trained.part(slice(2, 3)).findings == []


def test_units_killed_by_a_huge_rate_are_found_dead() -> None:
    stack = folds.members("regression", 3, rates=Rates(2.0))
    trained = folds.train(stack, "regression", WIDE, optimizer="adam", patience=16)
    assert "dead units" in names(trained)


def test_units_of_huge_weights_are_found_saturated_until_the_advice_is_taken() -> None:
    stack = folds.members("regression", 3)
    wild = architecture_of(
        "mlp",
        n_blocks=2,
        d_block=16,
        activation="tanh",
        initializer="normal",
        initializer_scale=5.0,
    )
    assert "saturated units" in names(folds.train(stack, "regression", wild, max_epochs=3))
    calm = replace(wild, initializer="auto")
    assert names(folds.train(stack, "regression", calm, max_epochs=3)) == []


def test_findings_of_frozen_blocks_look_at_the_others() -> None:
    stack = folds.members("regression", 2)
    pretrained = folds.train(stack, "regression", WIDE, max_epochs=1)
    options: dict[str, Any] = {"pretrained": pretrained, "max_epochs": 3}
    for freeze in (1, 2, 3):
        frozen = folds.train(stack, "regression", WIDE, freeze=freeze, **options)
        assert f"gradient_norm_{freeze}" not in frozen.history[0]
        assert names(frozen) == []
    thawed = folds.train(stack, "regression", WIDE, freeze=1, unfreeze_at=1, **options)
    assert "gradient_norm_1" in thawed.history[1]
    assert names(thawed) == []


def history(losses: list[float]) -> list[dict[str, list[float]]]:
    return [{"train_loss": [1.0, loss], "gradient_norm_1": [1.0, 1.0]} for loss in losses]


def test_a_loss_that_leaps_and_falls_back_is_a_spike() -> None:
    assert diagnose(history([2.0] * 10), [2.0, 2.0]) == []
    (finding,) = diagnose(history([2.0] * 7 + [9.0, 2.0]), [2.0, 2.0])
    assert finding.name == "loss spikes"
    assert "the first in epoch 8, 4.5 times" in finding.seen
    assert "warmup_epochs" in finding.cure


def test_a_loss_above_that_of_the_untrained_network_has_exploded() -> None:
    assert diagnose(history([2.0, 19.0]), [2.0, 2.0]) == []
    (finding,) = diagnose(history([2.0, 21.0]), [2.0, 2.0])
    assert finding.name == "exploding gradients"
    assert "in epoch 2 the loss was 10.5 times" in finding.seen


def test_a_loss_that_is_no_number_has_exploded_and_is_no_spike() -> None:
    (finding,) = diagnose(history([2.0] * 8 + [math.nan]), [2.0, 2.0])
    assert finding.name == "exploding gradients"
    assert "no finite number" in finding.seen


def test_no_history_has_no_findings() -> None:
    assert diagnose([], [1.0]) == []
