"""The heart of the speed: a stack of folds is each of them trained alone."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from tenfold.training import fitting, networks
from tenfold.training.batches import steps_per_epoch
from tenfold.training.callbacks import CrashCheckpoint
from tenfold.training.fitting import Member, Trained, UnfitTrainer
from tenfold.training.module import Recipe
from tenfold.training.networks import Architecture

FLOAT64 = {"accelerator": "cpu", "precision": "64-true"}
ARCHITECTURE = Architecture(
    n_blocks=2, d_block=12, activation="relu", initializer="auto", dropout=0.25
)
RECIPE = Recipe(
    loss="mse",
    optimizer="adamw",
    learning_rate=0.01,
    weight_decay=0.01,
    batch_size=16,
    max_epochs=16,
    patience=4,
    min_delta=0.0,
)
LOSSES = {"regression": "mse", "binary": "binary_cross_entropy", "multiclass": "cross_entropy"}
N_OUTPUTS = {"regression": 1, "binary": 1, "multiclass": 3}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than these small networks."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def members(task: str, n: int, *, seed: int = 0) -> list[Member]:
    """n folds of unequal sizes and widths."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(n):
        rows, width = 61 + 3 * (number % 4), 5 + number % 3
        x = rng.normal(size=(rows + 20, width))
        score = x[:, 0] + 0.3 * x[:, 1] ** 2 + 0.7 * rng.normal(size=len(x))
        y: Any = {
            "regression": score,
            "binary": (score > 0).astype(np.float64),
            "multiclass": np.digitize(score, [-0.5, 0.7]),
        }[task]
        held = 10 + number % 5
        made.append(Member(100 + number, x[held:], y[held:], x[:held], y[:held]))
    return made


def without_targets(member: Member) -> Member:
    """One whose loss can never be a number."""
    return replace(member, y_train=np.full(len(member.y_train), np.nan))


def train(
    stack: Sequence[Member],
    task: str = "regression",
    architecture: Architecture = ARCHITECTURE,
    steps: int | None = None,
    checkpoint: Path | None = None,
    trainer: dict[str, Any] = FLOAT64,
    **changes: Any,
) -> Trained:
    return fitting.train(
        architecture,
        replace(RECIPE, loss=LOSSES[task], **changes),
        stack,
        N_OUTPUTS[task],
        steps_per_epoch=steps,
        trainer=trainer,
        checkpoint=checkpoint,
    )


def validation(stack: Sequence[Member]) -> list[Any]:
    return [member.x_val for member in stack]


def curve(trained: Trained, name: str, member: int = 0) -> list[float]:
    return [epoch[name][member] for epoch in trained.history]


@pytest.mark.parametrize("task", LOSSES)
def test_a_member_of_a_stack_is_the_same_fold_trained_alone(task: str) -> None:
    stack = members(task, 10)
    steps = steps_per_epoch([len(member.y_train) for member in stack], RECIPE.batch_size)
    together = train(stack, task)
    predictions = together.predict(validation(stack))
    assert len(set(together.epochs)) > 2, "the folds should stop at different epochs"
    largest = 0.0
    for number, member in enumerate(stack):
        alone = train([member], task, steps=steps)
        assert alone.epochs == [together.epochs[number]]
        difference = np.abs(alone.predict([member.x_val])[0] - predictions[number]).max()  # type: ignore[list-item]
        largest = max(largest, float(difference))
        epochs = len(alone.history)
        for name in ("train_loss", "val_loss"):
            np.testing.assert_allclose(
                curve(alone, name), curve(together, name, number)[:epochs], rtol=0, atol=1e-9
            )
    print(f"largest difference: {largest:.1e}")
    assert largest < 1e-9


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


def test_a_member_that_is_all_nan_does_not_disturb_the_others() -> None:
    stack = members("regression", 3)
    broken = [stack[0], without_targets(stack[1]), stack[2]]
    found, expected = train(broken), train(stack)
    assert found.epochs[1] == 0
    assert [found.epochs[0], found.epochs[2]] == [expected.epochs[0], expected.epochs[2]]
    for number in (0, 2):
        np.testing.assert_allclose(
            found.predict(validation(stack))[number],
            expected.predict(validation(stack))[number],
            atol=1e-9,
        )


def test_a_member_whose_loss_is_never_finite_reports_epoch_0_and_ends() -> None:
    stack = members("regression", 2)
    broken = [without_targets(member) for member in stack]
    trained = train(broken)
    assert trained.epochs == [0, 0]
    assert len(trained.history) == RECIPE.patience


def test_the_weights_returned_are_those_of_the_best_epoch() -> None:
    stack = members("regression", 5)
    trained = train(stack)
    for number, (member, output) in enumerate(
        zip(stack, trained.predict(validation(stack)), strict=True)
    ):
        losses = curve(trained, "val_loss", number)
        best = trained.epochs[number]
        # What the member did after its patience had ended counts for nothing.
        own = losses[: best + RECIPE.patience]
        assert own.index(min(own)) == best - 1
        recomputed = np.mean((output[:, 0] - np.asarray(member.y_val, dtype=np.float64)) ** 2)
        assert recomputed == pytest.approx(losses[best - 1], rel=1e-12)


def test_training_ends_when_no_member_may_go_on() -> None:
    stack = members("regression", 5)
    trained = train(stack, max_epochs=200, learning_rate=0.03)
    assert len(trained.history) == max(trained.epochs) + RECIPE.patience < 200


def test_an_improvement_must_exceed_min_delta() -> None:
    stack = members("regression", 3)
    assert train(stack, min_delta=1e9).epochs == [1, 1, 1]
    assert max(train(stack, min_delta=0.0).epochs) > 1


