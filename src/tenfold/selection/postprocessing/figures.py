"""What calibration, decision and intervals come to, on rows that have not chosen them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold import metrics
from tenfold.dataset import Dataset
from tenfold.metrics import Array
from tenfold.params.postprocessing import Decision
from tenfold.postprocessing import Postprocessing
from tenfold.postprocessing.conformal import Conformal, group_keys
from tenfold.selection.postprocessing import Finished, decision, uncertainty
from tenfold.selection.postprocessing.reliability import calibration_error

# What is told of probabilities, beside the expected calibration error.
SCORES = ("log_loss", "brier")
ECE = "ece"
Figures = dict[str, Any]


def of(finished: Finished, test: Dataset) -> Figures:
    """The figures of all that is declared, by its key in `select_model:`.

    Those before are of what would be served without it; those after, of what is.

    Args:
        finished: the champion.
        test: the test rows.
    """
    declared = finished.declared
    found: Figures = {}
    if declared.calibration != "off":
        found["calibration"] = _of_calibration(finished, test)
    if isinstance(declared.decision, Decision):
        found["decision"] = _of_decision(finished, test)
    if declared.intervals != "off":
        found["intervals"] = _of_intervals(finished, test)
    return found


def _of_calibration(finished: Finished, test: Dataset) -> Figures:
    chosen, known = finished.calibration, finished.known
    return {
        "method": chosen.method,
        "why_none": chosen.why_none,
        "gains": {method: asdict(gain) for method, gain in chosen.gains.items()},
        "cross_fitted": _change(_of_probabilities, known.y, known.prediction, chosen.cross_fitted),
        "test": _change(
            _of_probabilities,
            test.y,
            finished.raw.predict(test.X),
            finished.predictor.predict(test.X),
        ),
    }


def _of_probabilities(y: NDArray[Any], probabilities: Array) -> dict[str, float]:
    scores = metrics.scores(SCORES, y, probabilities)
    return scores | {ECE: calibration_error(probabilities, y)}


def _of_decision(finished: Finished, test: Dataset) -> Figures:
    known, made, positive = finished.known, finished.predictor.postprocessing, finished.positive
    n_classes, declared = len(test.schema.classes), finished.declared.decision
    costs = decision.by_code(declared.costs, positive) if isinstance(declared, Decision) else None

    def scores(y: NDArray[Any], codes: NDArray[np.int64]) -> dict[str, float]:
        return decision.figures(codes, y, n_classes, positive, costs)

    def answering(prediction: Array, y: NDArray[Any]) -> Callable[[Array], NDArray[np.int64]]:
        fitted = finished.fit(prediction, y)
        return lambda new: fitted.codes(fitted.calibrated(new))

    plain, tested = Postprocessing(), finished.predictor.predict(test.X)
    found: Figures = {"test": _change(scores, test.y, plain.codes(tested), made.codes(tested))}
    if known.why_not_cross_fitted:
        return {**found, "why_not_cross_fitted": known.why_not_cross_fitted}
    before, after = plain.codes(finished.calibration.cross_fitted), known.cross_fit(answering)
    return {**found, "cross_fitted": _change(scores, known.y, before, after)}


def _of_intervals(finished: Finished, test: Dataset) -> Figures:
    found = finished.predictor.postprocessing.intervals
    if not isinstance(found, Conformal):
        return {"why_none": found}
    answers = finished.predictor.answer(test.X, intervals=True)
    keys = None if found.by is None else group_keys(test.X[found.by])
    return {
        "method": found.method,
        "coverage": found.coverage,
        "fell_back": finished.fell_back,
        "test": uncertainty.coverage(answers, test.y, test.schema.classes, keys),
    }


def _change(
    scores: Callable[[NDArray[Any], Any], dict[str, float]],
    y: NDArray[Any],
    before: NDArray[Any],
    after: NDArray[Any],
) -> dict[str, dict[str, float]]:
    """Each score, before and after."""
    first, then = scores(y, before), scores(y, after)
    return {name: {"before": first[name], "after": then[name]} for name in first}
