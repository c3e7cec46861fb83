"""How many configurations are asked for at once where that is `auto`."""

from __future__ import annotations

from typing import Any

import pytest

from tenfold import models
from tenfold.params import SearchSpace, Tune
from tenfold.tuning import generations
from tests.bags import N_FOLDS, dataset

RATE = {"learning_rate": {"low": 0.001, "high": 0.1, "log": True}}


def size(family: str = "mlp", n_trials: int = 1000, **declared: Any) -> Any:
    space = SearchSpace({**RATE, **declared}, models.parameters(family))
    tune = Tune(n_trials=n_trials, generation_size="auto")
    return generations.resolve(tune, space, dataset(), "regression").generation_size


@pytest.mark.parametrize(
    ("declared", "numbers"),
    [
        ({}, 32 * 128),
        ({"d_block": 64, "batch_size": 16}, 16 * 64),
        # The largest that the search may try.
        ({"d_block": {"choices": [64, 256, 32]}}, 32 * 256),
        ({"d_block": {"low": 16, "high": 512}}, 32 * 512),
        # Folds train on 41 rows at most.
        ({"batch_size": "full"}, 41 * 128),
        ({"batch_size": 4096}, 41 * 128),
    ],
)
def test_auto_fills_a_gpu_with_the_steps_of_all_folds(
    declared: dict[str, Any], numbers: int
) -> None:
    assert size(**declared) == generations.FULL // (N_FOLDS * numbers)


def test_heads_fill_it_sooner() -> None:
    assert size("tabm", k=16, d_block=128, batch_size=32) == size(d_block=128 * 16, batch_size=32)


def test_half_of_all_trials_at_most_are_proposed_before_any_is_scored() -> None:
    assert size(n_trials=41) == 21


@pytest.mark.parametrize("declared", [{"n_trials": 6}, {"d_block": 4096, "batch_size": 4096}])
def test_five_at_least_are_asked_for(declared: dict[str, Any]) -> None:
    assert size(**declared) == generations.LEAST == Tune().generation_size


def test_a_family_that_trains_one_configuration_after_another_takes_five() -> None:
    space = SearchSpace({"alpha": {"low": 0.1, "high": 1.0}}, models.parameters("linear"))
    declared = Tune(n_trials=100, generation_size="auto")
    resolved = generations.resolve(declared, space, dataset(), "regression")
    assert resolved.generation_size == 5
    assert generations.noted(declared, resolved) == {"generation_size": 5}


def test_a_number_stays_what_it_is_and_is_on_record_already() -> None:
    declared = Tune(generation_size=7)
    space = SearchSpace(RATE, models.parameters("mlp"))
    resolved = generations.resolve(declared, space, dataset(), "regression")
    assert resolved.generation_size == 7
    assert generations.noted(declared, resolved) == {}
