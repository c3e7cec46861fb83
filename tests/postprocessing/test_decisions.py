"""Which class is answered."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tenfold.postprocessing.decisions import (
    Decision,
    LeastCost,
    MostProbable,
    Threshold,
    from_json,
)

RANDOM = np.random.default_rng(0).dirichlet(np.ones(3), 50)


@pytest.mark.parametrize(("positive", "answers"), [(1, [0, 1, 1]), (0, [0, 0, 1])])
def test_the_positive_class_is_answered_from_the_threshold_on(
    positive: int, answers: list[int]
) -> None:
    p = np.array([[0.8, 0.2], [0.7, 0.3], [0.1, 0.9]])
    assert Threshold(positive, 0.3)(p).tolist() == answers


def test_the_class_is_answered_that_costs_least_on_average() -> None:
    costs = [[0.0, 1.0, 4.0], [2.0, 0.0, 1.0], [9.0, 1.0, 0.0]]
    expected = [
        min(range(3), key=lambda answer: sum(own[true] * costs[true][answer] for true in range(3)))
        for own in RANDOM
    ]
    found = LeastCost(costs)(RANDOM).tolist()
    assert found == expected
    assert found != RANDOM.argmax(axis=1).tolist()


@pytest.mark.parametrize(
    "decision", [MostProbable(), Threshold(0, 0.25), LeastCost([[0.0, 1.0], [2.0, 0.0]])]
)
def test_a_decision_that_is_read_again_is_the_same(decision: Decision) -> None:
    again = from_json(json.loads(json.dumps(decision.to_json())))
    p = RANDOM[:, :2]
    np.testing.assert_array_equal(again(p), decision(p))
