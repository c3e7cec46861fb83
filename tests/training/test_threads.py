"""The number of threads changes how long a step takes, and no bit of what comes out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tenfold.training import threads
from tenfold.training.fitting import Trained
from tenfold.training.settings import Architecture
from tenfold.training.threads import (
    ALL_THREADS_ABOVE,
    ONE_THREAD_BELOW,
    ThreadTuner,
    one_thread,
    tuner_for,
)
from tests.training.folds import architecture_of, members, train

SINGLE = {"accelerator": "cpu"}


def trained_on(threads: int, architecture: Architecture, precision: str) -> Trained:
    width = 60 if architecture.shape else None
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return train(
            members("regression", 4, width=width),
            architecture=architecture,
            max_epochs=2,
            batch_size=32,
            trainer=SINGLE | {"precision": precision},
        )
    finally:
        torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "precision"),
    [
        (architecture_of("mlp", n_blocks=2, d_block=128, normalization="batch_norm"), "32-true"),
        (
            architecture_of(
                "mlp", n_blocks=2, d_block=128, activation="tanh", initializer="orthogonal"
            ),
            "64-true",
        ),
        (
            architecture_of("resnet", n_blocks=1, d_block=64, normalization="layer_norm"),
            "32-true",
        ),
        (architecture_of("cnn", n_blocks=2, d_block=64, shape=(2, 5, 6), channels=8), "32-true"),
        (architecture_of("rnn", n_blocks=1, d_block=64, shape=(3, 20)), "32-true"),
        (architecture_of("tabm", n_blocks=2, d_block=64, own={"k": 4}), "32-true"),
        (architecture_of("rnn", n_blocks=1, d_block=64, shape=(3, 20), cell="lstm"), "64-true"),
    ],
    ids=lambda own: getattr(own, "kind", own),
)
def test_the_number_of_threads_changes_no_bit(
    architecture: Architecture, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However small: all threads, always.
    monkeypatch.setattr(threads, "ALL_THREADS_ABOVE", 0)
    monkeypatch.setattr(threads, "ONE_THREAD_BELOW", 0)
    one, two, four = (trained_on(threads, architecture, precision) for threads in (1, 2, 4))
    for other in (two, four):
        assert other.history == one.history
        for name, value in one.network.state_dict().items():
            np.testing.assert_array_equal(value.numpy(), other.network.state_dict()[name].numpy())


@pytest.fixture
def _four_threads() -> None:
    torch.set_num_threads(4)


@pytest.mark.usefixtures("_four_threads")
@pytest.mark.parametrize(
    ("numbers", "choices"),
    [
        (ONE_THREAD_BELOW - 1, [1]),
        (ONE_THREAD_BELOW, [1, 4]),
        (ALL_THREADS_ABOVE, [1, 4]),
        (ALL_THREADS_ABOVE + 1, [4]),
    ],
)
def test_steps_that_are_neither_small_nor_large_are_tried_on_one_thread_and_on_several(
    numbers: int, choices: list[int]
) -> None:
    assert ThreadTuner(numbers).choices == choices
    # One member's product would be split among them, whose sums not every machine repeats.
    assert ThreadTuner(numbers, alone=True).choices == ([4] if numbers > ALL_THREADS_ABOVE else [1])
    torch.set_num_threads(1)
    assert ThreadTuner(numbers).choices == [1]


@pytest.mark.usefixtures("_four_threads")
def test_every_choice_is_tried_once_then_the_fastest_and_now_and_then_another() -> None:
    pace = ThreadTuner(ONE_THREAD_BELOW)
    for _ in range(2):
        with pace.epoch():
            used = torch.get_num_threads()
            assert used == pace.choose()
        assert torch.get_num_threads() == 4
    assert set(pace.seconds) == {1, 4}
    pace.seconds = {1: 1.0, 4: 2.0}
    chosen = []
    for pace.epochs in range(1, 60):
        chosen.append(pace.choose())
    assert set(chosen) == {1, 4}
    assert chosen.count(4) == 2


def test_what_runs_on_one_thread_gives_the_others_back() -> None:
    torch.set_num_threads(2)
    with pytest.raises(ZeroDivisionError), one_thread():
        assert torch.get_num_threads() == 1
        _ = 1 / 0
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("_four_threads")
def test_a_search_times_each_kind_of_work_once() -> None:
    first = tuner_for("mlp", ONE_THREAD_BELOW, alone=False)
    assert tuner_for("mlp", ONE_THREAD_BELOW, alone=False) is first
    torch.set_num_threads(2)
    for other in (
        tuner_for("mlp", ONE_THREAD_BELOW, alone=False),
        tuner_for("rnn", ONE_THREAD_BELOW, alone=False),
        tuner_for("mlp", ONE_THREAD_BELOW + 1, alone=False),
    ):
        assert other is not first
