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
from tenfold.training.fitting import Trained
from tenfold.training.lightning_trainer import CrashCheckpoint
from tests.training.folds import (
    ARCHITECTURE,
    LOSSES,
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


@pytest.mark.parametrize("task", LOSSES)
@pytest.mark.parametrize("cut", [8, 10])
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(
    task: str, cut: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, path = members(task, 3), tmp_path / "last.ckpt"
    options: dict[str, Any] = {"max_epochs": 18, "patience": 18}
    unbroken = train(stack, task, **options)
    with monkeypatch.context() as patch:
        cut_after(cut, patch, every=4)
        with pytest.raises(PowerCut):
            train(stack, task, checkpoint=path, **options)
    assert path.exists()
    resumed = train(stack, task, checkpoint=path, **options)
    assert len(resumed.history) == 18
    assert_same(resumed, unbroken, validation(stack))


@pytest.mark.parametrize("optimizer", ["momentum", "nadam", "adamw"])
def test_a_run_with_all_that_has_a_memory_goes_on_too(
    optimizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = with_rates(
        members("binary", 3), learning_rate=[0.001, 0.01, 0.05], weight_decay=[0.0, 0.1, 0.01]
    )
    architecture = architecture_of("mlp", n_blocks=2, d_block=8, normalization="batch_norm")
    options: dict[str, Any] = {
        "architecture": architecture,
        "optimizer": optimizer,
        "schedule": "reduce_on_plateau",
        "gamma": 0.5,
        "plateau_patience": 0,
        "max_epochs": 12,
        "patience": 12,
        "body_learning_rate_factor": 0.5,
    }
    unbroken = train(stack, "binary", **options)
    with monkeypatch.context() as patch:
        cut_after(7, patch, every=3)
        with pytest.raises(PowerCut):
            train(stack, "binary", checkpoint=tmp_path / "c", **options)
    resumed = train(stack, "binary", checkpoint=tmp_path / "c", **options)
    assert_same(resumed, unbroken, validation(stack))


def test_a_run_interrupted_without_validation_rows_goes_on_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = without_validation(members("binary", 1))
    unbroken = train(stack, "binary", max_epochs=12)
    with monkeypatch.context() as patch:
        cut_after(9, patch, every=4)
        with pytest.raises(PowerCut):
            train(stack, "binary", checkpoint=tmp_path / "c", max_epochs=12)
    resumed = train(stack, "binary", checkpoint=tmp_path / "c", max_epochs=12)
    assert_same(resumed, unbroken, [stack[0].x_train])


def test_frozen_blocks_stay_frozen_in_a_resumed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = members("regression", 2)
    pretrained = train(stack, max_epochs=2)
    options: dict[str, Any] = {
        "pretrained": pretrained,
        "freeze": 1,
        "unfreeze_at": 9,
        "max_epochs": 12,
    }
    unbroken = train(stack, patience=12, **options)
    with monkeypatch.context() as patch:
        cut_after(7, patch, every=3)
        with pytest.raises(PowerCut):
            train(stack, patience=12, checkpoint=tmp_path / "c", **options)
    resumed = train(stack, patience=12, checkpoint=tmp_path / "c", **options)
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
