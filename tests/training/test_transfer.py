"""Transfer learning: what is taken from another network, held, and moved slowly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tenfold.training import networks, prediction, transfer
from tenfold.training.embeddings import InputColumns
from tenfold.training.fitting import PretrainedMismatch, Trained
from tenfold.training.networks import MemberSpec, StackedNetwork
from tenfold.training.settings import Architecture, Rates
from tests.training import folds, plain
from tests.training.differences import largest_difference
from tests.training.folds import architecture_of
from tests.training.test_optimizers import TORCH

MLP = architecture_of("mlp", n_blocks=3, d_block=8, activation="tanh")


def built(architecture: Architecture, widths: list[int], outputs: int = 1) -> StackedNetwork:
    specs = [
        MemberSpec(len(widths) * 10 + i, InputColumns(width)) for i, width in enumerate(widths)
    ]
    return networks.build(architecture, specs, outputs)


def taken(
    network: StackedNetwork, pretrained: StackedNetwork, members: int
) -> tuple[set[str], int]:
    found, blocks = transfer.matching_blocks(network, pretrained, members)
    return {name.rsplit(".", 2)[0] for name in found}, blocks


def test_every_block_is_taken_and_the_output_never_is() -> None:
    network, pretrained = built(MLP, [5, 5], 3), built(MLP, [5], 1)
    found, blocks = transfer.matching_blocks(network, pretrained, 2)
    assert blocks == 3
    assert not any(name.startswith("output") for name in found)
    expected = pretrained.state_dict()
    for name, value in found.items():
        for member in range(2):
            assert torch.equal(value[member], expected[name][0])


def test_member_i_takes_from_member_i_modulo_their_number() -> None:
    network, pretrained = built(MLP, [5] * 5), built(MLP, [5] * 2)
    found, _ = transfer.matching_blocks(network, pretrained, 5)
    value, own = found["blocks.1.linear.weight"], pretrained.state_dict()["blocks.1.linear.weight"]
    assert torch.equal(value, own[[0, 1, 0, 1, 0]])


def test_only_the_first_blocks_that_fit_are_taken() -> None:
    pretrained = built(replace(MLP, n_blocks=2), [5])
    assert taken(built(MLP, [5]), pretrained, 1) == ({"blocks.0", "blocks.1"}, 2)
    assert taken(built(replace(MLP, d_block=9), [5]), pretrained, 1) == (set(), 0)
    assert taken(
        built(architecture_of("resnet", n_blocks=3, d_block=8, activation="tanh"), [5]),
        pretrained,
        1,
    ) == (set(), 0)
    normal = replace(MLP, normalization="batch_norm")
    assert taken(built(normal, [5]), pretrained, 1) == (set(), 0)
    assert taken(built(normal, [5]), built(normal, [5]), 1)[1] == 3


def test_a_first_layer_may_be_padded_wider_and_its_padding_taken_away() -> None:
    narrow, wide = built(MLP, [5]), built(MLP, [5, 7])
    layer: Any = wide.blocks[0].linear
    found, blocks = transfer.matching_blocks(wide, narrow, 2)
    assert blocks == 3
    first = found["blocks.0.linear.weight"]
    assert torch.equal(first[:, :5], narrow.state_dict()["blocks.0.linear.weight"].expand(2, 5, 8))
    assert not first[:, 5:].any()
    # The first of the wide ones has but five columns of its own; the second uses all seven.
    with torch.no_grad():
        layer.weight[1, 5:] = 0
    found, blocks = transfer.matching_blocks(narrow, wide, 1)
    assert blocks == 3
    assert torch.equal(found["blocks.0.linear.weight"], layer.weight[:1, :5])


def test_columns_that_the_donor_used_are_not_thrown_away() -> None:
    assert taken(built(MLP, [5]), built(MLP, [7]), 1) == (set(), 0)


@pytest.mark.parametrize(
    "architecture",
    [
        architecture_of("resnet", n_blocks=2, d_block=8, normalization="layer_norm"),
        architecture_of(
            "cnn",
            n_blocks=2,
            d_block=8,
            shape=(1, 6, 6),
            channels=2,
            normalization="batch_norm",
        ),
        architecture_of("rnn", n_blocks=2, d_block=8, shape=(6, 6)),
    ],
    ids=lambda own: own.kind,
)
def test_what_leads_to_the_first_block_goes_along_with_it(architecture: Architecture) -> None:
    network, pretrained = (built(architecture, widths) for widths in ([36, 36], [36]))
    found, blocks = transfer.matching_blocks(network, pretrained, 2)
    assert blocks == len(network.blocks)
    wanted = {n for n in network.state_dict() if n.startswith(("blocks", "first"))}
    assert set(found) == wanted


def test_a_recurrent_block_of_another_cell_or_width_does_not_fit() -> None:
    gru = architecture_of("rnn", n_blocks=1, d_block=8, shape=(6, 6))
    for other in (replace(gru, cell="lstm"), replace(gru, d_block=16), replace(gru, d_block=4)):
        assert taken(built(other, [36]), built(gru, [36]), 1) == (set(), 0)


STACK = folds.with_rates(
    folds.members("regression", 2, rates=Rates(), width=5), learning_rate=[0.01, 0.03]
)


def pretrained() -> Trained:
    return folds.train(STACK[:1], "regression", MLP, max_epochs=2)


def blocks(trained: Trained, which: int) -> dict[str, torch.Tensor]:
    return {
        name: value
        for name, value in trained.network.state_dict().items()
        if name.startswith(f"blocks.{which}.")
    }


def test_a_training_starts_from_the_donors_blocks() -> None:
    own = pretrained()
    found = folds.train(STACK, "regression", MLP, pretrained=own, max_epochs=1, freeze=3)
    for which in range(3):
        expected = blocks(own, which)
        for name, value in blocks(found, which).items():
            assert torch.equal(value, expected[name].expand_as(value))


@pytest.mark.parametrize("extra", [{}, {"max_norm": 0.1}, {"gradient_clip_val": 0.1}])
def test_frozen_blocks_change_in_no_way_and_the_others_do(extra: dict[str, Any]) -> None:
    decayed = folds.with_rates(STACK, weight_decay=[0.0, 0.1], l1=[0.1, 0.0])
    architecture = replace(MLP, normalization="batch_norm")
    own = folds.train(STACK[:1], "regression", architecture, max_epochs=2)
    found = folds.train(
        decayed, "regression", architecture, pretrained=own, freeze=2, max_epochs=3, **extra
    )
    for which, frozen in enumerate([True, True, False]):
        expected = blocks(own, which)
        changed = {
            name
            for name, value in blocks(found, which).items()
            if not torch.equal(value, expected[name].expand_as(value))
        }
        learned = {
            "linear.weight",
            *(f"normalization.{n}" for n in ("weight", "bias", "mean", "var")),
        }
        assert changed == (set() if frozen else {f"blocks.{which}.{name}" for name in learned})


def test_frozen_blocks_are_set_free_at_their_epoch() -> None:
    own = pretrained()
    stack = folds.without_validation(STACK)
    for max_epochs, frozen in ((2, True), (3, False)):
        found = folds.train(
            stack, "regression", MLP, pretrained=own, freeze=1, unfreeze_at=2, max_epochs=max_epochs
        )
        expected = blocks(own, 0)
        for name, value in blocks(found, 0).items():
            assert torch.equal(value, expected[name].expand_as(value)) is frozen


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", TORCH)
def test_thawing_and_a_slower_body_are_torchs_own_loop_over_each_member(optimizer: str) -> None:
    own, steps, epochs = pretrained(), 5, 6
    found = folds.train(
        STACK,
        "regression",
        MLP,
        pretrained=own,
        freeze=1,
        unfreeze_at=3,
        body_learning_rate_factor=0.3,
        optimizer=optimizer,
        steps=steps,
        max_epochs=epochs,
        patience=epochs,
    )
    whole = plain.untrained(MLP, STACK, 1)
    networks.restore(
        whole, {**whole.state_dict(), **transfer.matching_blocks(whole, own.network, 2)[0]}
    )
    nn.init.zeros_(whole.output.weight)
    pairs = []
    kind, options = TORCH[optimizer]
    for number, member in enumerate(STACK):
        network: Any = plain.PLAIN["mlp"](whole, number, 5, nn.Tanh())
        rate = member.rates.learning_rate
        groups = [
            {"params": network[-1].parameters(), "lr": rate},
            {"params": network[:-1].parameters(), "lr": 0.3 * rate},
        ]
        network[0].requires_grad_(False)
        epochs_run: list[int] = []

        def thaw(_: float, network: Any = network, run: list[int] = epochs_run) -> None:
            run.append(1)
            network[0].requires_grad_(len(run) >= 3)

        losses = plain.train(
            network,
            member,
            lambda output, y: nn.functional.mse_loss(output[:, 0], y),
            kind(groups, weight_decay=0.0, **options),
            epochs=epochs,
            steps=steps,
            each_epoch=thaw,
        )
        pairs.append((folds.curve(found, "val_loss", number), losses))
    assert largest_difference(pairs) < 1e-11


def test_the_new_output_layer_says_nothing_until_it_has_learnt() -> None:
    found = folds.train(STACK, "regression", MLP, pretrained=pretrained(), max_epochs=1)
    expected = [np.mean(np.asarray(member.y_val, dtype=np.float64) ** 2) for member in STACK]
    assert largest_difference([(found.initial_loss, expected)]) < 1e-12


def test_a_donor_of_which_nothing_fits_is_refused() -> None:
    other = replace(MLP, d_block=5)
    with pytest.raises(PretrainedMismatch, match="no block of that network fits"):
        folds.train(STACK, "regression", other, pretrained=pretrained())
    with pytest.raises(PretrainedMismatch, match="freeze must not exceed the 3 blocks that fit"):
        folds.train(STACK, "regression", MLP, pretrained=pretrained(), freeze=4)


def test_a_fine_tuned_network_starts_better_than_an_untrained_one() -> None:
    own = folds.train(STACK, "regression", MLP, max_epochs=16, patience=16)
    x, y = STACK[0].x_train, np.asarray(STACK[0].y_train, dtype=np.float64)
    scratch = folds.train(STACK[:1], "regression", MLP, max_epochs=2)
    tuned = folds.train(STACK[:1], "regression", MLP, pretrained=own, max_epochs=2)
    errors = [np.mean((t.predict([x])[0][:, 0] - y) ** 2) for t in (scratch, tuned)]
    assert errors[1] < errors[0]
    assert prediction.forward(tuned.network, [x])[0].shape == (len(x), 1)
