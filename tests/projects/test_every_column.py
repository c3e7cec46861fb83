"""An experiment with dates, free text, many categories and constants: from table to server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.project import Project
from tests.server import Server

N = 240
PREPROCESSING = {
    "numeric": {"impute": "constant", "fill_value": -1.0, "indicator": True, "scale": "quantile"},
    "categorical": {"encode": "one_hot", "max_categories": 4},
    "dates": {"parts": ["year", "month", "hour"], "indicator": True},
    "columns": {"town": {"encode": "target"}, "age": {"scale": "robust"}},
}
MODELS = {
    "linear": {},
    "mlp": {"d_block": 8, "embeddings": {"numeric": "periodic", "categorical": "learned"}},
}


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    when = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 500, N), unit="D")
    age = rng.normal(40, 9, N).round(2)
    return pd.DataFrame(
        {
            "age": np.where(rng.random(N) < 0.1, np.nan, age),
            "flat": 3,
            "colour": rng.choice(["red", "green", "blue", "black", "white"], N),
            "town": [f"t{number}" for number in rng.integers(120, size=N)],
            "note": [f"words of patient {number}" for number in range(N)],
            "when": pd.Series(when).where(rng.random(N) > 0.1),
            "ill": np.where((age > 40) ^ (when.month > 6), "yes", "no"),
        }
    )


@pytest.fixture
def mixed(project: Callable[..., Project]) -> Project:
    """A project whose clean table stands, its dates as such."""
    made = project(
        name="mixed",
        task="binary",
        data={"path": "data/raw/mixed.csv", "target": "ill"},
        clean={"require": [], "drop_columns": []},
        split={"n_splits": 3},
        tune={"n_trials": 1, "generation_size": 1},
        trainer={"max_epochs": 3, "accelerator": "cpu"},
        models=MODELS,
        preprocessing=PREPROCESSING,
        select_model={"registered_model_name": "mixed"},
    )
    table().to_csv(made / "data/raw/mixed.csv", index=False, date_format="%Y-%m-%d")
    stage(made, "clean")
    path = made / "outputs/clean/table.parquet"
    clean = pd.read_parquet(path)
    clean["when"] = clean["when"].astype("datetime64[us]")
    clean.to_parquet(path, index=False)
    return made


def stage(project: Project, name: str, *arguments: str) -> str:
    return project.run("python", f"pipelines/{name}.py", *arguments)


def refused(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def ask(server: Server, *rows: dict[str, Any]) -> tuple[int, Any]:
    status, body = server.ask("/invocations", {"dataframe_records": list(rows)})
    return status, json.loads(body)


def test_every_kind_of_column_reaches_the_server(mixed: Project) -> None:
    message = refused(mixed.attempt("python", "pipelines/split.py"))
    assert f"'note' ({N} different values in {N} rows)" in message
    mixed.change(preprocessing={"columns": {"tonw": {"encode": "target"}}})
    assert "no feature column 'tonw'; did you mean 'town'?" in refused(
        mixed.attempt("python", "pipelines/split.py")
    )
    assert not (mixed / "outputs/split").exists()

    mixed.change(preprocessing={**PREPROCESSING, "text": "drop"})
    assert "column note dropped: free text" in stage(mixed, "split")
    report = mixed.json("outputs/split/report.json")
    assert report["features"] == {
        "numeric": ["age", "flat"],
        "categorical": ["colour", "town"],
        "dates": ["when"],
    }
    assert report["dropped_columns"] == {"note": "free text"}
    for family in MODELS:
        stage(mixed, "cross_validate", family)
        stage(mixed, "train", family)
    stage(mixed, "select_model")
    check_answers(mixed)


def check_answers(project: Project) -> None:
    """The served champion and `tenfold predict` say the same of the same rows."""
    row = {"age": 51.5, "flat": 3, "colour": "red", "town": "t7", "when": "2023-09-01"}
    rows = [row, row | {"when": None, "age": None}, row | {"town": "new", "colour": "grey"}]
    server = Server(project, "serve", "/ping", forked=True)
    try:
        status, answer = ask(server, *rows)
        assert status == 200
        wrong, said = ask(server, row, row | {"when": "01.09.2023"})
    finally:
        server.stop()
    assert wrong == 400
    assert "column 'when', row 1: must be an ISO 8601 date or time" in said["message"]
    pd.DataFrame(rows).to_csv(project / "asked.csv", index=False)
    project.run("tenfold", "predict", "asked.csv", "scored.csv")
    scored = pd.read_csv(project / "scored.csv")
    for name in ("probability_no", "probability_yes"):
        served = [one[name] for one in answer["predictions"]]
        np.testing.assert_allclose(scored[name], served, rtol=1e-12)
    assert scored["probability_yes"].nunique() == 3
