"""The rules by which `select_model` chooses, for the scores of the folds or of many resamples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array
from tenfold.params import ENSEMBLE
from tenfold.params.training import Rule
from tenfold.selection.comparison import Scoreboard, mean_error_width


def choose_by(rule: Rule, board: Scoreboard) -> str:
    """The champion by a rule of `select_model`.

    Args:
        rule: see `winners`.
        board: the scores, families in the order of params.yaml.
    """
    names = list(board.cv)
    ensemble = names.index(ENSEMBLE) if ENSEMBLE in names else None
    chosen = winners(rule, board.fold_scores[None], ensemble, board.val_share)
    return names[int(chosen[0])]


def winners(rule: Rule, scores: Array, ensemble: int | None, val_share: float) -> NDArray[np.int64]:
    """Which candidate each of many choices takes.

    Args:
        rule: `best` takes the best mean; of equals a family before the ensemble. So does
            `cost_aware`, of candidates whose cost is within the limits. `auto` does too, but
            takes the ensemble where none is surely better. `one_standard_error` takes the first
            candidate, in the order of params.yaml, whose mean is within one standard error of
            the best (Breiman et al. 1984).
        scores: (choices, candidates, folds), greater is better, NaN for a fold that has none;
            families in the order of params.yaml.
        ensemble: the candidate that is the ensemble, if one is.
        val_share: validation rows for each training row.

    Returns:
        (choices,) the number of the candidate.
    """
    means, errors, _ = mean_error_width(scores, 0.0)
    best: NDArray[np.int64] = np.argmax(means, axis=1)
    if rule == "auto" and ensemble is not None:
        ahead, _, width = mean_error_width(scores - scores[:, ensemble, None], val_share)
        others = np.arange(scores.shape[1]) != ensemble
        return np.where((ahead - width <= 0)[:, others].all(axis=1), ensemble, best)
    if rule == "one_standard_error":
        every = np.arange(len(best))
        margin = np.nan_to_num(errors[every, best])
        near = means - means[every, best][:, None] >= -margin[:, None]
        best = np.argmax(near, axis=1)
    return best
