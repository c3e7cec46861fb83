"""Calibrated answers, decisions, intervals and sets are alike in process, in a file and served."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from tenfold.models.shared import assembling
from tenfold.models.shared.predictor import Predictor
from tenfold.postprocessing import NoIntervals, Postprocessing
from tenfold.postprocessing.calibrators import Temperature
from tenfold.postprocessing.conformal import Conformal, Quantile
from tenfold.postprocessing.decisions import Threshold
from tenfold.runtime import UserError
from tenfold.serving import pyfunc, scoring
from tests.bags import bag, table

COLOURS: list[Any] = ["red", "purple", None, "blue", "green", "red"]
ROWS = table(6, seed=3).assign(colour=COLOURS)
OF_CLASSES = Postprocessing(
    Temperature(1.7),
    Threshold(1, 0.2),
    Conformal("sets", 0.9, "colour", Quantile(0.3), {"red": Quantile(0.9)}),
)
OF_NUMBERS = Postprocessing(intervals=Conformal("residuals", 0.9, None, Quantile(2.0), {}))


@cache
def plain(task: str) -> Predictor:
    """A bag of networks with dropout."""
    return bag(task=task, dropout=0.2).predictor


def model(folder: Path, task: str, served: Postprocessing) -> tuple[Predictor, Path]:
    """A bag with what becomes of its predictions, and where it is."""
    (folder / "plain").mkdir()
    plain(task).save(folder / "plain")
    assembling.with_postprocessing(folder / "served", folder / "plain", served.to_json())
    return replace(plain(task), postprocessing=served), folder / "served"


@pytest.mark.parametrize(("task", "of"), [("binary", OF_CLASSES), ("regression", OF_NUMBERS)])
def test_requests_and_files_get_the_answers_of_the_model_in_memory(
    task: str, of: Postprocessing, tmp_path: Path
) -> None:
    own, folder = model(tmp_path, task, of)
    served = pyfunc._load_pyfunc(str(folder))
    for asked in (
        {},
        {"intervals": True},
        {"intervals": True, "n_samples": 4, "seed": 1},
        {"n_samples": 4, "seed": 1},
    ):
        expected = (
            own.answer_with_spread(ROWS, **asked) if "n_samples" in asked
            else own.answer(ROWS, **asked)
        )  # fmt: skip
        found = served.predict(ROWS.astype(object), asked)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-12)
        ROWS.to_csv(tmp_path / "rows.csv", index=False)
        how = scoring.Scoring(**asked)
        scored = scoring.score(tmp_path / "rows.csv", served.get_raw_model(), how).answers
        pd.testing.assert_frame_equal(
            scored.reset_index(drop=True), expected, rtol=1e-9, check_dtype=False
        )


def test_a_label_follows_the_threshold_and_a_set_the_row_s_own_group(tmp_path: Path) -> None:
    own, _ = model(tmp_path, "binary", OF_CLASSES)
    found = own.answer(ROWS, intervals=True)
    p = found["probability_yes"].to_numpy()
    raw = replace(own, postprocessing=Postprocessing()).predict(ROWS)[:, 1]
    np.testing.assert_allclose(np.log(p / (1 - p)), np.log(raw / (1 - raw)) / 1.7, rtol=1e-9)
    assert found["prediction"].tolist() == np.where(p >= 0.2, "yes", "no").tolist()
    sizes = found[["in_set_no", "in_set_yes"]].sum(axis=1).to_numpy()
    least = np.minimum(p, 1 - p)
    quantile = np.where(ROWS["colour"] == "red", 0.9, 0.3)
    assert sizes.tolist() == np.where(1 - least <= quantile, 2, 1).tolist()


def test_intervals_that_a_model_has_not_are_refused(tmp_path: Path) -> None:
    own, folder = model(tmp_path, "binary", Postprocessing(Temperature(1.7)))
    why = r"the model has no intervals \(select_model.intervals is off\): declare"
    with pytest.raises(NoIntervals, match=why):
        own.answer(ROWS, intervals=True)
    with pytest.raises(MlflowException, match=why):
        pyfunc._load_pyfunc(str(folder)).predict(ROWS, {"intervals": True})
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(UserError, match=f"--intervals: {why}"):
        scoring.score(tmp_path / "rows.csv", own, scoring.Scoring(intervals=True))


@pytest.mark.parametrize("value", [1, 0.9, "yes"])
def test_a_request_for_intervals_is_true_or_false(value: Any, tmp_path: Path) -> None:
    _, folder = model(tmp_path, "regression", OF_NUMBERS)
    with pytest.raises(MlflowException, match=r"params\.intervals must be true or false, but got"):
        pyfunc._load_pyfunc(str(folder)).predict(ROWS, {"intervals": value})
