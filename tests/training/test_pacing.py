"""The number of threads changes how long a step takes, and no bit of what comes out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tenfold.training import pacing
from tenfold.training.fitting import Trained
from tenfold.training.networks import Architecture
from tenfold.training.pacing import FEW, MANY, Pace, one_thread, recall
from tests.training.folds import members, train

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


@pytest.mark.parametrize(
    ("architecture", "precision"),
    [
        (Architecture("mlp", 2, 128, normalization="batch_norm"), "32-true"),
        (Architecture("mlp", 2, 128, "tanh", initializer="orthogonal"), "64-true"),
        (Architecture("resnet", 1, 64, normalization="layer_norm"), "32-true"),
        (Architecture("cnn", 2, 64, shape=(2, 5, 6), channels=8), "32-true"),
        (Architecture("rnn", 1, 64, shape=(3, 20)), "32-true"),
        (Architecture("rnn", 1, 64, shape=(3, 20), cell="lstm"), "64-true"),
    ],
    ids=lambda own: getattr(own, "kind", own),
)
def test_the_number_of_threads_changes_no_bit(
    architecture: Architecture, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However small: all threads, always.
    monkeypatch.setattr(pacing, "MANY", 0)
    monkeypatch.setattr(pacing, "FEW", 0)
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
    ("numbers", "choices"), [(FEW - 1, [1]), (FEW, [1, 4]), (MANY, [1, 4]), (MANY + 1, [4])]
)
def test_steps_that_are_neither_small_nor_large_are_tried_on_one_thread_and_on_several(
    numbers: int, choices: list[int]
) -> None:
    assert Pace(numbers).choices == choices
    # One member's product would be split among them, whose sums not every machine repeats.
    assert Pace(numbers, alone=True).choices == ([4] if numbers > MANY else [1])
    torch.set_num_threads(1)
    assert Pace(numbers).choices == [1]


@pytest.mark.usefixtures("_four_threads")
def test_every_choice_is_tried_once_then_the_fastest_and_now_and_then_another() -> None:
    pace = Pace(FEW)
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
    first = recall("mlp", FEW, alone=False)
    assert recall("mlp", FEW, alone=False) is first
    torch.set_num_threads(2)
    for other in (
        recall("mlp", FEW, alone=False),
        recall("rnn", FEW, alone=False),
        recall("mlp", FEW + 1, alone=False),
    ):
        assert other is not first
