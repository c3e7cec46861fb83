"""What metrics ask of the target: values on which they are defined, and which class is positive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Metric, named
from tenfold.runtime import UserError, nearest
from tenfold.sources import name as sql_name
from tenfold.splitting.strategy import SplitColumns

# A metric -> another that is much like it and defined for all numbers.
ALIKE = {"rmsle": "rmse", "mape": "mae"}


def check_scored_target(columns: SplitColumns, metrics: Sequence[str]) -> None:
    """Check that metrics are defined for the target's values.

    Raises:
        UserError: naming the metric, and how many values it is not defined for.
    """
    for name in metrics:
        metric = named(name)
        undefined, rule, kept = _undefined(metric, columns.y)
        if undefined.any():
            other = ALIKE.get(name, "mse")
            cure = f"name metric {other} in place of {name}"
            if other in metrics:
                cure = f"remove the metric {name}"
            require = json.dumps([f"{sql_name(columns.target)} {kept}"])
            raise UserError(
                f"metric {name} is not defined where the target is {rule}, as {columns.target!r} "
                f"is in {undefined.sum()} of {len(undefined)} rows: {cure}, or reject these rows "
                f"with clean.require: {require}"
            )


def _undefined(metric: Metric, y: NDArray[Any]) -> tuple[NDArray[np.bool_], str, str]:
    """The rows (n,) for which a metric is not defined, why in words, and SQL that is true else."""
    least = metric.smallest_target
    if least is not None and (y < least).any():
        return y < least, f"less than {least:g}", f">= {least:g}"
    if metric.nonzero_target:
        return y == 0, "0", "<> 0"
    return np.zeros(len(y), dtype=np.bool_), "", ""


def find_positive(columns: SplitColumns, declared: bool | int | str | None) -> int | str | None:
    """The positive class of two: the declared one, or the second in order.

    Raises:
        UserError: if the declared one is no class of the target.
    """
    classes: Sequence[int | str] = columns.classes
    if declared is None:
        return classes[1] if len(classes) == 2 else None
    # YAML reads true, a table may hold it as text.
    text = str(declared).lower() if isinstance(declared, bool) else str(declared)
    labels = {str(label): label for label in classes}
    if text not in labels:
        raise UserError(
            f"data.positive_class: {text!r} is no class of {columns.target!r}; "
            f"{nearest(text, labels)}"
        )
    return labels[text]
