"""The configurations of a discrete search space: how many there are, and each once by number."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import models
from tenfold.models import FamilyParameters
from tenfold.params import SearchSpace, search_space


class Schema(FamilyParameters):
    rate: float = 0.1
    depth: int = 1
    size: float | str = 1.0
    text: str | None = None


@pytest.mark.parametrize(
    ("declared", "size"),
    [
        ({}, 1),
        ({"rate": 0.5}, 1),
        ({"rate": {"low": 0.5, "high": 0.5}}, 1),
        ({"rate": {"low": 0.5, "high": 0.5, "log": True}}, 1),
        ({"rate": {"low": 0.1, "high": 1.0}}, math.inf),
        ({"rate": {"low": 0.1, "high": 1.0, "step": 0.1}}, 10),
        ({"rate": {"low": 0.0, "high": 1.0, "step": 0.3}}, 4),
        ({"rate": {"low": 0, "high": 1, "step": 5}}, 1),
        ({"rate": {"choices": [0.1, 1.0, 10.0]}}, 3),
        ({"rate": {"choices": [1, 1.0, 2.0, 1.0]}}, 2),
        ({"depth": {"low": 1, "high": 10}}, 10),
        ({"depth": {"low": 1, "high": 10, "log": True}}, 10),
        ({"depth": {"low": 1, "high": 10, "step": 4}}, 3),
        ({"text": {"choices": [None, "a", "1"]}, "depth": {"low": 1, "high": 4}}, 12),
        ({"text": {"choices": [None, "a"]}, "rate": {"low": 0.1, "high": 1.0}}, math.inf),
        ({"size": {"low": 1, "high": 4}}, math.inf),
    ],
)
def test_configurations_are_counted(declared: dict[str, Any], size: float) -> None:
    space = SearchSpace(declared, Schema)
    assert space.size == size
    assert space.n_trials(7) == min(7, size)
    assert (space.number_of({}) is None) if math.isinf(size) else space.values_of(0) is not None


RANGES = st.tuples(st.integers(-20, 20), st.integers(0, 12), st.integers(1, 5))


@given(RANGES, RANGES, st.lists(st.sampled_from([None, "a", "b", "1"]), min_size=1, max_size=6))
def test_every_configuration_has_a_number_and_is_one_that_optuna_knows(
    ints: tuple[int, ...], tenths: tuple[int, ...], choices: list[Any]
) -> None:
    declared: dict[str, Any] = {
        "depth": {"low": ints[0], "high": ints[0] + ints[1], "step": ints[2]},
        "rate": {
            "low": tenths[0] / 10,
            "high": (tenths[0] + tenths[1]) / 10,
            "step": tenths[2] / 10,
        },
        "text": {"choices": choices},
    }
    space = SearchSpace(declared, Schema)
    with warnings.catch_warnings():
        # Of a range that its step does not divide.
        warnings.simplefilter("ignore", UserWarning)
        distributions = search_space.distributions(space.leaves, Schema)
    configurations = [space.values_of(number) for number in range(int(space.size))]
    assert [space.number_of(values) for values in configurations] == list(range(int(space.size)))
    assert len({tuple(values.items()) for values in configurations}) == space.size
    for values in configurations:
        for name, distribution in distributions.items():
            assert distribution._contains(distribution.to_internal_repr(values[name]))
    for name in ("depth", "rate"):
        own: Any = distributions[name]
        assert max(values[name] for values in configurations) == pytest.approx(own.high)
        assert len({values[name] for values in configurations}) == 1 + round(
            (own.high - own.low) / own.step
        )


@pytest.mark.parametrize(
    ("declared", "size"),
    [
        ({"schedule": {"choices": ["constant", "cosine"]}, "gamma": {"choices": [0.5, 0.9]}}, 2),
        ({"schedule": {"choices": ["constant", "step"]}, "gamma": {"choices": [0.5, 0.9]}}, 3),
        (
            {
                "schedule": {"choices": ["constant", "step", "reduce_on_plateau"]},
                "step_size": {"low": 10, "high": 13},
                "plateau_patience": {"low": 1, "high": 2},
            },
            1 + 4 + 2,
        ),
        (
            {
                "embeddings": {
                    "numeric": {"choices": ["none", "periodic"]},
                    "n_frequencies": {"choices": [4, 8, 16]},
                },
                "n_blocks": {"low": 1, "high": 2},
            },
            2 * (1 + 3),
        ),
        (
            {"schedule": {"choices": ["constant", "step"]}, "gamma": {"low": 0.1, "high": 0.5}},
            math.inf,
        ),
    ],
)
def test_configurations_that_differ_without_effect_are_one(
    declared: dict[str, Any], size: float
) -> None:
    space = SearchSpace(declared, models.parameters("mlp"))
    assert space.size == size
    if math.isinf(size):
        return
    tried: set[int] = set()
    while len(tried) < size:
        number = space.number_of(space.untried(tried, seed=len(tried)))
        assert number is not None
        tried.add(number)
    assert len(tried) == size


def test_an_untried_configuration_is_drawn_until_none_is_left() -> None:
    space = SearchSpace({"depth": {"low": 1, "high": 40}}, Schema)
    tried: set[int] = set()
    while len(tried) < space.size:
        number = space.number_of(space.untried(tried, seed=len(tried)))
        assert number is not None
        assert number not in tried
        tried.add(number)
    assert tried == set(range(40))
