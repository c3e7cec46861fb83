"""A search space: a family's parameters, some values of which are ranges or choices.

`{low, high, log?, step?}` is a range, `{choices: [...]}` a set; every other value is fixed.
The keys are Optuna's own.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Space = dict[str, "Range | Choices"]


class Range(BaseModel):
    """A numeric leaf to tune: every value from low to high."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    low: int | float
    high: int | float
    log: bool = Field(False, description="Search on a logarithmic scale.")
    step: int | float | None = Field(None, description="Only low, low + step, low + 2 step, ...")

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.low > self.high:
            raise ValueError(
                f"low must not exceed high, but got low={self.low}, high={self.high}: exchange them"
            )
        if self.log and self.low <= 0:
            raise ValueError(
                f"a log range needs low > 0, but got low={self.low}: raise low or remove log"
            )
        if self.log and self.step is not None:
            raise ValueError(
                f"log and step exclude each other, but got step={self.step}: remove one"
            )
        if self.step is not None and self.step <= 0:
            raise ValueError(f"step must be positive, but got step={self.step}")
        return self


class Choices(BaseModel):
    """A leaf to tune: one of the values listed."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    choices: list[bool | int | float | str | None] = Field(min_length=1)


def leaves(declared: Mapping[str, Any]) -> Space:
    """The tuned leaves of a declaration, by dotted name, sorted.

    >>> leaves({"alpha": {"low": 0.1, "high": 10, "log": True}, "solver": "auto"})
    {'alpha': Range(low=0.1, high=10, log=True, step=None)}
    """
    found = declarations(declared)
    return {name: kind(leaf).model_validate(leaf) for name, leaf in found.items()}


def declarations(declared: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The ranges and choices as they are written, by dotted name, sorted."""
    return dict(sorted(_walk(declared, "")))


def kind(leaf: Mapping[str, Any]) -> type[Range | Choices]:
    """The class that checks a range or choices."""
    return Choices if "choices" in leaf else Range


def _walk(declared: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, value in declared.items():
        # A dot in a key would read as a level; the family's schema refuses such a key.
        if not isinstance(value, Mapping) or "." in str(key):
            continue
        if {"low", "high", "choices"} & set(value):
            yield f"{prefix}{key}", value
        else:
            yield from _walk(value, f"{prefix}{key}.")


def substitute(declared: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The declaration with each dotted name in `values` replaced: one configuration.

    >>> substitute({"alpha": {"low": 0, "high": 1}, "solver": "auto"}, {"alpha": 0.5})
    {'alpha': 0.5, 'solver': 'auto'}
    """
    configuration = copy.deepcopy(dict(declared))
    for name, value in values.items():
        *parents, key = name.split(".")
        node = configuration
        for parent in parents:
            node = node[parent]
        node[key] = value
    return configuration


# Of more combinations, only some are checked.
MAX_COMBINATIONS = 4096


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values by dotted name.

    >>> flat({"alpha": 1.0, "embeddings": {"numeric": "none"}})
    {'alpha': 1.0, 'embeddings.numeric': 'none'}
    """
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def extremes(space: Space) -> Iterator[dict[str, Any]]:
    """Configurations that together contain every choice and both ends of every range.

    All combinations, unless there are too many. A schema that accepts them accepts whatever the
    search can propose, as long as each value's rule is an interval or a set.
    """
    values = {
        name: [leaf.low, leaf.high] if isinstance(leaf, Range) else leaf.choices
        for name, leaf in space.items()
    }
    if math.prod(map(len, values.values())) <= MAX_COMBINATIONS:
        for chosen in itertools.product(*values.values()):
            yield dict(zip(values, chosen, strict=True))
        return
    for index in range(max(map(len, values.values()))):
        yield {name: options[min(index, len(options) - 1)] for name, options in values.items()}


def distributions(space: Space, schema: type[BaseModel]) -> dict[str, BaseDistribution]:
    """Optuna's distribution for every tuned leaf; `schema` says which of them are integers."""
    return {name: _distribution(leaf, is_integer(schema, name)) for name, leaf in space.items()}


def _distribution(leaf: Range | Choices, integer: bool) -> BaseDistribution:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(leaf, Choices):
        return CategoricalDistribution(leaf.choices)
    if integer:
        step = 1 if leaf.step is None else int(leaf.step)
        return IntDistribution(int(leaf.low), int(leaf.high), log=leaf.log, step=step)
    step_size = None if leaf.step is None else float(leaf.step)
    return FloatDistribution(float(leaf.low), float(leaf.high), log=leaf.log, step=step_size)


def is_integer(schema: type[BaseModel], name: str) -> bool:
    """Whether the field at a dotted name takes integers and no floats."""
    *parents, key = name.split(".")
    for parent in parents:
        schema = next(
            kind
            for kind in _kinds(schema.model_fields[parent].annotation)
            if isinstance(kind, type) and issubclass(kind, BaseModel)
        )
    kinds = _kinds(schema.model_fields[key].annotation)
    return int in kinds and float not in kinds


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """The plain types of an annotation, unions and Annotated opened."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(kind for option in get_args(annotation) for kind in _kinds(option))
    return (annotation,)
