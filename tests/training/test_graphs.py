"""Captured steps are the eager ones: on a processor with a tape in place of CUDA's graphs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks import captured
from benchmarks.captured import Choice, TapeRecorder, choices
from tenfold.training import graphs
from tenfold.training.blocks import Block
from tenfold.training.catalogue import LOSSES, OPTIMIZERS
from tenfold.training.diagnostics import Diagnosis
from tenfold.training.fitting import Trained
from tenfold.training.graphs import Captures, Snapshot, why_not_captured
from tenfold.training.settings import LossSettings
from tenfold.training.training_step import ParameterGroup, Stepper
from tests.training import folds, plain
from tests.training.differences import largest_difference
from tests.training.folds import FAMILIES

CHOICES = choices()


@pytest.mark.parametrize("name", CHOICES)
def test_a_captured_step_is_the_eager_one(name: str) -> None:
    one, two = captured.both(CHOICES[name], "cpu")
    assert one.not_captured is None
    assert captured.difference(one, two) < 1e-12


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_in_single_precision_a_captured_step_is_the_eager_one_up_to_rounding(
    optimizer: str,
) -> None:
    # Fused kernels read a rate that all members share from the device, in single precision.
    choice = Choice({"optimizer": optimizer, "schedule": "cosine"}, {"weight_decay": 0.1})
    one, two = captured.both(choice, "cpu", precision="32-true")
    assert captured.difference(one, two) < 1e-5


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes what a recorder is asked for."""
    asked: list[str] = []

    class Noting(TapeRecorder):
        def warm_up(self, work: graphs.Work) -> graphs.Measured:
            asked.append("warm up")
            return super().warm_up(work)

        def record(self, work: graphs.Work) -> Callable[[], None]:
            asked.append("record")
            repeat = super().record(work)

            def noting() -> None:
                asked.append("repeat")
                repeat()

            return noting

    monkeypatch.setattr(captured, "TapeRecorder", Noting)
    return asked


