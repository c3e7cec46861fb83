"""How likely a pattern would be if the rows were shuffled: so that few rows prove nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Looking at a thousand columns of a thousand tables, one would be accused in error.
RARE = 1e-6


def log_arrangements(codes: NDArray[Any]) -> float:
    """The log of how many different orders the rows of a coded column have."""
    from scipy.special import gammaln

    counts = np.unique(codes, return_counts=True)[1]
    return float(gammaln(len(codes) + 1) - np.sum(gammaln(counts + 1)))


def is_beyond(log_ways: float, tried: int = 1) -> bool:
    """Whether one way in exp(log_ways), met in `tried` attempts, is no coincidence."""
    return log_ways > math.log(max(tried, 1) / RARE)
