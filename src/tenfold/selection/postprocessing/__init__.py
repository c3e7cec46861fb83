"""What becomes of the champion's predictions, chosen by its out-of-fold predictions alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tenfold import dataset, postprocessing
from tenfold.metrics import Array
from tenfold.models.shared import predictor
from tenfold.models.shared.contract import Bagged
from tenfold.models.shared.predictor import Predictor
from tenfold.params import SelectModel
from tenfold.params.postprocessing import Decision, Intervals
from tenfold.postprocessing import Postprocessing
from tenfold.postprocessing.calibrators import CALIBRATORS
from tenfold.selection.fold_scores import FoldScorer
from tenfold.selection.postprocessing import calibration, decision, uncertainty
from tenfold.selection.postprocessing.calibration import CalibrationChoice
from tenfold.selection.postprocessing.out_of_fold import OutOfFold


@dataclass(frozen=True)
class Finished:
    """The champion as it is served, and how that was chosen.

    Attributes:
        predictor: its model, with what becomes of predictions.
        declared: `select_model:`.
        known: its out-of-fold predictions as they came.
        calibration: how its calibrator was chosen.
        fell_back: value of `intervals.by` -> its rows, where these are too few.
        positive: the code of the positive class of two.
    """

    predictor: Predictor
    declared: SelectModel
    known: OutOfFold
    calibration: CalibrationChoice
    fell_back: dict[str, int]
    positive: int | None

    @property
    def raw(self) -> Predictor:
        """The model alone."""
        return replace(self.predictor, postprocessing=Postprocessing())

    def fit(self, prediction: Array, y: NDArray[Any]) -> Postprocessing:
        """Calibrator and decision by some out-of-fold predictions (n,) or (n, C), and truths."""
        return _fit(self.declared, self.calibration, self.positive, prediction, y)


def finish(declared: SelectModel, scorer: FoldScorer, scored: Path, model: Path) -> Finished:
    """Calibrate the champion, choose its threshold and make its intervals, if they are asked for.

    Args:
        declared: `select_model:`.
        scorer: of out-of-fold predictions.
        scored: the folder with those of the champion.
        model: the folder of its model.

    Raises:
        UserError: if what is declared does not fit the table.
    """
    train = scorer.train
    postprocessing.check(declared, train.schema)
    known = OutOfFold.of(train, dataset.read_out_of_fold(scored / "oof.parquet", train))
    loaded = predictor.load(model)
    chosen = calibration.choose(declared.calibration, known)
    made = _fit(declared, chosen, scorer.positive, known.prediction, known.y)
    fell_back: dict[str, int] = {}
    if isinstance(declared.intervals, Intervals):
        bag = isinstance(loaded.model, Bagged) and len(loaded.transformers) == len(known.vals)
        as_served = replace(known, prediction=chosen.cross_fitted)
        found, fell_back = uncertainty.fit(declared.intervals, as_served, fold_models=bag)
        made = replace(made, intervals=found)
    served = replace(loaded, postprocessing=made)
    return Finished(served, declared, known, chosen, fell_back, scorer.positive)


def _fit(
    declared: SelectModel,
    chosen: CalibrationChoice,
    positive: int | None,
    prediction: Array,
    y: NDArray[Any],
) -> Postprocessing:
    made = Postprocessing()
    if chosen.method is not None:
        made = Postprocessing(CALIBRATORS[chosen.method].fit(prediction, y))
    if not isinstance(declared.decision, Decision):
        return made
    rule = decision.fit(declared.decision, made.calibrated(prediction), y, positive)
    return replace(made, decision=rule)
