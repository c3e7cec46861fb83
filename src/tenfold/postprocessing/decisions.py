"""Decisions: which class is answered for probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array


class Decision(Protocol):
    """Turns probabilities of classes (n, C) into the codes of classes."""

    def __call__(self, probabilities: Array) -> NDArray[np.int64]:
        """Class codes (n,)."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON, that `from_json` reads."""
        ...


@dataclass(frozen=True)
class MostProbable:
    """The class of the greatest probability, the first of equals."""

    def __call__(self, probabilities: Array) -> NDArray[np.int64]:
        """Class codes (n,)."""
        codes: NDArray[np.int64] = np.argmax(probabilities, axis=1)
        return codes

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {}


@dataclass(frozen=True)
class Threshold:
    """Of two classes: the positive one from a probability on.

    Attributes:
        positive: its code.
        threshold: the least probability of it that is answered with it; above 1 none is.
    """

    positive: int
    threshold: float

    def __call__(self, probabilities: Array) -> NDArray[np.int64]:
        """Class codes (n,)."""
        above = probabilities[:, self.positive] >= self.threshold
        return np.where(above, self.positive, 1 - self.positive)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class LeastCost:
    """The class that costs least on average, the first of equals.

    Source: Elkan (2001), The foundations of cost-sensitive learning.

    Attributes:
        costs: of answering class j where i is true, costs[i][j].
    """

    costs: Sequence[Sequence[float]]

    def __call__(self, probabilities: Array) -> NDArray[np.int64]:
        """Class codes (n,)."""
        # A matrix product would give other last digits with another number of threads.
        expected = np.einsum("ni,ij->nj", probabilities, np.array(self.costs))
        codes: NDArray[np.int64] = np.argmin(expected, axis=1)
        return codes

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


def from_json(described: Mapping[str, Any]) -> Decision:
    """The inverse of `to_json`."""
    if not described:
        return MostProbable()
    return LeastCost(**described) if "costs" in described else Threshold(**described)
