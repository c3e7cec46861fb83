"""How many orders a column's rows have, against counting them out."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from tenfold.audit import significance


@pytest.mark.parametrize("codes", [[0], [0, 0, 0], [0, 1], [0, 0, 1, 1, 2], [0, 1, 2, 3, 3, 3]])
def test_arrangements_are_counted(codes: list[int]) -> None:
    ways = len(set(permutations(codes)))
    assert math.exp(significance.log_arrangements(np.array(codes))) == pytest.approx(ways)


def test_more_attempts_need_more_evidence() -> None:
    ways = math.log(2 / significance.MAX_PROBABILITY)
    assert significance.is_ruled_out(ways)
    assert not significance.is_ruled_out(ways, tried=3)
