"""The folder outputs/plots: what is drawn, by `dvc plots`, by the report and in MLflow."""

from __future__ import annotations

from collections.abc import Sequence

from tenfold import inspection, runtime
from tenfold.inspection import Inspection, fold_models
from tenfold.params import Params
from tenfold.reporting import curves, pictures
from tenfold.reporting.curves import Candidates
from tenfold.reporting.outputs import Outputs
from tenfold.selection.choosing import Choice
from tenfold.selection.fold_scores import FoldScorer
from tenfold.selection.postprocessing import Finished
from tenfold.selection.testing import ChampionTest


def write(
    outputs: Outputs,
    choice: Choice,
    tested: ChampionTest,
    scorer: FoldScorer,
    experiment: Params,
    served: Finished,
) -> Sequence[str]:
    """Look at the champion; write all curves, what was found, and the pictures.

    Args:
        outputs: of the stages.
        choice: the champion and the scores of all candidates.
        tested: the champion on the test rows.
        scorer: with the training rows.
        experiment: params.yaml.
        served: the champion as it is served.

    Returns:
        What a person should know of the champion.
    """
    found = _inspect(outputs, choice, tested, scorer, experiment, served)
    candidates = Candidates.of(choice.board, choice.champion, outputs)
    with runtime.directory(outputs.folder / "plots") as folder:
        curves.write(folder, candidates, tested, experiment, scorer.positive, found, served)
        pictures.write(folder, candidates, tested, experiment)
    return found.sentences if found else []


def _inspect(
    outputs: Outputs,
    choice: Choice,
    tested: ChampionTest,
    scorer: FoldScorer,
    experiment: Params,
    served: Finished,
) -> Inspection | None:
    asked = experiment.select_model.inspect
    if asked == "off":
        return None
    model = fold_models.complete(served.raw, experiment, scorer.train, outputs.cross_validate)
    oof = served.known.by_fold
    return inspection.inspect(
        model, oof, scorer.train, tested.rows, choice.board, asked, scorer.positive
    )
