"""The choice of the champion among the families and their ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenfold.dataset import Dataset
from tenfold.params import Params
from tenfold.selection import Summary, ensemble, rank, read_scores


@dataclass(frozen=True)
class Choice:
    """The champion, the scores of all candidates by name, and what a person should know."""

    champion: str
    cv: dict[str, Summary]
    notes: Sequence[str]


def choose(
    experiment: Params, train: Dataset, cross_validated: Path, trained: Path, out: Path
) -> Choice:
    """Rank the families and their ensemble by cross-validation, and write the ensemble.

    Of equals a family is chosen before the ensemble.

    Args:
        experiment: params.yaml.
        train: the training rows with their folds.
        cross_validated, trained: the folders that hold one of each family.
        out: the folder of the ensemble, with its model if it is the champion.
    """
    combined = ensemble.combine(experiment, train, cross_validated, trained)
    cv = read_scores(cross_validated, experiment.models) | combined.scores
    champion = rank(cv, experiment.metrics[0])[0]
    ensemble.write(out, combined, train, model=champion in combined.scores)
    missed = combined.why_none and experiment.select_model.ensemble != "off"
    notes = [f"note: no ensemble: {combined.why_none}"] if missed else []
    return Choice(champion, cv, notes)
