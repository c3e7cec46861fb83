"""The heart of the speed: a stack of folds is each of them trained alone."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from tenfold.training import fitting, lightning_trainer
from tenfold.training.batches import steps_per_epoch
from tenfold.training.fitting import Member, UnsupportedTrainer
from tenfold.training.randomness import Noise
from tenfold.training.settings import Rates
from tests.training.differences import largest_difference
from tests.training.folds import (
    ARCHITECTURE,
    LOSSES,
    RECIPE,
    architecture_of,
    curve,
    members,
    train,
    train_together_and_alone,
    validation,
    with_rates,
)


@pytest.mark.slow
@pytest.mark.parametrize("task", LOSSES)
def test_a_member_of_a_stack_is_the_same_fold_trained_alone(task: str) -> None:
    stack = members(task, 10)
    steps = steps_per_epoch([len(member.y_train) for member in stack], 16)
    together, pairs = train_together_and_alone(stack, task, steps=steps)
    assert len(set(together.epochs)) > 2, "the folds should stop at different epochs"
    assert largest_difference(pairs) < 1e-9


@pytest.mark.slow
def test_members_of_different_rates_are_the_same_folds_trained_alone() -> None:
    stack = with_rates(
        members("binary", 4),
        learning_rate=[0.001, 0.03, 0.01, 0.1],
        weight_decay=[0.0, 0.1, 0.01, 0.0],
        l1=[0.0, 0.0, 0.01, 0.1],
        dropout=[0.0, 0.5, 0.1, 0.2],
        input_dropout=[0.1, 0.0, 0.0, 0.3],
    )
    assert largest_difference(train_together_and_alone(stack, "binary", steps=5)[1]) < 1e-9


@pytest.mark.slow
def test_trials_that_share_their_folds_are_trained_as_stacks_of_their_own() -> None:
    folds, rates = members("regression", 3), [0.003, 0.01, 0.03]
    trials = [with_rates(folds, learning_rate=[rate] * 3) for rate in rates]
    together = train([member for trial in trials for member in trial], steps=5)
    outputs = together.predict(validation(folds) * 3)
    pairs: list[tuple[Any, Any]] = []
    for number, trial in enumerate(trials):
        own = slice(3 * number, 3 * number + 3)
        part, apart = together.part(own), train(trial, steps=5)
        assert part.epochs == apart.epochs
        assert part.ends == apart.ends
        assert len(part.history) == len(apart.history)
        for name in apart.history[0]:
            # Behind its end a member counts for nothing, however long the others went on.
            for member, end in enumerate(apart.ends):
                one, two = (curve(trained, name, member)[:end] for trained in (part, apart))
                pairs.append((one, two))
        pairs += zip(outputs[own], apart.predict(validation(folds)), strict=True)
        pairs += zip(part.predict(validation(folds)), outputs[own], strict=True)
    assert largest_difference(pairs) < 1e-9


@pytest.mark.parametrize("own", [slice(0, 1), slice(1, 3), slice(0, 4)])
def test_a_part_of_a_stack_predicts_as_the_whole_does(own: slice) -> None:
    stack = members("regression", 4)
    trained = train(stack, max_epochs=3)
    part = trained.part(own)
    assert part.epochs == trained.epochs[own]
    assert part.initial_loss == trained.initial_loss[own]
    whole = trained.predict(validation(stack))[own]
    pairs = zip(part.predict(validation(stack)[own]), whole, strict=True)
    assert largest_difference(pairs) < 1e-12


def test_a_member_does_not_feel_who_is_beside_it() -> None:
    stack = members("regression", 4)
    steps = 5
    before = train(stack, steps=steps)
    others = [stack[0], *members("regression", 6, seed=9)[3:]]
    after = train(others, steps=steps)
    assert after.epochs[0] == before.epochs[0]
    np.testing.assert_allclose(
        after.predict(validation(others))[0], before.predict(validation(stack))[0], atol=1e-9
    )


def test_the_same_seeds_train_the_same_weights_and_other_seeds_others() -> None:
    stack = members("binary", 2)
    xs = validation(stack)
    single = {"accelerator": "cpu"}
    one, two = (train(stack, "binary", trainer=single).predict(xs) for _ in range(2))
    np.testing.assert_array_equal(one[0], two[0])
    other = [replace(member, seed=member.seed + 50) for member in stack]
    assert not np.array_equal(train(other, "binary", trainer=single).predict(xs)[0], one[0])


def test_what_ran_before_does_not_matter() -> None:
    stack = members("regression", 2)
    torch.manual_seed(1)
    before = train(stack).predict(validation(stack))
    torch.manual_seed(2)
    torch.rand(17)
    np.testing.assert_array_equal(train(stack).predict(validation(stack))[0], before[0])


def test_every_step_of_every_epoch_draws_its_own_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[int] = []
    seek = Noise.seek

    def noting(self: Noise, step: int) -> None:
        sought.append(step)
        seek(self, step)

    monkeypatch.setattr(Noise, "seek", noting)
    train(members("regression", 2), max_epochs=3, steps=4)
    # One layer of noise behind each of two blocks; the inputs are not dropped.
    assert sought == [step for step in range(12) for _ in range(2)]


def test_full_batches_are_gradient_descent() -> None:
    line = architecture_of("mlp", n_blocks=0, d_block=1)
    x = np.array([[-1.0], [0.0], [1.0], [2.0]])
    member = Member(0, x, 2 * x[:, 0] - 1, rates=Rates(learning_rate=0.1))
    trained = train([member], architecture=line, max_epochs=300, batch_size="full", optimizer="sgd")
    assert float(trained.predict([np.array([[6.0]])])[0][0, 0]) == pytest.approx(11, abs=1e-6)


def test_a_prediction_is_made_row_by_row_whatever_the_lengths() -> None:
    stack = members("regression", 2)
    trained = train(stack, max_epochs=2)
    lengths = [7, 3]
    xs = [member.x_train[:n] for member, n in zip(stack, lengths, strict=True)]
    outputs = trained.predict(xs)
    assert [output.shape for output in outputs] == [(7, 1), (3, 1)]
    assert all(output.dtype == np.float64 for output in outputs)
    swapped = trained.predict([xs[0][:2], xs[1]])
    np.testing.assert_allclose(swapped[0], outputs[0][:2], atol=1e-12)


def test_the_weights_are_drawn_in_the_precision_they_are_trained_in() -> None:
    stack = members("regression", 1)
    before = torch.get_default_dtype()
    doubles = train(stack, max_epochs=1)
    singles = train(stack, trainer={"accelerator": "cpu"}, max_epochs=1)
    assert {value.dtype for value in doubles.network.parameters()} == {torch.float64}
    assert {value.dtype for value in singles.network.parameters()} == {torch.float32}
    assert torch.get_default_dtype() == before


def test_an_accelerator_that_is_not_there_is_named_in_one_error() -> None:
    absent = "mps" if torch.cuda.is_available() else "cuda"
    stack = members("regression", 1)
    with pytest.raises(UnsupportedTrainer, match="accelerator"):
        fitting.train(ARCHITECTURE, RECIPE, stack, 1, max_epochs=1, trainer={"accelerator": absent})


def test_a_gpu_without_bfloat16_is_told_apart_from_one_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Trainer:
        def __init__(self, **_: Any) -> None:
            self.accelerator = pl.accelerators.CUDAAccelerator()

    monkeypatch.setattr(pl, "Trainer", Trainer)
    asked = {"accelerator": "gpu", "precision": "bf16-mixed"}
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    lightning_trainer.check(asked)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    lightning_trainer.check({**asked, "precision": "32-true"})
    with pytest.raises(UnsupportedTrainer, match="has no bfloat16, set precision: 32-true"):
        lightning_trainer.check(asked)


LONG = """
import numpy as np
import tenfold.runtime.program as program
from tenfold.models import mlp
from tenfold.training import fitting
from tenfold.training.settings import Architecture, Recipe

def main():
    print("ready", flush=True)
    x = np.random.default_rng(0).normal(size=(64, 2))
    fitting.train(
        Architecture(kind="mlp", build=mlp.build, n_blocks=1, d_block=4),
        Recipe(loss="mse", optimizer="sgd", batch_size=8),
        [fitting.Member(0, x, x[:, 0])],
        1,
        max_epochs=10**9,
        trainer={"accelerator": "cpu"},
    )

program.run("long", main)
"""


@pytest.mark.slow
def test_ctrl_c_ends_a_training_at_once_and_in_words(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LONG],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "run the same command again" in errors
    assert "Traceback" not in errors
