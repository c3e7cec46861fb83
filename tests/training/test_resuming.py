"""An interrupted run goes on as if nothing had happened."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from tenfold.training import lightning_trainer
from tenfold.training.fitting import Member, Trained
from tenfold.training.lightning_trainer import CrashCheckpoint
from tests.training.folds import (
    ARCHITECTURE,
    LOSSES,
    apart,
    architecture_of,
    members,
    train,
    validation,
    with_rates,
    without_targets,
    without_validation,
)


class PowerCut(Exception):
    pass


# Trains folds without a break, and with one after epoch `cut`, its state saved `every` few epochs.
BothWays = Callable[..., tuple[Trained, Trained]]


@pytest.fixture
def both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BothWays:
    """The resumed training, and the unbroken one."""

    def run(
        stack: list[Member], task: str = "regression", *, cut: int, every: int, **options: Any
    ) -> tuple[Trained, Trained]:
        unbroken, path = train(stack, task, **options), tmp_path / "last.ckpt"
        with monkeypatch.context() as patch:
            cut_after(cut, patch, every)
            with pytest.raises(PowerCut):
                train(stack, task, checkpoint=path, **options)
        assert path.exists()
        return train(stack, task, checkpoint=path, **options), unbroken

    return run


def cut_after(epoch: int, monkeypatch: pytest.MonkeyPatch, every: int) -> None:
    """Save the state every few epochs, and stop in the middle of all as a crash would."""

    class Cut(CrashCheckpoint):
        def __init__(self, path: Path, every_n_epochs: int) -> None:
            super().__init__(path, every)

        def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
            if trainer.current_epoch == epoch:
                raise PowerCut

    monkeypatch.setattr(lightning_trainer, "CrashCheckpoint", Cut)


def assert_same(found: Trained, expected: Trained, xs: list[Any]) -> None:
    assert found.history == expected.history
    assert found.epochs == expected.epochs
    assert found.diverged == expected.diverged
    assert found.initial_loss == expected.initial_loss
    for one, two in zip(found.predict(xs), expected.predict(xs), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.slow
@pytest.mark.parametrize("task", LOSSES)
@pytest.mark.parametrize("cut", [8, 10])
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(
    task: str, cut: int, both_ways: BothWays
) -> None:
    stack = members(task, 3)
    resumed, unbroken = both_ways(stack, task, cut=cut, every=4, max_epochs=18, patience=18)
    assert len(resumed.history) == 18
    assert_same(resumed, unbroken, validation(stack))


def test_a_run_whose_folds_stop_each_other_goes_on_too(both_ways: BothWays) -> None:
    stack = members("regression", 4)
    resumed, unbroken = both_ways(
        stack, cut=7, every=3, overlaps=apart(4), schedule="reduce_on_plateau", plateau_patience=0
    )
    assert len(set(unbroken.epochs)) > 1
    assert_same(resumed, unbroken, validation(stack))


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["momentum", "nadam", "adamw"])
def test_a_run_with_all_that_has_a_memory_goes_on_too(optimizer: str, both_ways: BothWays) -> None:
    stack = with_rates(
        members("binary", 3), learning_rate=[0.001, 0.01, 0.05], weight_decay=[0.0, 0.1, 0.01]
    )
    resumed, unbroken = both_ways(
        stack,
        "binary",
        cut=7,
        every=3,
        architecture=architecture_of("mlp", n_blocks=2, d_block=8, normalization="batch_norm"),
        optimizer=optimizer,
        schedule="reduce_on_plateau",
        gamma=0.5,
        plateau_patience=0,
        max_epochs=12,
        patience=12,
        body_learning_rate_factor=0.5,
    )
    assert_same(resumed, unbroken, validation(stack))


def test_a_run_of_networks_with_heads_goes_on_too(both_ways: BothWays) -> None:
    stack, heads = members("binary", 3), architecture_of("tabm", d_block=8, own={"k": 3})
    resumed, unbroken = both_ways(
        stack, "binary", cut=4, every=3, overlaps=apart(3), architecture=heads, max_epochs=7
    )
    assert_same(resumed, unbroken, validation(stack))


def test_a_run_interrupted_without_validation_rows_goes_on_too(both_ways: BothWays) -> None:
    stack = without_validation(members("binary", 1))
    resumed, unbroken = both_ways(stack, "binary", cut=9, every=4, max_epochs=12)
    assert_same(resumed, unbroken, [stack[0].x_train])


def test_frozen_blocks_stay_frozen_in_a_resumed_run(both_ways: BothWays) -> None:
    stack = members("regression", 2)
    resumed, unbroken = both_ways(
        stack,
        cut=7,
        every=3,
        pretrained=train(stack, max_epochs=2),
        freeze=1,
        unfreeze_at=9,
        max_epochs=12,
        patience=12,
    )
    assert_same(resumed, unbroken, validation(stack))


def test_a_run_that_had_stopped_when_its_state_was_saved_does_not_go_on(tmp_path: Path) -> None:
    stack, path = members("regression", 2), tmp_path / "last.ckpt"
    # Checkpoints come every 25 epochs; never improving again, the run ends at its patience.
    options: dict[str, Any] = {"max_epochs": 40, "patience": 24, "min_delta": 1e9}
    ended = train(stack, checkpoint=path, **options)
    assert ended.epochs == [1, 1]
    assert len(ended.history) == 25
    assert path.exists()
    assert_same(train(stack, checkpoint=path, **options), ended, validation(stack))


def test_a_run_of_diverged_members_does_not_go_on_when_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = [without_targets(member) for member in members("regression", 2)]
    with monkeypatch.context() as patch:
        cut_after(5, patch, every=1)
        ended = train(stack, checkpoint=tmp_path / "c")
    resumed = train(stack, checkpoint=tmp_path / "c")
    assert len(resumed.history) == len(ended.history) == 1
    assert resumed.diverged == [1, 1]


def test_a_checkpoint_of_a_finished_run_ends_at_once_with_the_same_answer(tmp_path: Path) -> None:
    stack, path = members("regression", 2), tmp_path / "last.ckpt"
    options: dict[str, Any] = {"max_epochs": 25, "patience": 25}
    finished = train(stack, checkpoint=path, **options)
    assert path.exists()
    assert_same(train(stack, checkpoint=path, **options), finished, validation(stack))


def test_no_half_checkpoint_is_ever_at_its_place(tmp_path: Path) -> None:
    stack = members("regression", 1)
    train(
        stack,
        "regression",
        ARCHITECTURE,
        checkpoint=tmp_path / "last.ckpt",
        max_epochs=25,
        patience=25,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


class Intruder:
    """Unpickled, it leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


def pickled(path: Path, content: Any) -> None:
    path.write_bytes(pickle.dumps(content))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("write", [pickled, lambda path, content: torch.save(content, path)])
def test_a_pickle_in_the_checkpoints_place_runs_no_code_and_the_training_starts_anew(
    write: Callable[[Path, Any], None], tmp_path: Path
) -> None:
    stack, path = members("regression", 1), tmp_path / "last.ckpt"
    write(path, {"state_dict": Intruder(tmp_path / "ran")})
    with pytest.warns(UserWarning, match="not written by tenfold: training starts anew"):
        found = train(stack, checkpoint=path, max_epochs=2)
    assert not (tmp_path / "ran").exists()
    assert_same(found, train(stack, max_epochs=2), validation(stack))


def test_a_damaged_checkpoint_is_not_resumed(tmp_path: Path) -> None:
    stack, path = members("regression", 1), tmp_path / "last.ckpt"
    train(stack, checkpoint=path, max_epochs=25, patience=25)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.warns(UserWarning, match="damaged"):
        found = train(stack, checkpoint=path, max_epochs=2)
    assert_same(found, train(stack, max_epochs=2), validation(stack))
