"""Early stopping of each member by itself, and the weights of its best epoch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tenfold.training.early_stopping import EarlyStopping
from tests.training.differences import largest_difference
from tests.training.folds import (
    RECIPE,
    architecture_of,
    curve,
    difference_of_others,
    members,
    train,
    validation,
    with_one_diverging,
    with_rates,
    without_targets,
    without_validation,
)

LOSS = st.one_of(st.integers(0, 9).map(float), st.just(math.nan), st.just(math.inf))


def by_hand(losses: list[float], patience: int, min_delta: float) -> tuple[int, int, int]:
    """Best epoch, epoch of divergence and last epoch of one member, as a loop for one would."""
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        if not math.isfinite(loss):
            return best_epoch, epoch, epoch
        if loss < best - min_delta:
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return best_epoch, 0, epoch
    return best_epoch, 0, len(losses)


@given(
    st.lists(st.tuples(LOSS, LOSS, LOSS), min_size=1, max_size=25),
    st.integers(1, 6),
    st.sampled_from([0.0, 1.0, 2.5]),
)
def test_every_member_stops_where_it_would_alone(
    losses: list[tuple[float, ...]], patience: int, min_delta: float
) -> None:
    network = nn.Module()
    network.epoch = nn.Parameter(torch.zeros(3, 2))
    best = EarlyStopping(network, 3, patience, min_delta)
    for epoch, row in enumerate(losses, start=1):
        with torch.no_grad():
            network.epoch.fill_(epoch)
        best.update(torch.zeros(3), torch.tensor(row), epoch)
    expected = [by_hand([row[i] for row in losses], patience, min_delta) for i in range(3)]
    assert best.epoch.tolist() == [own[0] for own in expected]
    assert best.diverged.tolist() == [own[1] for own in expected]
    assert best.ends(len(losses)) == [own[2] for own in expected]
    assert best.weights["epoch"][:, 0].tolist() == [own[0] for own in expected]
    going_on = [own[1] == 0 and len(losses) - own[0] < patience for own in expected]
    assert best.still_training(len(losses)).tolist() == going_on


def test_the_weights_returned_are_those_of_the_best_epoch() -> None:
    stack = members("regression", 5)
    trained = train(stack)
    pairs = []
    for number, (member, output) in enumerate(
        zip(stack, trained.predict(validation(stack)), strict=True)
    ):
        losses = curve(trained, "val_loss", number)
        best = trained.epochs[number]
        # What the member did after its patience had ended counts for nothing.
        own = losses[: best + RECIPE.patience]
        assert own.index(min(own)) == best - 1
        recomputed = np.mean((output[:, 0] - np.asarray(member.y_val, dtype=np.float64)) ** 2)
        pairs.append((recomputed, losses[best - 1]))
    assert largest_difference(pairs) < 1e-12


def test_training_ends_when_no_member_may_go_on() -> None:
    stack = with_rates(members("regression", 5), learning_rate=[0.03] * 5)
    trained = train(stack, max_epochs=200)
    assert len(trained.history) == max(trained.epochs) + RECIPE.patience < 200
    assert trained.ends == [epoch + RECIPE.patience for epoch in trained.epochs]


def test_an_improvement_must_exceed_min_delta() -> None:
    stack = members("regression", 3)
    assert train(stack, min_delta=1e9).epochs == [1, 1, 1]
    assert max(train(stack, min_delta=0.0).epochs) > 1


def test_without_validation_rows_every_epoch_is_run_and_the_last_weights_are_kept() -> None:
    stack = without_validation(members("regression", 2))
    trained = train(stack, max_epochs=12)
    assert trained.epochs == trained.ends == [12, 12]
    assert len(trained.history) == 12
    assert "val_loss" not in trained.history[0]
    first, last = (float(np.mean(trained.history[at]["train_loss"])) for at in (0, -1))
    assert last < first
    output = trained.predict([stack[0].x_train, stack[1].x_train])[0]
    y = np.asarray(stack[0].y_train, dtype=np.float64)
    assert np.mean((output[:, 0] - y) ** 2) < first


def test_a_run_whose_members_all_diverged_ends_at_once() -> None:
    stack = [without_targets(member) for member in members("regression", 2)]
    trained = train(stack)
    assert trained.epochs == [0, 0]
    assert trained.diverged == trained.ends == [1, 1]
    assert len(trained.history) == 1


def test_a_member_that_diverges_disturbs_no_other() -> None:
    stack = members("regression", 3)
    found, expected = train(with_one_diverging(stack, 1)), train(stack)
    assert found.epochs[1] == 0
    assert found.diverged == [0, 1, 0]
    assert difference_of_others(found, expected, stack, 1) < 1e-12


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_member_whose_rate_is_far_too_high_disturbs_no_other(optimizer: str) -> None:
    stack = members("regression", 3)
    wild = with_rates(stack, learning_rate=[0.01, 1e200, 0.01])
    calm = with_rates(stack, learning_rate=[0.01, 0.02, 0.01])
    options: dict[str, Any] = {"optimizer": optimizer, "patience": 16, "gradient_clip_val": 1.0}
    found, expected = train(wild, **options), train(calm, **options)
    assert found.diverged[1] > 0
    assert found.diverged[0] == found.diverged[2] == 0
    assert difference_of_others(found, expected, stack, 1) < 1e-12


def test_a_loss_that_turns_infinite_leaves_the_best_weights_before_it() -> None:
    stack = with_rates(members("regression", 2), learning_rate=[3.0, 4.0])
    line = architecture_of("mlp", n_blocks=0, d_block=1)
    trained = train(
        stack, architecture=line, optimizer="sgd", batch_size="full", max_epochs=900, patience=900
    )
    assert all(trained.diverged)
    assert trained.ends == trained.diverged
    assert len(trained.history) == max(trained.diverged)
    for number, epoch in enumerate(trained.epochs):
        losses = curve(trained, "val_loss", number)
        finite = [loss for loss in losses[: trained.diverged[number] - 1] if math.isfinite(loss)]
        assert finite
        assert losses[epoch - 1] == min(finite)
