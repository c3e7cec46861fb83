"""The configurations of a search space, numbered if there are finitely many."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import ValidationError

from tenfold.params import search_space
from tenfold.params.search_space import Choices, Range

# Combinations up to which those without a difference in effect are found.
MAX_MERGED = 10_000


class ChoiceValues:
    """The different values of a set of choices; 1 and 1.0 are one value, 1 and true are two."""

    def __init__(self, choices: list[Any]) -> None:
        values = {(type(value) is bool, value): value for value in reversed(choices)}
        self.numbers = {key: number for number, key in enumerate(reversed(values))}
        self.values = [values[key] for key in self.numbers]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, number: int) -> Any:
        return self.values[number]

    def index(self, value: Any) -> int:
        """The number of a value."""
        return self.numbers[type(value) is bool, value]


class GridValues:
    """low, low + step, ..., up to `high`; without a step, of integers all and of floats `low`."""

    def __init__(self, leaf: Range, *, integer: bool) -> None:
        self.kind = int if integer else float
        # Decimals, since 3 * 0.1 is more than 0.3.
        self.low, self.step = Decimal(str(leaf.low)), Decimal(str(leaf.step or 1))
        self.n = int((Decimal(str(leaf.high)) - self.low) // self.step) + 1

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, number: int) -> int | float:
        return self.kind(self.low + number * self.step)

    def index(self, value: float) -> int:
        """The number of a value."""
        return round((value - float(self.low)) / float(self.step))


@dataclass(frozen=True)
class SearchSpace:
    """A family's declared parameters and the schema of one configuration.

    A space is discrete if every tuned leaf has choices, a step, integers only, or one value. Then
    its configurations are numbered. Those that differ only in leaves without effect, such as the
    step size of a constant schedule, are one configuration and have one number.

    Args:
        declared: some leaves are ranges or choices.
        schema: the family's parameters, a pydantic model.
    """

    declared: Mapping[str, Any]
    schema: Any

    @cached_property
    def leaves(self) -> search_space.Space:
        """The tuned leaves by dotted name, sorted."""
        return search_space.leaves(self.declared)

    @cached_property
    def _values(self) -> dict[str, ChoiceValues | GridValues] | None:
        """The values of each tuned leaf; None if one is continuous."""
        found = {name: self._values_of(name, leaf) for name, leaf in self.leaves.items()}
        discrete = {name: values for name, values in found.items() if values is not None}
        return discrete if len(discrete) == len(found) else None

    def values(self, name: str) -> ChoiceValues | GridValues | None:
        """All values of a tuned leaf; None if there are infinitely many."""
        return self._values_of(name, self.leaves[name])

    def _values_of(self, name: str, leaf: Range | Choices) -> ChoiceValues | GridValues | None:
        if isinstance(leaf, Choices):
            return ChoiceValues(leaf.choices)
        integer = search_space.is_integer(self.schema, name)
        if integer or leaf.step is not None or leaf.low == leaf.high:
            return GridValues(leaf, integer=integer)
        return None

    @property
    def _n_combinations(self) -> float:
        """Of values of the tuned leaves."""
        return math.inf if self._values is None else math.prod(map(len, self._values.values()))

    @cached_property
    def _numbers(self) -> list[int] | None:
        """For every combination of values the number of its configuration; None if its own."""
        if self._n_combinations > MAX_MERGED or not any(
            self._without_effect(values) for values in search_space.extremes(self.leaves)
        ):
            return None
        return [self._merged(number) for number in range(int(self._n_combinations))]

    def _merged(self, number: int) -> int:
        """The first combination that differs from a given one in leaves without effect alone."""
        assert self._values is not None
        values = self.values_of(number)
        idle = {name: self._values[name][0] for name in self._without_effect(values)}
        return self._combination(values | idle)

    def _without_effect(self, values: Mapping[str, Any]) -> set[str]:
        try:
            checked = self.schema.model_validate(search_space.substitute(self.declared, values))
        except ValidationError:
            return set()
        return set(checked.without_effect()) & set(self.leaves)

    @property
    def size(self) -> float:
        """The number of different configurations; infinite if a leaf is continuous."""
        return self._n_combinations if self._numbers is None else len(set(self._numbers))

    def n_trials(self, budget: int) -> int:
        """How many configurations are tried: each at most once."""
        return int(min(budget, self.size))

    def number_of(self, values: Mapping[str, Any]) -> int | None:
        """The number of the configuration with these values of the tuned leaves.

        None if the space is not discrete.
        """
        if self._values is None:
            return None
        number = self._combination(values)
        return number if self._numbers is None else self._numbers[number]

    def _combination(self, values: Mapping[str, Any]) -> int:
        assert self._values is not None
        number = 0
        for name, own in self._values.items():
            number = number * len(own) + own.index(values[name])
        return number

    def values_of(self, number: int) -> dict[str, Any]:
        """The values of the tuned leaves in combination `number`: the inverse of `number_of`."""
        assert self._values is not None, "the space is continuous"
        found = {}
        for name, own in reversed(self._values.items()):
            number, place = divmod(number, len(own))
            found[name] = own[place]
        return found

    def untried(self, tried: set[int], seed: int) -> dict[str, Any]:
        """The values of a configuration that is not among those tried, drawn by `seed`."""
        chance = np.random.default_rng(seed)
        while True:
            values = self.values_of(int(chance.integers(int(self._n_combinations))))
            if self.number_of(values) not in tried:
                return values
