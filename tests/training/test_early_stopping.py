"""Early stopping of each member by the others, or by itself, and the weights of its best epoch."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tenfold.training.early_stopping import EarlyStopping
from tenfold.training.training_step import wrong
from tests.training.differences import largest_difference
from tests.training.folds import (
    PATIENCE,
    apart,
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


@pytest.mark.slow
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
    best = EarlyStopping(network, np.ones((3, 3), bool), patience, min_delta)
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


@pytest.mark.slow
@given(
    st.lists(st.tuples(LOSS, LOSS, LOSS), min_size=1, max_size=25),
    st.integers(1, 6),
    st.sampled_from([0.0, 1.0]),
)
def test_every_member_stops_where_the_others_would(
    losses: list[tuple[float, ...]], patience: int, min_delta: float
) -> None:
    network = nn.Module()
    network.epoch = nn.Parameter(torch.zeros(3, 2))
    stopping = EarlyStopping(network, apart(3), patience, min_delta)
    for epoch, row in enumerate(losses, start=1):
        with torch.no_grad():
            network.epoch.fill_(epoch)
        stopping.update(torch.zeros(3), torch.tensor(row, dtype=torch.float64), epoch)
    for member in range(3):
        best, best_epoch, diverged = math.inf, 0, 0
        for epoch, row in enumerate(losses, start=1):
            if epoch - 1 - best_epoch >= patience:
                break
            if not math.isfinite(row[member]):
                diverged = epoch
                break
            others = [loss for i, loss in enumerate(row) if i != member]
            if all(map(math.isfinite, others)) and sum(others) / 2 < best - min_delta:
                best, best_epoch = sum(others) / 2, epoch
        assert (int(stopping.epoch[member]), int(stopping.diverged[member])) == (
            best_epoch,
            diverged,
        )
        assert float(stopping.weights["epoch"][member, 0]) == best_epoch


@pytest.mark.slow
@pytest.mark.parametrize("schedule", ["constant", "reduce_on_plateau"])
def test_a_members_own_validation_rows_decide_nothing_about_it(schedule: str) -> None:
    stack = members("regression", 4)
    other = members("regression", 4, seed=1)[1]
    changed = [stack[0], replace(stack[1], y_val=other.y_val), *stack[2:]]
    # Member 1 judges nobody, as its own rows could otherwise come back to it through the others.
    overlaps = apart(4)
    overlaps[:, 1] = True
    options: dict[str, Any] = {"schedule": schedule, "plateau_patience": 0, "overlaps": overlaps}
    before, after = train(stack, **options), train(changed, **options)
    assert curve(after, "val_loss", 1) != curve(before, "val_loss", 1)
    assert after.epochs == before.epochs
    for one, two in zip(
        after.predict(validation(stack)), before.predict(validation(stack)), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    own = {**options, "overlaps": None}
    assert train(changed, **own).epochs[1] != train(stack, **own).epochs[1]


@pytest.mark.slow
def test_a_member_stopped_by_the_others_has_the_weights_it_would_have_alone() -> None:
    stack = members("regression", 4)
    trained = train(stack, overlaps=apart(4), steps=5)
    assert len(set(trained.epochs)) > 1
    pairs = []
    for number, epoch in enumerate(trained.epochs):
        others = [
            np.mean([v for m, v in enumerate(row["val_loss"]) if m != number])
            for row in trained.history[: trained.ends[number]]
        ]
        assert epoch == int(np.argmin(others)) + 1
        alone = train(without_validation([stack[number]]), steps=5, max_epochs=epoch)
        x = validation(stack[number : number + 1])
        pairs.append((alone.predict(x)[0], trained.predict(validation(stack))[number]))
    assert largest_difference(pairs) < 1e-9


@pytest.mark.slow
def test_members_of_other_configurations_and_those_that_share_rows_do_not_judge() -> None:
    # Two configurations of three folds, of which the last shares rows with both others.
    folds = members("regression", 3)
    stack = folds + with_rates(folds, learning_rate=[0.03] * 3)
    own = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 1]], dtype=bool)
    together = train(stack, overlaps=~np.kron(np.eye(2, dtype=bool), ~own), steps=5)
    for number in (0, 3):
        trial = stack[number : number + 3]
        apart_ = train(trial, overlaps=own, steps=5)
        assert together.epochs[number : number + 3] == apart_.epochs
        assert together.ends[number : number + 3] == apart_.ends
        curves = [curve(together, "val_loss", number + other) for other in (1, 0, 2)]
        for member, judge in enumerate(curves):
            end = apart_.ends[member]
            assert judge[:end].index(min(judge[:end])) == apart_.epochs[member] - 1


def test_a_member_that_diverges_leaves_no_epoch_to_those_it_judges() -> None:
    stack = with_one_diverging(members("regression", 3), 1)
    trained = train(stack, overlaps=apart(3))
    assert trained.diverged[1] == 1
    assert trained.epochs == [0, 0, 0]


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
        own = losses[: best + PATIENCE]
        assert own.index(min(own)) == best - 1
        recomputed = np.mean((output[:, 0] - np.asarray(member.y_val, dtype=np.float64)) ** 2)
        pairs.append((recomputed, losses[best - 1]))
    assert largest_difference(pairs) < 1e-12


def test_training_ends_when_no_member_may_go_on() -> None:
    stack = with_rates(members("regression", 5), learning_rate=[0.03] * 5)
    trained = train(stack, max_epochs=200)
    assert len(trained.history) == max(trained.epochs) + PATIENCE < 200
    assert trained.ends == [epoch + PATIENCE for epoch in trained.epochs]


def test_of_epochs_of_equal_error_the_last_is_kept() -> None:
    network = nn.Module()
    network.epoch = nn.Parameter(torch.zeros(3, 1))
    stopping = EarlyStopping(network, apart(3), 5, 0.0)
    errors = [[0.5, 0.5, 0.2], [0.2, 0.4, 0.2], [0.2, 0.4, 0.2], [0.4, 0.6, 0.2]]
    for epoch, row in enumerate(errors, start=1):
        stopping.update(torch.zeros(3), torch.full((3,), 1.0 / epoch), epoch, torch.tensor(row))
    assert stopping.epoch.tolist() == [3, 3, 3]


def test_the_error_is_the_share_of_rows_whose_likeliest_class_is_wrong() -> None:
    logits = torch.tensor([[[2.0], [-1.0], [3.0]]])
    assert wrong(logits, torch.tensor([[1.0, 1.0, 0.0]])).tolist() == [[0, 1, 1]]
    many = torch.tensor([[[0.0, 2, 1], [3, 0, 1]]])
    assert wrong(many, torch.tensor([[1, 2]])).tolist() == [[0, 1]]
    trained = train(members("binary", 3), "binary", best_epoch_by="error", max_epochs=6)
    assert all(0 <= error <= 1 for error in curve(trained, "val_error"))


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


@pytest.mark.slow
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
