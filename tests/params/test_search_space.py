"""From `{low, high}` and `{choices}` to configurations and Optuna's distributions."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from pydantic import BaseModel, ConfigDict, ValidationError

from tenfold import models
from tenfold.params import search_space
from tenfold.params.search_space import Choices, Range


class Inner(BaseModel):
    depth: int = 1


class Outer(BaseModel):
    model_config = ConfigDict(strict=True)
    rate: float = 0.1
    width: int = 8
    limit: int | None = None
    inner: Inner = Inner()
    kind: str = "a"


def distributions(declared: dict[str, Any]) -> dict[str, BaseDistribution]:
    return search_space.distributions(search_space.leaves(declared), Outer)


def test_leaves_are_found_at_any_depth_and_sorted() -> None:
    declared = {
        "width": 4,
        "rate": {"low": 0.1, "high": 1},
        "inner": {"depth": {"choices": [1, 2]}, "fixed": 3},
    }
    assert search_space.leaves(declared) == {
        "inner.depth": Choices(choices=[1, 2]),
        "rate": Range(low=0.1, high=1, log=False, step=None),
    }
    assert list(search_space.leaves(declared)) == ["inner.depth", "rate"]


def test_a_declaration_of_plain_values_has_no_leaf() -> None:
    assert search_space.leaves({"a": 1, "b": {"c": "text"}, "d": [1, 2]}) == {}


@pytest.mark.parametrize(
    "leaf",
    [{"low": 1}, {"high": 1}, {"low": 1, "high": 2, "stp": 1}, {"choices": []}, {"choices": 3}],
)
def test_a_leaf_that_is_half_a_range_or_set_is_an_error(leaf: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, ValueError)):
        search_space.leaves({"rate": leaf})


def test_substituting_replaces_the_leaves_and_leaves_the_declaration_alone() -> None:
    declared = {"rate": {"low": 0, "high": 1}, "inner": {"depth": {"choices": [1]}, "fixed": 3}}
    before = deepcopy(declared)
    configuration = search_space.substitute(declared, {"rate": 0.5, "inner.depth": 1})
    assert configuration == {"rate": 0.5, "inner": {"depth": 1, "fixed": 3}}
    assert declared == before


RANGES = st.tuples(st.integers(-9, 9), st.integers(0, 9)).map(
    lambda ends: Range(low=ends[0], high=ends[0] + ends[1], log=False, step=None)
)
CHOICES = st.lists(st.integers(), min_size=1, max_size=6).map(
    lambda held: Choices(choices=list(held))
)
SPACES = st.dictionaries(st.sampled_from("abcdef"), st.one_of(RANGES, CHOICES), max_size=6)


@given(SPACES)
def test_extremes_visit_every_choice_and_both_ends(space: dict[str, Range | Choices]) -> None:
    visited = list(search_space.extremes(space))
    assert visited
    for name, leaf in space.items():
        wanted = {leaf.low, leaf.high} if isinstance(leaf, Range) else set(leaf.choices)
        assert {configuration[name] for configuration in visited} == wanted
    assert all(set(configuration) == set(space) for configuration in visited)


def test_extremes_visit_every_combination() -> None:
    space: dict[str, Range | Choices] = {
        "a": Choices(choices=["x", "y", "z"]),
        "b": Range(low=1, high=9, log=False, step=None),
        "c": Choices(choices=[True, False]),
    }
    visited = [(one["a"], one["b"], one["c"]) for one in search_space.extremes(space)]
    assert len(visited) == len(set(visited)) == 12


def test_extremes_of_very_many_leaves_are_few_and_still_visit_all_of_each() -> None:
    space: dict[str, Range | Choices] = {
        f"leaf_{number}": Choices(choices=list(range(1 + number))) for number in range(30)
    }
    visited = list(search_space.extremes(space))
    assert len(visited) <= search_space.MAX_COMBINATIONS
    for name, leaf in space.items():
        assert isinstance(leaf, Choices)
        assert {one[name] for one in visited} == set(leaf.choices)


def test_nested_values_are_flat_under_their_dotted_names() -> None:
    nested = {"alpha": 1.0, "embeddings": {"numeric": "none", "deep": {"n": 3}}, "shape": [1, 2]}
    assert search_space.flat(nested) == {
        "alpha": 1.0,
        "embeddings.numeric": "none",
        "embeddings.deep.n": 3,
        "shape": [1, 2],
    }


def test_the_field_decides_between_integers_and_floats() -> None:
    ends = {"low": 1, "high": 9}
    assert distributions({"width": ends}) == {"width": IntDistribution(1, 9)}
    assert distributions({"limit": ends}) == {"limit": IntDistribution(1, 9)}
    assert distributions({"inner": {"depth": ends}}) == {"inner.depth": IntDistribution(1, 9)}
    assert distributions({"rate": ends}) == {"rate": FloatDistribution(1.0, 9.0)}


def test_log_and_step_reach_the_distribution() -> None:
    log, step = {"low": 1, "high": 8, "log": True}, {"low": 2, "high": 8, "step": 2}
    assert distributions({"width": log})["width"] == IntDistribution(1, 8, log=True)
    assert distributions({"width": step})["width"] == IntDistribution(2, 8, step=2)
    assert distributions({"rate": log})["rate"] == FloatDistribution(1, 8, log=True)
    assert distributions({"rate": step})["rate"] == FloatDistribution(2, 8, step=2)


def test_choices_keep_their_values_and_order() -> None:
    declared = {"kind": {"choices": ["b", "a"]}}
    assert distributions(declared) == {"kind": CategoricalDistribution(["b", "a"])}


# What a family cannot do without.
NEEDED = {"cnn": {"shape": [1, 2, 3]}, "rnn": {"shape": [3, 2]}}


@pytest.mark.parametrize(
    ("family", "leaf"),
    [
        (family, leaf)
        for family in models.names()
        for leaf in models.parameters(family).model_fields
    ],
)
def test_what_the_search_proposes_is_what_the_family_accepts(family: str, leaf: str) -> None:
    schema = models.parameters(family)
    needed = NEEDED.get(family, {})
    declared: dict[str, dict[str, float]] = {leaf: {"low": 2, "high": 90}}
    try:
        schema.model_validate(needed | {leaf: 2})
    except ValidationError:
        declared = {leaf: {"low": 0.25, "high": 0.75}}
        try:
            schema.model_validate(needed | {leaf: 0.25})
        except ValidationError:
            return  # It takes no number.
    found = search_space.distributions(search_space.leaves(declared), schema)[leaf]
    # Both ends are integers, what lies between need not be.
    middle = 3 if isinstance(found, IntDistribution) else 0.4 if "0.25" in str(declared) else 3.5
    schema.model_validate(needed | {leaf: middle})
