"""The candidate `ensemble`: the weighted mean of the families' best configurations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenfold import dataset, runtime
from tenfold.dataset import Dataset
from tenfold.metrics import Array
from tenfold.models import CURVE
from tenfold.models.shared.assembling import assemble
from tenfold.models.shared.ensemble import Part
from tenfold.params import ENSEMBLE, Params
from tenfold.selection import Summary, cross_fitting, greedy, row_losses
from tenfold.selection.fold_scores import FoldScorer
from tenfold.training.leave_one_out import overlapping
from tenfold.tuning import kept

# The family that knows nothing of a row.
BASELINE = "dummy"
# More folds, as of many repetitions, would take minutes.
MAX_FOLDS = 100


@dataclass(frozen=True)
class Candidate:
    """A configuration that may join: what cross-validation and training left of it."""

    family: str
    runner_up: int
    cross_validated: Path
    trained: Path


@dataclass(frozen=True)
class Ensemble:
    """Configurations with weight; of none, `why_none` says why.

    Attributes:
        parts: the members and their weights.
        trained: the folder of each member's model.
        predictions: for each fold's validation rows, by weights that have not seen the fold.
        scores: of these predictions, by the name of the candidate.
    """

    parts: list[Part] = field(default_factory=list)
    trained: list[Path] = field(default_factory=list)
    predictions: list[Array] = field(default_factory=list)
    scores: dict[str, Summary] = field(default_factory=dict)
    why_none: str = ""

    @property
    def is_one_family(self) -> bool:
        """Whether the best configuration of one family has all of the weight."""
        return len(self.parts) == 1 and not self.parts[0].runner_up


def combine(
    experiment: Params, scorer: FoldScorer, cross_validated: Path, trained: Path
) -> Ensemble:
    """Weigh the configurations by their out-of-fold predictions, and score their mean.

    Its scores compare with those of a family: a fold is predicted with weights that the other
    folds have chosen, and scored as any family's.

    Args:
        experiment: params.yaml.
        scorer: of out-of-fold predictions.
        cross_validated, trained: the folders that hold one of each family.
    """
    train = scorer.train
    candidates = find_candidates(experiment.models, cross_validated, trained)
    assert train.folds is not None, "the training table has no folds"
    vals = [train.folds.val(number) for number in range(train.folds.n)]
    declared, why_none = experiment.select_model.ensemble, _why_none(candidates, vals)
    if declared == "off" or why_none:
        return Ensemble(why_none=why_none or "select_model.ensemble is off")
    predictions = [
        dataset.read_out_of_fold(candidate.cross_validated / "oof.parquet", train)
        for candidate in candidates
    ]
    y = [train.y[val] for val in vals]
    loss = row_losses.row_loss(experiment.metrics[0], train.schema.task)
    weights = cross_fitting.cross_fit(
        greedy.Candidates(predictions, y, loss), overlapping(vals), declared.max_members
    )
    fitted = [
        cross_fitting.mean(own, fold)
        for own, fold in zip(weights.of_folds, zip(*predictions, strict=True), strict=True)
    ]
    members = [
        (candidate, weight)
        for candidate, weight in zip(candidates, weights.of_all.tolist(), strict=True)
        if weight
    ]
    return Ensemble(
        [Part(member.family, member.runner_up, weight) for member, weight in members],
        [member.trained for member, _ in members],
        fitted,
        {ENSEMBLE: scorer.score(ENSEMBLE, fitted)},
    )


def find_candidates(
    families: Iterable[str], cross_validated: Path, trained: Path
) -> list[Candidate]:
    """The best configurations of every family but the baseline, as many as it has kept."""
    return [
        Candidate(family, number, one.folder, trained / family / one.place / "model")
        for family in families
        if family != BASELINE
        for number, one in enumerate(kept.read(cross_validated / family))
    ]


def _why_none(candidates: Sequence[Candidate], vals: Sequence[NDArray[np.int64]]) -> str:
    """Why candidates cannot be combined by their predictions of the folds' rows, if they cannot."""
    if len(candidates) < 2:
        return f"it combines two configurations or more, but there is {len(candidates)}"
    if len(vals) > MAX_FOLDS:
        return f"it is chosen by {MAX_FOLDS} folds at most, but there are {len(vals)}"
    if overlapping(vals).all(axis=1).any():
        return "a fold shares rows with each of the others, so that none can choose for it"
    return ""


def write(out: Path, ensemble: Ensemble, train: Dataset, *, model: bool) -> None:
    """Write a folder: weights, what cross_validate writes of a family, and if asked the model."""
    members = [
        {"family": part.family, "runner_up": part.runner_up, "weight": part.weight}
        for part in ensemble.parts
    ]
    with runtime.directory(out) as folder:
        described = {"members": members, "why_none": ensemble.why_none}
        runtime.write_json(folder / "weights.json", described)
        if members:
            runtime.write_json(folder / "scores.json", ensemble.scores[ENSEMBLE])
            runtime.write_rows(folder / "history.csv", [], CURVE)
            dataset.write_out_of_fold(folder / "oof.parquet", train, ensemble.predictions)
        if model:
            (folder / "model").mkdir()
            assemble(folder / "model", ensemble.parts, ensemble.trained)


def read_weights(folder: Path) -> dict[str, float]:
    """The weight of each member by its name: `mlp`, or `mlp.1` for the first runner-up."""
    members = runtime.read_json(folder / "weights.json")["members"]
    return {
        one["family"] + (f".{one['runner_up']}" if one["runner_up"] else ""): one["weight"]
        for one in members
    }
