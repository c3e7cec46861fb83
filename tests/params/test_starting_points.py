"""What a search tries first: the default, as near as the space allows, and what is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, model_validator
from ruamel.yaml import YAML

from tenfold import models, params
from tenfold.models import FamilyParameters
from tenfold.params import SearchSpace
from tenfold.params.starting_points import check, starting_points
from tenfold.runtime import UserError
from tests.project import ROOT


class Embeddings(BaseModel):
    numeric: str = "none"
    width: int = 8


class Parameters(FamilyParameters):
    rate: float = 0.1
    depth: int | None = None
    leaves: int = 31
    share: float | str = "sqrt"
    flag: bool = True
    required: float = Field()
    embeddings: Embeddings = Embeddings()

    @model_validator(mode="after")
    def _agree(self) -> Parameters:
        if self.leaves == 13:
            raise ValueError("leaves must not be 13")
        return self


FIXED = {"required": 1.0}


def points(declared: dict[str, Any], enqueued: list[dict[str, Any]] | None = None) -> Any:
    space = SearchSpace(FIXED | declared, Parameters)
    return starting_points(space, Parameters.defaults("binary"), enqueued or [])


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ({"rate": {"low": 0.01, "high": 1.0, "log": True}}, 0.1),
        ({"rate": {"low": 0.2, "high": 1.0}}, 0.2),
        ({"rate": {"low": 0.01, "high": 0.05}}, 0.05),
        ({"rate": {"low": 0.0, "high": 1.0, "step": 0.3}}, 0.0),
        ({"rate": {"choices": [1.0, 0.2, 0.01]}}, 0.01),
        ({"rate": {"choices": [1.0, 0.1, 0.11]}}, 0.1),
        ({"depth": {"low": 2, "high": 12}}, 12),
        ({"depth": {"low": 2, "high": 12, "step": 4}}, 10),
        ({"depth": {"choices": [4, 8, 6]}}, 8),
        ({"depth": {"choices": [4, None, 6]}}, None),
        ({"leaves": {"low": 4, "high": 16, "log": True}}, 16),
        ({"leaves": {"low": 4, "high": 64, "log": True}}, 31),
        ({"share": {"choices": [0.1, "sqrt", 0.4]}}, "sqrt"),
        ({"share": {"choices": [0.1, 0.4]}}, 0.1),
        ({"share": {"low": 0.04, "high": 1.0, "log": True}}, 0.2),
        ({"share": {"low": 0.25, "high": 0.75}}, 0.5),
        ({"flag": {"choices": [1, True]}}, True),
        ({"required": {"low": 1.0, "high": 3.0}}, 2.0),
        ({"embeddings": {"width": {"low": 2, "high": 64}}}, 8),
        ({"embeddings": {"numeric": {"choices": ["periodic", "none"]}}}, "none"),
    ],
)
def test_the_first_is_the_default_or_what_is_nearest_to_it(
    declared: dict[str, Any], value: Any
) -> None:
    [first] = points(declared)
    [found] = first.values()
    assert found == pytest.approx(value) if isinstance(value, float) else found == value
    assert type(found) is type(value)


NAMED = {
    "rate": {"low": 0.01, "high": 1.0},
    "leaves": {"low": 10, "high": 40},
    "embeddings": {"numeric": {"choices": ["none", "periodic"]}},
}


def test_points_that_are_named_follow_and_leave_the_rest_at_its_default() -> None:
    found = points(
        NAMED,
        [{"leaves": 20}, {"rate": 1, "embeddings": {"numeric": "periodic"}}, {"leaves": 31}],
    )
    default: dict[str, Any] = {"rate": 0.1, "leaves": 31, "embeddings.numeric": "none"}
    changed: list[dict[str, Any]] = [
        {},
        {"leaves": 20},
        {"rate": 1.0, "embeddings.numeric": "periodic"},
    ]
    assert found == [default | change for change in changed]
    assert type(found[2]["rate"]) is float


def test_points_that_differ_without_effect_are_one() -> None:
    declared = {
        "schedule": {"choices": ["constant", "cosine"]},
        "gamma": {"choices": [0.5, 0.9]},
    }
    schema = models.parameters("mlp")
    enqueued: list[dict[str, Any]] = [{"gamma": 0.9}, {"schedule": "cosine"}, {"gamma": 0.5}]
    found = starting_points(SearchSpace(declared, schema), schema.defaults("binary"), enqueued)
    assert [point["schedule"] for point in found] == ["constant", "cosine"]


def test_a_default_that_contradicts_itself_is_not_tried() -> None:
    assert points({"leaves": {"low": 2, "high": 13}}) == []
    assert points({"leaves": {"low": 2, "high": 13}}, [{"leaves": 5}]) == [{"leaves": 5}]


@given(st.floats(-10, 10), st.integers(0, 9), st.integers(1, 9), st.booleans())
def test_a_point_is_always_a_value_that_is_searched(
    low: float, width: int, step: int, integer: bool
) -> None:
    low = int(low) if integer else low
    name = "depth" if integer else "rate"
    leaf = {"low": low, "high": low + width, "step": step}
    [first] = points({name: leaf})
    space = SearchSpace(FIXED | {name: leaf}, Parameters)
    number = space.number_of(first)
    assert number is not None
    assert space.values_of(number) == first


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ({"leavs": 20}, r"names 'leavs': did you mean 'leaves'\?"),
        ({"flag": True}, r"names 'flag': it is fixed; tune models.f.flag, or leave it out"),
        ({"required": 2.0}, "names 'required': it is fixed"),
        ({"leaves": 41}, r"\[0\].leaves must lie between 10 and 40, but got 41: widen models.f"),
        ({"embeddings": {"numeric": ["none"]}}, r"'periodic'\], but got \['none'\]: add it"),
        ({"leaves": "many"}, "must lie between 10 and 40, but got 'many'"),
        ({"leaves": True}, "must lie between 10 and 40, but got True"),
        ({"leaves": 20.5}, "must be a value that models.f.leaves searches, but got 20.5"),
        (
            {"embeddings": {"numeric": "some"}},
            r"embeddings.numeric must be one of the choices \['none', 'periodic'\], but got 'some'",
        ),
    ],
)
def test_a_point_that_is_not_searched_is_refused(point: dict[str, Any], said: str) -> None:
    space = SearchSpace(FIXED | NAMED, Parameters)
    with pytest.raises(ValueError, match=said):
        check("f", space, Parameters.defaults("binary"), [point], 15)


def test_more_points_than_trials_are_refused() -> None:
    space = SearchSpace(FIXED | NAMED, Parameters)
    named = [{"leaves": 20}, {"leaves": 21}]
    with pytest.raises(ValueError, match=r"tune.n_trials must be at least 3, .* but got 2: raise"):
        check("f", space, Parameters.defaults("binary"), named, 2)
    check("f", space, Parameters.defaults("binary"), named, 3)


def experiment(**tune: Any) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load((ROOT / "params.yaml").read_text())
    return document | {"tune": tune}


def test_an_experiment_names_points_by_family() -> None:
    named = {"mlp": [{"d_block": 64, "n_blocks": 2}], "linear": [{"alpha": 10.0}]}
    assert params.parse(experiment(enqueue=named), models).tune.enqueue == named
    for enqueue, said in [
        ({"mlpp": []}, r"tune.enqueue: 'mlpp' is no family of models; did you mean 'mlp'\?"),
        ({"mlp": [{"d_block": 65}]}, r"tune.enqueue.mlp\[0\].d_block must be one of"),
        ({"mlp": [7]}, r"tune.enqueue.mlp"),
    ]:
        with pytest.raises(UserError, match=said):
            params.parse(experiment(enqueue=enqueue), models)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_example_begins_at_a_default_that_can_be_tried(path: Path) -> None:
    read = params.load(models, path)
    for family, declared in read.models.items():
        schema = models.parameters(family)
        [first] = starting_points(SearchSpace(declared, schema), schema.defaults(read.task))
        assert set(first) == set(SearchSpace(declared, schema).leaves)
