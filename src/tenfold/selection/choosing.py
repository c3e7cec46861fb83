"""The choice of the champion among the families and their ensemble."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenfold.metrics import named
from tenfold.params import ENSEMBLE, Params
from tenfold.params.training import Rule
from tenfold.selection import Summary, ensemble, mean_sd
from tenfold.selection.comparison import Scoreboard
from tenfold.selection.fold_scores import FoldScorer


@dataclass(frozen=True)
class Choice:
    """The champion, the scores of all candidates, and what a person should know."""

    champion: str
    board: Scoreboard
    notes: Sequence[str]

    @property
    def cv(self) -> Mapping[str, Summary]:
        """The scores of each candidate."""
        return self.board.cv

    def summary(self, test: Mapping[str, float]) -> dict[str, Any]:
        """For outputs/metrics.json, with the champion's scores on the test rows."""
        return {"champion": self.champion, "cv": mean_sd(self.cv), "test": test}


def choose(
    experiment: Params, scorer: FoldScorer, cross_validated: Path, trained: Path, out: Path
) -> Choice:
    """Choose among the families and their ensemble by cross-validation; write the ensemble.

    Args:
        experiment: params.yaml.
        scorer: of out-of-fold predictions.
        cross_validated, trained: the folders that hold one of each family.
        out: the folder of the ensemble, with its model if it is the champion.
    """
    combined = ensemble.combine(experiment, scorer, cross_validated, trained)
    cv = scorer.families(experiment.models, cross_validated) | combined.scores
    board = Scoreboard.of(cv, experiment.metrics[0], scorer.train)
    # An ensemble in which one family has all of the weight is that family.
    others = {name: scores for name, scores in cv.items() if name != ENSEMBLE}
    offered = replace(board, cv=others) if combined.is_one_family else board
    champion = choose_by(experiment.select_model.rule, offered)
    ensemble.write(out, combined, scorer.train, model=champion in combined.scores)
    missed = combined.why_none and experiment.select_model.ensemble != "off"
    notes = [f"note: no ensemble: {combined.why_none}"] if missed else []
    return Choice(champion, board, notes)


def choose_by(rule: Rule, board: Scoreboard) -> str:
    """The champion by a rule of `select_model`.

    Args:
        rule: `best` takes the best mean; of equals a family before the ensemble. `auto` does too,
            but takes the ensemble where none is surely better. `one_standard_error` takes the
            first candidate, in the order of params.yaml, whose mean is within one standard error
            of the best (Breiman et al. 1984).
        board: the scores, families in the order of params.yaml.
    """
    best = board.ranked[0]
    if rule == "auto" and ENSEMBLE in board.cv:
        better = [board.better(name, ENSEMBLE) for name in board.cv if name != ENSEMBLE]
        if all(difference is not None and difference.low <= 0 for difference in better):
            return ENSEMBLE
    if rule == "one_standard_error":
        scores = {name: scores[board.metric] for name, scores in board.cv.items()}
        margin = (scores[best]["sd"] or 0.0) / math.sqrt(len(scores[best]["folds"]))
        sign = 1 if named(board.metric).direction == "maximize" else -1
        return next(
            name
            for name, score in scores.items()
            if sign * (score["mean"] - scores[best]["mean"]) >= -margin
        )
    return best
