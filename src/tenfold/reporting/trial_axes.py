"""A family's trials as lines over parallel axes, one for each tuned parameter and for the score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tenfold.metrics import Array, named
from tenfold.params.search_space import Choices, Range, leaves

Rows = list[dict[str, Any]]
# How a choice of nothing is shown.
NULL = "null"


def trials(
    family: str, declared: Mapping[str, Any], tried: Sequence[Mapping[str, str]], metric: str
) -> Rows:
    """A family's trials for a chart of parallel axes: one row a trial and tuned parameter.

    `place` is where the value stands on its axis, 0 to 1: on a logarithmic scale where it is
    searched so, of choices by their order. The last axis is the score, the better the higher.

    Args:
        family: its name.
        declared: its parameters in params.yaml.
        tried: the rows of its trials.csv.
        metric: that decides.
    """
    done = [row for row in tried if row[f"{metric}_mean"]]
    space = leaves(declared)
    if not space or not done:
        return []
    scores = np.array([float(row[f"{metric}_mean"]) for row in done])
    rising = named(metric).direction == "maximize"
    best_up = _scaled(scores if rising else -scores)
    found = []
    for row, score, place in zip(done, scores.tolist(), best_up.tolist(), strict=True):
        trial = {"family": family, "trial": int(row["trial"]), "score": score}
        for name, leaf in space.items():
            value = row.get(name) or NULL
            own = {"parameter": name, "place": _place(leaf, value), "value": value}
            found.append({**trial, **own})
        found.append({**trial, "parameter": metric, "place": place, "value": f"{score:.4f}"})
    return found


def _place(leaf: Range | Choices, value: str) -> float:
    if isinstance(leaf, Choices):
        names = [NULL if choice is None else str(choice) for choice in leaf.choices]
        return names.index(value) / max(1, len(names) - 1) if value in names else 0.5
    if value == NULL:
        return 0.5
    scale: Callable[[float], float] = np.log if leaf.log else float
    low, high, own = scale(leaf.low), scale(leaf.high), scale(float(value))
    return float((own - low) / (high - low)) if high > low else 0.5


def _scaled(values: Array) -> Array:
    """Values between 0 and 1; all 0.5 if they are equal."""
    spread = float(np.ptp(values))
    return (values - values.min()) / spread if spread else np.full(len(values), 0.5)
