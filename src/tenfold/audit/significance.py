"""How likely a pattern is by chance, so that a small table raises no false finding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Of a thousand columns in each of a thousand tables, one would be accused by mistake.
MAX_PROBABILITY = 1e-6


def log_arrangements(codes: NDArray[Any]) -> float:
    """The log of the number of different orders that the rows of a coded column have."""
    from scipy.special import gammaln

    counts = np.unique(codes, return_counts=True)[1]
    return float(gammaln(len(codes) + 1) - np.sum(gammaln(counts + 1)))


def is_ruled_out(log_ways: float, tried: int = 1) -> bool:
    """Whether chance does not hit one arrangement of exp(log_ways) in `tried` attempts."""
    return log_ways > math.log(max(tried, 1) / MAX_PROBABILITY)