def test_without_validation_rows_every_epoch_is_run_and_the_last_weights_are_kept() -> None:
    stack = [replace(member, x_val=None, y_val=None) for member in members("regression", 2)]
    trained = train(stack, max_epochs=12)
    assert trained.epochs == [12, 12]
    assert len(trained.history) == 12
    assert set(trained.history[0]) == {"train_loss"}
    first, last = (float(np.mean(trained.history[at]["train_loss"])) for at in (0, -1))
    assert last < first
    output = trained.predict([stack[0].x_train, stack[1].x_train])[0]
    y = np.asarray(stack[0].y_train, dtype=np.float64)
    assert np.mean((output[:, 0] - y) ** 2) < first


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
    drawn: list[int] = []
    seek = networks.MLP.seek

    def noting(self: networks.MLP, step: int) -> None:
        drawn.append(step)
        seek(self, step)

    monkeypatch.setattr(networks.MLP, "seek", noting)
    train(members("regression", 2), max_epochs=3, steps=4)
    assert drawn == list(range(12))


def test_full_batches_are_gradient_descent() -> None:
    line = Architecture(0, 1, "relu", "auto", 0.0)
    x = np.array([[-1.0], [0.0], [1.0], [2.0]])
    trained = train(
        [Member(0, x, 2 * x[:, 0] - 1)], architecture=line, max_epochs=300, batch_size="full",
        optimizer="sgd", learning_rate=0.1, weight_decay=0.0,
    )  # fmt: skip
    assert float(trained.predict([np.array([[6.0]])])[0][0, 0]) == pytest.approx(11, abs=1e-6)


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

    monkeypatch.setattr(fitting, "CrashCheckpoint", Cut)


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
    assert resumed.epochs == unbroken.epochs
    assert resumed.history == unbroken.history
    assert len(resumed.history) == 18
    for one, two in zip(
        resumed.predict(validation(stack)), unbroken.predict(validation(stack)), strict=True
    ):
        np.testing.assert_array_equal(one, two)


def test_a_run_interrupted_without_validation_rows_goes_on_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = [replace(member, x_val=None, y_val=None) for member in members("binary", 1)]
    unbroken = train(stack, "binary", max_epochs=12)
    with monkeypatch.context() as patch:
        cut_after(9, patch, every=4)
        with pytest.raises(PowerCut):
            train(stack, "binary", checkpoint=tmp_path / "c", max_epochs=12)
    resumed = train(stack, "binary", checkpoint=tmp_path / "c", max_epochs=12)
    assert resumed.history == unbroken.history
    x = stack[0].x_train
    np.testing.assert_array_equal(resumed.predict([x])[0], unbroken.predict([x])[0])


def test_a_run_that_had_stopped_when_its_state_was_saved_does_not_go_on(
    tmp_path: Path,
) -> None:
    stack, path = members("regression", 2), tmp_path / "last.ckpt"
    # Checkpoints come every 25 epochs; never improving, the run ends at its patience.
    options: dict[str, Any] = {"max_epochs": 40, "patience": 25}
    broken = [without_targets(member) for member in stack]
    ended = train(broken, checkpoint=path, **options)
    assert len(ended.history) == 25
    assert path.exists()
    assert len(train(broken, checkpoint=path, **options).history) == 25


def test_a_checkpoint_of_a_finished_run_ends_at_once_with_the_same_answer(tmp_path: Path) -> None:
    stack, path = members("regression", 2), tmp_path / "last.ckpt"
    options: dict[str, Any] = {"max_epochs": 25, "patience": 25}
    finished = train(stack, checkpoint=path, **options)
    assert path.exists()
    again = train(stack, checkpoint=path, **options)
    assert again.history == finished.history
    assert again.epochs == finished.epochs
    for one, two in zip(
        again.predict(validation(stack)), finished.predict(validation(stack)), strict=True
    ):
        np.testing.assert_array_equal(one, two)


def test_no_half_checkpoint_is_ever_at_its_place(tmp_path: Path) -> None:
    stack = members("regression", 1)
    train(stack, checkpoint=tmp_path / "last.ckpt", max_epochs=25, patience=25)
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


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


def test_a_loss_that_turns_infinite_leaves_the_best_weights_before_it() -> None:
    stack = members("regression", 2)
    trained = train(stack, optimizer="sgd", learning_rate=1.5, max_epochs=30, patience=30)
    for number, epoch in enumerate(trained.epochs):
        losses = curve(trained, "val_loss", number)
        finite = [loss for loss in losses if math.isfinite(loss)]
        assert finite
        assert losses[epoch - 1] == min(finite)


def test_an_accelerator_that_is_not_there_is_named_in_one_error() -> None:
    absent = "mps" if torch.cuda.is_available() else "cuda"
    stack = members("regression", 1)
    with pytest.raises(UnfitTrainer, match="accelerator"):
        fitting.train(ARCHITECTURE, RECIPE, stack, 1, trainer={"accelerator": absent})


LONG = """
import numpy as np
from tenfold import runtime
from tenfold.training import fitting, networks
from tenfold.training.module import Recipe

def main():
    print("ready", flush=True)
    x = np.random.default_rng(0).normal(size=(64, 2))
    fitting.train(
        networks.Architecture(1, 4, "relu", "auto", 0.0),
        Recipe("mse", "sgd", 1e-3, 0.0, 8, 10**9, 10, 0.0),
        [fitting.Member(0, x, x[:, 0])],
        1,
        trainer={"accelerator": "cpu"},
    )

runtime.run("long", main)
"""


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
