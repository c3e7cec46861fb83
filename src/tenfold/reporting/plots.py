"""The folder outputs/plots: what is drawn, by `dvc plots`, by the report and in MLflow."""

from __future__ import annotations

from collections.abc import Sequence

from tenfold import dataset, inspection, runtime
from tenfold.inspection import Inspection, fold_models
from tenfold.models.shared import predictor
from tenfold.params import Params
from tenfold.reporting import curves, pictures
from tenfold.reporting.curves import Candidates
from tenfold.reporting.outputs import Outputs
from tenfold.selection.choosing import Choice
from tenfold.selection.fold_scores import FoldScorer
from tenfold.selection.testing import ChampionTest


def write(
    outputs: Outputs,
    choice: Choice,
    tested: ChampionTest,
    scorer: FoldScorer,
    experiment: Params,
) -> Sequence[str]:
    """Look at the champion; write all curves, what was found, and the pictures.

    Args:
        outputs: of the stages.
        choice: the champion and the scores of all candidates.
        tested: the champion on the test rows.
        scorer: with the training rows.
        experiment: params.yaml.

    Returns:
        What a person should know of the champion.
    """
    found = _inspect(outputs, choice, tested, scorer, experiment)
    candidates = Candidates.of(choice.board, choice.champion, outputs)
    with runtime.directory(outputs.folder / "plots") as folder:
        curves.write(folder, candidates, tested, experiment, scorer.positive, found)
        pictures.write(folder, candidates, tested, experiment)
    return found.sentences if found else []


def _inspect(
    outputs: Outputs,
    choice: Choice,
    tested: ChampionTest,
    scorer: FoldScorer,
    experiment: Params,
) -> Inspection | None:
    asked, champion = experiment.select_model.inspect, choice.champion
    if asked == "off":
        return None
    served = fold_models.complete(
        predictor.load(outputs.model(champion)), experiment, scorer.train, outputs.cross_validate
    )
    oof = dataset.read_out_of_fold(outputs.scored(champion) / "oof.parquet", scorer.train)
    return inspection.inspect(
        served, oof, scorer.train, tested.rows, choice.board, asked, scorer.positive
    )
