"""A champion with calibration, threshold and sets: published, and served by a real server."""

from __future__ import annotations

import json

import pandas as pd

from tests.project import Project
from tests.server import Server

DECLARED = {
    "calibration": "auto",
    "decision": {"costs": [[0, 1], [9, 0]]},
    "intervals": {"coverage": 0.9},
}


def test_what_becomes_of_predictions_is_published_and_served(again: Project) -> None:
    before = again.json("outputs/metrics.json")["test"]
    assert again.json("outputs/postprocessing.json") == {"figures": {}, "served": {}}
    again.change(select_model=DECLARED)
    said = again.run("python", "pipelines/select_model.py")
    assert "malignant is answered from a probability of" in said
    assert "cost_per_row" in said
    written = again.json("outputs/postprocessing.json")
    verdict = again.json("outputs/verdict.json")
    assert any("0.9 sets: " in sentence for sentence in verdict["sentences"])
    champion = again.json("outputs/metrics.json")["champion"]
    run = again.family_runs()[champion]
    assert (
        run.data.metrics["decision/test_cost_per_row_after"]
        == written["figures"]["decision"]["test"]["cost_per_row"]["after"]
    )
    kept = written["figures"]["calibration"]["method"] is not None
    assert (again.json("outputs/metrics.json")["test"] != before) == kept

    table = pd.read_csv(again / "data/raw/breast_cancer.csv", dtype=object).head(20)
    again.run("tenfold", "predict", "--intervals", "data/raw/breast_cancer.csv", "scored.csv")
    scored = pd.read_csv(again / "scored.csv").head(20)
    rows = table.where(table.notna(), None).to_dict("records")
    server = Server(again, "serve", "/ping", forked=True)
    try:
        request = {"dataframe_records": rows, "params": {"intervals": True}}
        status, body = server.ask("/invocations", request)
    finally:
        server.stop()
    assert status == 200, body
    answers = pd.DataFrame(json.loads(body)["predictions"])
    names = list(answers.drop(columns="unseen_categories"))
    assert {"in_set_benign", "in_set_malignant"} <= set(names)
    pd.testing.assert_frame_equal(answers[names], scored[names], rtol=1e-12)
    threshold = written["served"]["decision"]["threshold"]
    wanted = (answers["probability_malignant"] >= threshold).map(
        {True: "malignant", False: "benign"}
    )
    assert answers["prediction"].tolist() == wanted.tolist()
