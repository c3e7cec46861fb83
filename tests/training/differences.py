"""How far two computations of the same thing are apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch


def largest_difference(pairs: Iterable[tuple[Any, Any]]) -> float:
    """Over all pairs of equal shapes (tensors, arrays or numbers); it is printed, too."""
    largest = 0.0
    for found, expected in pairs:
        one, two = (_array(value) for value in (found, expected))
        assert one.shape == two.shape, f"{one.shape} against {two.shape}"
        difference = np.abs(one - two).max(initial=0.0)
        assert not np.isnan(difference), "one of them is no number"
        largest = max(largest, float(difference))
    print(f"largest difference: {largest:.1e}")
    return largest


def _array(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    return np.asarray(value, dtype=np.float64)
