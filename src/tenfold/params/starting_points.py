"""The configurations that a search tries first: the family's default, then those declared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from tenfold.params import search_space
from tenfold.params.enumeration import ChoiceValues, GridValues, SearchSpace
from tenfold.params.search_space import Choices, Range
from tenfold.runtime import nearest


def starting_points(
    space: SearchSpace, defaults: Mapping[str, Any], enqueued: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The values of the tuned leaves in each configuration to be tried first, none twice.

    Args:
        space: of configurations.
        defaults: of the family's parameters. A leaf that cannot take its default takes the nearest
            value that it can.
        enqueued: the points that the user names; a leaf that is left out is at its default.
    """
    default = _default(space, defaults)
    named = [default | _as_leaves(space, point) for point in enqueued]
    found: list[dict[str, Any]] = []
    for point in [default, *named] if _is_sound(space, default) else named:
        if all(_differ(space, point, other) for other in found):
            found.append(point)
    return found


def check(
    family: str,
    space: SearchSpace,
    defaults: Mapping[str, Any],
    enqueued: Sequence[Mapping[str, Any]],
    n_trials: int,
) -> None:
    """Refuse a point that names what is not tuned or a value that is not searched.

    Raises:
        ValueError: naming the point, the key, the value and the cure.
    """
    for number, point in enumerate(enqueued):
        where = f"tune.enqueue.{family}[{number}]"
        for name, value in search_space.flat(point).items():
            _check_value(space, f"models.{family}", where, name, value)
    n_points = len(starting_points(space, defaults, enqueued))
    if n_points > n_trials:
        raise ValueError(
            f"tune.n_trials must be at least {n_points}, the default of {family} and what "
            f"tune.enqueue.{family} names, but got {n_trials}: raise it, or name fewer"
        )


def _check_value(space: SearchSpace, family: str, where: str, name: str, value: Any) -> None:
    if name not in space.leaves:
        fixed = name in search_space.flat(space.declared) or _is_parameter(space.schema, name)
        cure = (
            f"it is fixed; tune {family}.{name}, or leave it out"
            if fixed
            else nearest(name, space.leaves)
        )
        raise ValueError(f"{where} must name tuned parameters, but names {name!r}: {cure}")
    leaf = space.leaves[name]
    if isinstance(leaf, Choices):
        if _key(value) not in [_key(choice) for choice in leaf.choices]:
            raise ValueError(
                f"{where}.{name} must be one of the choices {leaf.choices}, but got {value!r}: add "
                f"it to {family}.{name}"
            )
        return
    if not _is_number(value) or not leaf.low <= value <= leaf.high:
        raise ValueError(
            f"{where}.{name} must lie between {leaf.low} and {leaf.high}, but got {value!r}: widen "
            f"{family}.{name}"
        )
    taken = _nearest(space, name, value)
    if not math.isclose(taken, value, rel_tol=1e-9):
        raise ValueError(
            f"{where}.{name} must be a value that {family}.{name} searches, but got {value!r}: the "
            f"nearest is {taken}"
        )


def _is_parameter(schema: Any, name: str) -> bool:
    try:
        search_space.is_integer(schema, name)
    except (KeyError, StopIteration):
        return False
    return True


def _default(space: SearchSpace, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Every tuned leaf at the value that is nearest to its default."""
    known = search_space.flat(_plain(defaults))
    return {name: _nearest(space, name, known.get(name, "")) for name in space.leaves}


def _plain(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Sections of parameters as mappings."""
    return {
        name: value.model_dump() if isinstance(value, BaseModel) else value
        for name, value in defaults.items()
    }


def _as_leaves(space: SearchSpace, point: Mapping[str, Any]) -> dict[str, Any]:
    """A point's values, of the type that each leaf has."""
    return {name: _nearest(space, name, value) for name, value in search_space.flat(point).items()}


def _nearest(space: SearchSpace, name: str, value: Any) -> Any:
    """The value of a tuned leaf that is nearest to a given one.

    Null mostly stands for no limit, to which the greatest number is nearest; to a word no number
    is, so that it is the first choice or the middle of the range.
    """
    leaf, values = space.leaves[name], space.values(name)
    if isinstance(leaf, Choices):
        return _nearest_choice(leaf.choices, value)
    found = leaf.high if value is None else _within(leaf, value)
    if isinstance(values, GridValues):
        return values[min(max(values.index(found), 0), len(values) - 1)]
    return float(found)


def _nearest_choice(choices: list[Any], value: Any) -> Any:
    own = ChoiceValues(choices)
    if any(_key(value) == _key(choice) for choice in choices):
        return own[own.index(value)]
    numbers = [choice for choice in choices if _is_number(choice)]
    if numbers and _is_number(value):
        return min(numbers, key=lambda number: abs(number - value))
    return max(numbers) if numbers and value is None else choices[0]


def _within(leaf: Range, value: Any) -> float:
    if _is_number(value):
        return float(min(max(value, leaf.low), leaf.high))
    return math.sqrt(leaf.low * leaf.high) if leaf.log else (leaf.low + leaf.high) / 2


def _is_sound(space: SearchSpace, values: Mapping[str, Any]) -> bool:
    """Whether a configuration does not contradict itself."""
    try:
        space.schema.model_validate(search_space.substitute(space.declared, values))
    except ValidationError:
        return False
    return True


def _differ(space: SearchSpace, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    number = space.number_of(one)
    return one != other if number is None else number != space.number_of(other)


def _key(value: Any) -> Any:
    """What tells values apart: 1 and 1.0 are one value, 1 and true are two."""
    return (type(value) is bool, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
