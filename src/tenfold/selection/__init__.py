"""The ranking of the families by cross-validation; the test rows play no part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tenfold import runtime
from tenfold.metrics import METRICS

Summary = dict[str, dict[str, Any]]


def rank(cv: Mapping[str, Summary], metric: str) -> list[str]:
    """Families from best to worst by their mean of `metric`; ties keep their order.

    >>> rank({"dummy": {"mse": {"mean": 2.0}}, "mlp": {"mse": {"mean": 1.0}}}, "mse")
    ['mlp', 'dummy']
    """
    sign = -1 if METRICS[metric].direction == "maximize" else 1
    return sorted(cv, key=lambda family: sign * cv[family][metric]["mean"])


def read_scores(folder: Path, families: Iterable[str]) -> dict[str, Summary]:
    """The cross-validation scores of each of `families`; other folders are not read."""
    return {family: runtime.read_json(folder / family / "scores.json") for family in families}


def mean_sd(cv: Mapping[str, Summary]) -> dict[str, Summary]:
    """The scores without the values of single folds."""
    return {
        family: {name: {k: s[k] for k in ("mean", "sd")} for name, s in scores.items()}
        for family, scores in cv.items()
    }
