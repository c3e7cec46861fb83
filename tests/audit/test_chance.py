"""How many orders a column's rows have, against counting them out."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from tenfold.audit import chance


@pytest.mark.parametrize("codes", [[0], [0, 0, 0], [0, 1], [0, 0, 1, 1, 2], [0, 1, 2, 3, 3, 3]])
def test_arrangements_are_counted(codes: list[int]) -> None:
    ways = len(set(permutations(codes)))
    assert math.exp(chance.log_arrangements(np.array(codes))) == pytest.approx(ways)


def test_more_attempts_need_more_evidence() -> None:
    ways = math.log(2 / chance.MAX_PROBABILITY)
    assert chance.is_ruled_out(ways)
    assert not chance.is_ruled_out(ways, tried=3)
