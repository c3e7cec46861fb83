"""An ensemble that is the champion: published with its weights, and served."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tenfold.dataset import Schema
from tenfold.models.shared import predictor
from tests.project import Project, files_below

# Which candidate is best is the table's affair; here it is the ensemble.
FIRST = """
import runpy, sys
from tenfold.selection import rules
rules.choose_by = lambda rule, board: "ensemble"
sys.argv = ["select_model"]
runpy.run_path("pipelines/select_model.py", run_name="__main__")
"""


def test_an_ensemble_that_is_the_champion_is_published_and_served(again: Project) -> None:
    again.change(name="of_an_ensemble", select_model={"rule": "auto"})
    again.run("python", "-c", FIRST)
    assert again.json("outputs/metrics.json")["champion"] == "ensemble"
    weights = again.json("outputs/ensemble/weights.json")["members"]
    run = again.family_runs()["ensemble"]
    assert run.data.tags["role"] == "champion"
    assert {f"test/{name}" for name in ("auroc", "log_loss")} <= set(run.data.metrics)
    assert again.champion().run_id == run.info.run_id
    page = (again / "outputs/report.html").read_text()
    for member in weights:
        assert f"<h3>{member['family']}" in page

    model = predictor.load(again / "outputs/ensemble/model")
    rows = pd.read_parquet(again / "outputs/split/test.parquet")
    written = pd.read_parquet(again / "outputs/test_predictions.parquet")
    np.testing.assert_allclose(
        model.predict(rows)[:, 1], written["probability_malignant"], rtol=1e-12
    )
    assert model.schema == Schema.from_report(again.json("outputs/split/report.json"))
    again.run("tenfold", "predict", "data/raw/breast_cancer.csv", "scored.csv")
    scored = pd.read_csv(again / "scored.csv")
    table = pd.read_parquet(again / "outputs/clean/table.parquet")
    own = scored.loc[table["tenfold_row"] - 2, "probability_malignant"]
    np.testing.assert_allclose(model.predict(table)[:, 1], own, rtol=1e-9)

    before = files_below(again / "outputs/ensemble")
    again.run("python", "pipelines/select_model.py")  # Its outputs are as they were made.
    assert again.json("outputs/metrics.json")["champion"] == "ensemble"
    assert files_below(again / "outputs/ensemble") == before