@pytest.mark.parametrize(
    ("choice", "least", "most"),
    [
        # Steps, the last one of an epoch, validation; and perhaps the weights of some members.
        (Choice(), 3, 4),
        # The first, middle and last of a group of batches, and the last group's.
        (Choice(trainer={"accumulate_grad_batches": 3}), 5, 6),
        # Again when other parameters are trained.
        (Choice({"freeze": 1, "unfreeze_at": 2}, starts_trained=True), 6, 8),
    ],
)
def test_every_kind_of_work_is_recorded_once_and_repeated_from_then_on(
    choice: Choice, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = counted(monkeypatch)
    captured.both(choice, "cpu", max_epochs=8)
    assert least <= asked.count("record") <= most
    # Once more where the optimiser makes its memory.
    assert 1 <= asked.count("warm up") - asked.count("record") <= 2
    # 4 steps an epoch, and a validation.
    assert asked.count("repeat") >= 8 * 5


@pytest.mark.slow
def test_a_resumed_run_is_captured_too(tmp_path: Path) -> None:
    choice = Choice({"optimizer": "adamw", "patience": None}, {"dropout": 0.2})
    stack, path = captured.members(choice), tmp_path / "last.ckpt"
    with captured.captured("cpu"):
        whole = captured.train(choice, stack, "cpu", max_epochs=27)
        captured.train(choice, stack, "cpu", max_epochs=25, checkpoint=path)
        resumed = captured.train(choice, stack, "cpu", max_epochs=27, checkpoint=path)
    assert captured.difference(resumed, whole) < 1e-12


def failing(error: Exception) -> type[TapeRecorder]:
    class Failing(TapeRecorder):
        def record(self, work: graphs.Work) -> Callable[[], None]:
            work()
            raise error

    return Failing


def test_what_cannot_be_captured_after_all_is_trained_eagerly_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = RuntimeError("operation not permitted when stream is capturing\nmore")
    monkeypatch.setattr(captured, "TapeRecorder", failing(error))
    one, two = captured.both(Choice(rates={"dropout": 0.2}), "cpu")
    assert captured.difference(one, two) < 1e-12
    (said,) = [str(found) for found in one.findings if found not in two.findings]
    assert said == (
        "steps one kernel at a time: torch could not capture one (operation not permitted when "
        "stream is capturing); nothing: the results are the same"
    )


def test_memory_that_runs_out_at_a_capture_is_no_reason_to_train_eagerly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(captured, "TapeRecorder", failing(torch.OutOfMemoryError("CUDA: full")))
    with pytest.raises(MemoryError), captured.captured("cpu"):
        captured.train(Choice(), captured.members(Choice()), "cpu")


def test_a_stack_of_trials_is_captured_as_each_trial_alone() -> None:
    trials = [
        {"learning_rate": 0.003, "weight_decay": 0.0, "dropout": 0.1},
        {"learning_rate": 0.03, "weight_decay": 0.1, "dropout": 0.4},
    ]
    own = captured.members(Choice(), 3)
    stacks = [[replace(m, rates=replace(m.rates, **rates)) for m in own] for rates in trials]
    overlaps = ~np.kron(np.eye(2, dtype=np.bool_), ~np.eye(3, dtype=np.bool_))
    with captured.captured("cpu"):
        together = captured.train(Choice(), [*stacks[0], *stacks[1]], "cpu", overlaps=overlaps)
    for number, stack in enumerate(stacks):
        with captured.uncaptured():
            alone = captured.train(Choice(), stack, "cpu")
        part = together.part(slice(3 * number, 3 * number + 3))
        assert captured.difference(part, alone) < 1e-12


@pytest.mark.parametrize("thaws", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_memory_of_an_optimizer_that_practised_is_as_if_it_had_not(
    name: str, *, thaws: bool
) -> None:
    steppers, weights = [], []
    for _ in range(2):
        weight = nn.Parameter(torch.ones(2, 3, dtype=torch.float64))
        groups = [ParameterGroup([weight])]
        stepper = Stepper(name, groups, [0.1, 0.1], shared_rate=True, thaws=thaws)
        steppers.append(stepper)
        weights.append(weight)
    practised, fresh = steppers
    before = Snapshot(weights[:1], practised.optimizer)
    for _ in range(3):
        weights[0].grad = torch.full_like(weights[0], 0.7)
        practised.step([0.1, 0.1])
    before.restore()
    for number in range(4):
        for stepper, weight in zip((practised, fresh), weights, strict=True):
            weight.grad = torch.full_like(weight, 0.3 - number)
            stepper.step([0.1, 0.1])
    assert largest_difference([(weights[0], weights[1])]) < 1e-15


def test_what_is_recorded_may_neither_ask_nor_tell_the_host() -> None:
    x = torch.ones(2)
    recorder = TapeRecorder(x.device)
    with pytest.raises(RuntimeError, match="asked for a number"):
        recorder.record(lambda: {"x": x * x.sum().item()})
    with pytest.raises(RuntimeError, match="host's numbers"):
        recorder.record(lambda: {"x": x * torch.tensor([1.0, 2.0])})


def test_measurements_of_one_run_are_those_of_the_tensors_then() -> None:
    x, optimizer = torch.ones(2), torch.optim.SGD([nn.Parameter(torch.ones(1))])
    captures = Captures(TapeRecorder(x.device), lambda: [x], optimizer)

    def double() -> graphs.Measured:
        x.mul_(2)
        return {"sum": x.sum()}

    sums = [float(captures.run("double", double)["sum"]) for _ in range(3)]
    assert sums == [4, 8, 16]


CUDA = torch.device("cuda", 0)
ASKED: dict[str, Any] = {"compiled": False, "processes": 1, "rows_on_device": True}


def network_of(kind: str) -> nn.Module:
    if kind == "realmlp":
        choice = CHOICES[kind]
        stack, settings = captured.members(choice), choice.architecture
    else:
        stack, settings = folds.members("regression", 2, width=4), {"own": {"k": 2}}
    shape = {"cnn": (1, 1, 4), "rnn": (2, 2)}.get(kind, ())
    own = folds.architecture_of(kind, d_block=5, shape=shape, **settings)
    return plain.untrained(own, stack, 1)


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_family_of_networks_can_be_captured(kind: str) -> None:
    assert why_not_captured(network_of(kind), LossSettings("mse"), CUDA, **ASKED) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"processes": 2}, "2 processes exchange gradients at every step"),
        ({"compiled": True}, "torch.compile launches its own kernels"),
        ({"rows_on_device": False}, "more than half of the device's free memory"),
    ],
)
def test_a_way_to_train_that_cannot_be_captured_is_named(
    changes: dict[str, Any], reason: str
) -> None:
    found = why_not_captured(network_of("mlp"), LossSettings("mse"), CUDA, **ASKED | changes)
    assert found is not None
    assert reason in str(found)


def apply_own(block: Any, x: Any, rows: Any) -> Any:
    return x


def test_code_of_the_projects_own_is_not_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    own: nn.Module = nn.Sequential(Block(apply_own, {}))
    found = why_not_captured(own, LossSettings("mse"), CUDA, **ASKED)
    assert "tests.training.test_graphs is the project's own code" in str(found)
    monkeypatch.setitem(LOSSES, "mine", replace(LOSSES["mse"], path="losses.mine:loss"))
    found = why_not_captured(network_of("mlp"), LossSettings("mine"), CUDA, **ASKED)
    assert "loss 'mine' is the project's own code" in str(found)


def test_a_processor_has_no_graphs_and_nothing_is_said() -> None:
    cpu = torch.device("cpu")
    assert why_not_captured(network_of("mlp"), LossSettings("mse"), cpu, **ASKED) is not None
    trained: Trained = captured.train(Choice(), captured.members(Choice()), "cpu")
    assert trained.not_captured is None


def test_a_reason_reaches_the_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = captured.train(Choice(), captured.members(Choice()), "cpu", max_epochs=1)
    reason = Diagnosis("steps one kernel at a time", "why", "what to do")
    found = replace(trained, not_captured=reason)
    assert found.findings[-1] == found.part(slice(0, 1)).findings[-1] == reason


def test_tensors_of_rates_are_read_by_fused_kernels_of_single_precision_alone() -> None:
    for name in OPTIMIZERS:
        for dtype in (torch.float32, torch.float64):
            weight = nn.Parameter(torch.ones(2, 3, dtype=dtype))
            stepper = Stepper(
                name, [ParameterGroup([weight])], [0.0, 0.0], shared_rate=True, on_device=True
            )
            fused = OPTIMIZERS[name].tensor_rate and dtype == torch.float32
            assert stepper.shared == fused
