"""The choice of the champion among the families and their ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenfold import dataset
from tenfold.metrics import Array
from tenfold.params import ENSEMBLE, Params
from tenfold.selection import Summary, bias_correction, cost_limits, ensemble, rules
from tenfold.selection.bias_correction import Contenders, CorrectedScore
from tenfold.selection.comparison import Scoreboard
from tenfold.selection.ensemble import Ensemble
from tenfold.selection.fold_scores import FoldScorer
from tenfold.tuning import kept


@dataclass(frozen=True)
class Choice:
    """The champion, the scores of all candidates, and what a person should know.

    `corrected` is the champion's score without what the choice has added, or why there is none.
    """

    champion: str
    board: Scoreboard
    corrected: CorrectedScore | str
    notes: Sequence[str]

    @property
    def cv(self) -> Mapping[str, Summary]:
        """The scores of each candidate."""
        return self.board.cv

    def summary(self, test: Mapping[str, float]) -> dict[str, Any]:
        """For outputs/metrics.json: the champion, its deciding mean, and its test scores."""
        metric = self.board.metric
        mean = self.cv[self.champion][metric]["mean"]
        return {"champion": self.champion, "cv": {metric: mean}, "test": test}


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
    missed = combined.why_none and experiment.select_model.ensemble != "off"
    notes = [f"note: no ensemble: {combined.why_none}"] if missed else []
    rule = experiment.select_model.rule
    if rule == "cost_aware":
        row = scorer.train.X.head(1)
        offered, beyond = cost_limits.affordable(
            offered, experiment.select_model, combined, trained, row
        )
        notes += beyond
    champion = rules.choose_by(rule, offered)
    ensemble.write(out, combined, scorer.train, model=champion in combined.scores)
    contenders = {
        name: own
        for name, own in _contenders(experiment, combined, cross_validated, scorer).items()
        if name in offered.cv
    }
    corrected = bias_correction.correct(board, champion, rule, contenders, scorer)
    return Choice(champion, board, corrected, notes)


def _contenders(
    experiment: Params, combined: Ensemble, cross_validated: Path, scorer: FoldScorer
) -> Contenders:
    """The out-of-fold predictions of all configurations that the search has kept."""
    found: dict[str, list[list[Array]]] = {
        family: [
            dataset.read_out_of_fold(one.folder / "oof.parquet", scorer.train)
            for one in kept.read(cross_validated / family)
        ]
        for family in experiment.models
    }
    return found | {name: [combined.predictions] for name in combined.scores}
