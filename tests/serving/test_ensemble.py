"""An ensemble is served as any model: alike in process, in a file and over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from tenfold.models.shared import predictor
from tenfold.serving import pyfunc, scoring
from tests.bags import table
from tests.ensembles import assembled, trained

COLOURS: list[Any] = ["red", "purple", None, "blue", "green", "red"]
ROWS = table(6, seed=3).assign(colour=COLOURS)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_requests_and_files_get_the_answers_of_the_model_in_memory(
    task: str, tmp_path: Path
) -> None:
    folder = assembled(tmp_path, trained(task))
    model, served = predictor.load(folder), pyfunc._load_pyfunc(str(folder))
    expected = model.answer(ROWS)
    pd.testing.assert_frame_equal(served.predict(ROWS.astype(object)), expected, rtol=1e-12)
    spread = served.predict(ROWS.astype(object), {"n_samples": 4, "seed": 1})
    pd.testing.assert_frame_equal(spread, model.answer_with_spread(ROWS, 4, 1), rtol=1e-12)
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    scored = scoring.score(tmp_path / "rows.csv", model).answers.reset_index(drop=True)
    numbers = list(expected.select_dtypes("number"))
    np.testing.assert_allclose(scored[numbers], expected[numbers], rtol=1e-12)
    assert scored[predictor.UNSEEN].tolist() == ["", "colour", "", "", "", ""]
    assert "prediction" in pyfunc.signature(model.schema).outputs.input_names()


def test_a_spread_that_it_has_not_is_refused(tmp_path: Path) -> None:
    folder = assembled(tmp_path, trained("regression")[1:2], [1.0])
    with pytest.raises(MlflowException, match="has no spread"):
        pyfunc._load_pyfunc(str(folder)).predict(ROWS, {"n_samples": 4})
