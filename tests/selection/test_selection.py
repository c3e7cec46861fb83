"""Ranking: directions, ties, and what belongs to the experiment."""

from __future__ import annotations

import pytest

from tenfold import selection
from tenfold.metrics import METRICS
from tenfold.selection import Summary


def board(metric: str, **means: float) -> dict[str, Summary]:
    return {family: {metric: {"mean": mean, "sd": 0.1}} for family, mean in means.items()}


@pytest.mark.parametrize("metric", METRICS)
def test_the_best_of_each_metrics_direction_comes_first(metric: str) -> None:
    ranked = selection.rank(board(metric, low=0.1, high=0.9, middle=0.5), metric)
    rising = METRICS[metric].direction == "maximize"
    assert ranked == (["high", "middle", "low"] if rising else ["low", "middle", "high"])


@pytest.mark.parametrize("metric", ["mse", "auroc"])
def test_equals_keep_their_order(metric: str) -> None:
    assert selection.rank(board(metric, b=0.5, a=0.5, c=0.5), metric) == ["b", "a", "c"]
