"""A trial of a project's own metric on a few random rows, before anything is trained."""

from __future__ import annotations

import math
from numbers import Real

import numpy as np

from tenfold.metrics import named
from tenfold.runtime import UserError, custom_code

N_ROWS = 60


def try_out(name: str, n_classes: int) -> None:
    """Score a random prediction by a metric of one's own.

    Args:
        name: of the metric.
        n_classes: of the target; 0 for regression.

    Raises:
        UserError: if the metric fails, or its score is no finite number.
    """
    draw = np.random.default_rng(0)
    y, prediction = draw.uniform(1, 2, (2, N_ROWS))
    if n_classes:
        y = np.arange(N_ROWS) % n_classes
        prediction = draw.dirichlet(np.ones(n_classes), N_ROWS)
    score = named(name).score(y, prediction, 1)
    if not isinstance(score, Real) or not math.isfinite(score):
        raise UserError(
            f"{custom_code.file_of('metrics', name)}: on {N_ROWS} random rows the score must be a "
            f"finite number, but is {score!r}: correct it, then run the same command again"
        )
