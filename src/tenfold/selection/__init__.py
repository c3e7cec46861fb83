"""The ranking of the families by cross-validation; the test rows play no part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.metrics import named

Summary = dict[str, dict[str, Any]]


def rank(cv: Mapping[str, Summary], metric: str) -> list[str]:
    """Families from best to worst by their mean of `metric`; ties keep their order.

    >>> rank({"dummy": {"mse": {"mean": 2.0}}, "mlp": {"mse": {"mean": 1.0}}}, "mse")
    ['mlp', 'dummy']
    """
    sign = -1 if named(metric).direction == "maximize" else 1
    return sorted(cv, key=lambda family: sign * cv[family][metric]["mean"])
