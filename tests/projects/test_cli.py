"""The tenfold command, as a user types it."""

from __future__ import annotations

import csv
import json
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tenfold.models.shared import predictor
from tests.project import BINARIES, ROOT, Project
from tests.server import Server, free_port

TABLE = "data/raw/breast_cancer.csv"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def refusal(ended: subprocess.CompletedProcess[str]) -> str:
    """The one message of a command that refused."""
    assert ended.returncode == 2, (ended.returncode, ended.stdout, ended.stderr)
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


@pytest.fixture(scope="module")
def some(finished: Project) -> list[dict[str, str]]:
    """Six rows without a hole, as the source holds them."""
    rows = [row for row in read(finished / TABLE) if not {"", "NA", "?"} & set(row.values())]
    return rows[:6]


def test_predict_puts_answers_behind_the_columns_of_a_file(
    finished: Project, some: list[dict[str, str]], tmp_path: Path
) -> None:
    import pandas as pd

    write(
        tmp_path / "in.csv",
        [{"note": f"no. 00{n}", "zip": "00420", **row} for n, row in enumerate(some)],
    )
    finished.run("tenfold", "predict", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"))
    scored = read(tmp_path / "out.csv")
    added = ["prediction", "probability_benign", "probability_malignant", "unseen_categories"]
    assert list(scored[0]) == ["note", "zip", *some[0], *added]
    for number, (before, after) in enumerate(zip(some, scored, strict=True)):
        assert {name: after[name] for name in before} == before
        assert (after["note"], after["zip"]) == (f"no. 00{number}", "00420")

    champion = finished.json("outputs/metrics.json")["champion"]
    model = predictor.load(finished / f"outputs/train/{champion}/model")
    table = pd.DataFrame(some).astype(dict.fromkeys(model.schema.numeric, "float64"))
    expected = model.answer(table)
    assert [row["prediction"] for row in scored] == expected["prediction"].tolist()
    for name in added[1:-1]:
        assert [float(row[name]) for row in scored] == expected[name].tolist()


def test_predict_needs_no_target_and_reads_missing_markers_as_in_training(
    finished: Project, some: list[dict[str, str]], tmp_path: Path
) -> None:
    row = {name: cell for name, cell in some[0].items() if name != "diagnosis"}
    holes = [{**row, "mean_radius": hole, "scanner": hole} for hole in ("", "NA", "?")]
    write(tmp_path / "in.csv", holes)
    finished.run("tenfold", "predict", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"))
    scored = read(tmp_path / "out.csv")
    assert len({row["probability_benign"] for row in scored}) == 1
    assert [row["mean_radius"] for row in scored] == ["", "NA", "?"]


def test_predict_scores_a_category_it_never_saw(
    finished: Project, some: list[dict[str, str]], tmp_path: Path
) -> None:
    write(tmp_path / "in.csv", [{**some[0], "scanner": "Z9"}])
    said = finished.run("tenfold", "predict", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"))
    [row] = read(tmp_path / "out.csv")
    assert row["prediction"] in ("benign", "malignant")
    assert row["unseen_categories"] == "scanner"
    note = "'scanner': 1 row has a category that no training row had (100.0%), such as 'Z9'"
    assert f"note: {note}\n" in said


def test_predict_writes_the_rows_that_cannot_be_read_beside_those_that_are_scored(
    finished: Project, some: list[dict[str, str]], tmp_path: Path
) -> None:
    rows = [some[0], {**some[1], "mean_radius": "wide"}, some[2]]
    write(tmp_path / "in.csv", rows)
    files = [str(tmp_path / name) for name in ("in.csv", "out.csv")]
    ended = finished.attempt("tenfold", "predict", *files)
    assert "`--rejects FILE` writes such rows to a file and scores the rest" in refusal(ended)
    bad = tmp_path / "bad.csv"
    ended = finished.attempt("tenfold", "predict", "--rejects", str(bad), *files)
    assert ended.returncode == 3, ended.stderr
    assert f"{bad}: 1 row that cannot be read, with its reason" in ended.stdout
    [rejected] = read(bad)
    assert rejected.pop("tenfold_line") == "3"
    reason = rejected.pop("tenfold_reason")
    assert reason == "'mean_radius' must be a finite number, but got 'wide'"
    assert rejected.pop("tenfold_content") == ""
    assert rejected == rows[1]
    assert [row["mean_radius"] for row in read(tmp_path / "out.csv")] == [
        rows[0]["mean_radius"],
        rows[2]["mean_radius"],
    ]
    write(tmp_path / "in.csv", rows[1:2])
    (tmp_path / "out.csv").unlink()
    ended = finished.attempt("tenfold", "predict", "--rejects", str(bad), *files)
    assert f"no row of {files[0]} can be scored: {bad} says why" in refusal(ended)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("mean_radius", None, ["lacks the column 'mean_radius'"]),
        ("scanner", None, ["lacks the column 'scanner'"]),
        ("mean_radius", "wide", ["in.csv, line 3", "'mean_radius'", "'wide'"]),
        ("mean_radius", "inf", ["in.csv, line 3", "'mean_radius'", "'inf'"]),
        ("prediction", "mine", ["'prediction'", "rename"]),
    ],
)
def test_predict_refuses_a_file_it_would_misread_and_writes_nothing(
    finished: Project,
    some: list[dict[str, str]],
    tmp_path: Path,
    column: str,
    cell: str | None,
    said: list[str],
) -> None:
    rows = [dict(row) for row in some]
    for row in rows:
        if cell is None:
            del row[column]
        else:
            row.setdefault(column, "")
    if cell is not None:
        rows[1][column] = cell
    write(tmp_path / "in.csv", rows)
    message = refusal(
        finished.attempt("tenfold", "predict", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"))
    )
    assert all(part in message for part in said), message
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_predict_refuses_a_file_that_is_not_there(finished: Project, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert "no file none.csv" in refusal(
        finished.attempt("tenfold", "predict", "none.csv", str(out))
    )
    assert not out.exists()


@pytest.mark.parametrize(
    "model", ["models:/nobody@champion", "models:/breast_cancer/99", "nothing"]
)
@pytest.mark.parametrize("command", ["predict", "serve"])
def test_an_unknown_model_is_refused(finished: Project, command: str, model: str) -> None:
    rest = [TABLE, "never.csv"] if command == "predict" else ["--port", str(free_port())]
    message = refusal(finished.attempt("tenfold", command, "--model", model, *rest))
    assert repr(model) in message
    assert not (finished / "never.csv").exists()


def test_check_says_what_would_happen_or_what_is_wrong(project: Callable[..., Project]) -> None:
    fresh = project()
    said = fresh.run("tenfold", "check")
    assert "584 rows read, 560 kept, 24 rejected" in said
    assert "610 fits, very roughly" in said
    fresh.change(trainer={"max_epoch": 3})
    message = refusal(fresh.attempt("tenfold", "check"))
    assert "'trainer.max_epoch'" in message
    assert "did you mean 'max_epochs'?" in message
    fresh.change(trainer=None)
    assert "add `trainer: {}` for its defaults" in refusal(fresh.attempt("tenfold", "check"))
    fresh.change(trainer={}, data={"path": "data/none.csv"})
    assert "data/none.csv" in refusal(fresh.attempt("tenfold", "check"))
    (fresh / "params.yaml").unlink()
    assert "params.yaml" in refusal(fresh.attempt("tenfold", "check"))


def test_a_project_made_without_git_runs(finished: Project, tmp_path: Path) -> None:
    without_git = {"PATH": str(BINARIES)}
    table = str(finished / TABLE)
    # With so much time no family's cost is measured.
    asked = (table, "--target", "diagnosis", "--time", "2h", str(tmp_path))
    finished.run("tenfold", "init", *asked, env=without_git)
    assert Project(tmp_path).repro("clean", env=without_git) == ["clean"]


def test_what_needs_results_is_refused_before_there_are_any(
    project: Callable[..., Project],
) -> None:
    fresh = project()
    assert "dvc repro" in refusal(fresh.attempt("tenfold", "leaderboard"))
    assert "dvc repro" in refusal(fresh.attempt("tenfold", "publish"))
    assert "dvc repro" in refusal(fresh.attempt("tenfold", "predict", TABLE, "out.csv"))
    assert not (fresh / "out.csv").exists()


def test_publish_refuses_outputs_of_another_experiment(without_store: Project) -> None:
    without_store.change(metrics=["log_loss"])
    assert "dvc repro" in refusal(without_store.attempt("tenfold", "publish"))
    without_store.change(metrics=["auroc", "log_loss", "accuracy", "brier"])
    (without_store / "outputs/metrics.json").write_text("{}")
    assert "dvc repro" in refusal(without_store.attempt("tenfold", "publish"))
    assert not (without_store / "mlruns").exists()


@pytest.mark.parametrize("command", ["ui", "serve"])
def test_a_taken_port_is_refused(finished: Project, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        message = refusal(finished.attempt("tenfold", command, "--port", port))
    assert port in message
    assert "--port" in message


@pytest.mark.parametrize("command", ["ui", "serve"])
def test_no_password_is_printed_by_what_a_server_says(finished: Project, command: str) -> None:
    address = {"MLFLOW_TRACKING_URI": "odd://me:secret-1234@host"}
    model = ["--model", "models:/m-1"] if command == "serve" else []
    ended = finished.attempt("tenfold", command, "--port", str(free_port()), *model, env=address)
    assert ended.returncode != 0
    assert "odd://***@host" in ended.stdout + ended.stderr
    assert "secret-1234" not in ended.stdout + ended.stderr


def test_a_tracking_server_has_a_ui_of_its_own(finished: Project) -> None:
    address = {"MLFLOW_TRACKING_URI": "http://me:secret-1234@127.0.0.1:1"}
    message = refusal(finished.attempt("tenfold", "ui", env=address))
    assert "open http://***@127.0.0.1:1 in a browser" in message


def test_a_tracking_server_that_is_down_is_one_message(finished: Project, tmp_path: Path) -> None:
    address = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    asked = ["predict", str(finished / TABLE), str(tmp_path / "scored.csv")]
    assert "http://127.0.0.1:1" in refusal(finished.attempt("tenfold", *asked, env=address))


@pytest.mark.slow
def test_schema_prints_the_file_that_editors_read() -> None:
    printed = subprocess.run(
        ["tenfold", "schema"],
        cwd=ROOT,
        env=Project(ROOT).environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == (ROOT / "params.schema.json").read_text()


def test_the_ui_shows_the_experiment(finished: Project) -> None:
    ui = Server(finished, "ui", "/health")
    try:
        status, page = ui.ask("/")
        assert status == 200
        assert "MLflow" in page
        api = "/api/2.0/mlflow"
        status, body = ui.ask(f"{api}/experiments/get-by-name?experiment_name=breast_cancer")
        assert status == 200
        experiment = json.loads(body)["experiment"]["experiment_id"]
        opened = f"/#/experiments/{experiment}/runs?viewStateShareKey=leaderboard"
        assert f"http://127.0.0.1:{ui.port}{opened}" in finished.log.read_text()
        query = {
            "experiment_ids": [experiment],
            "filter": "attributes.run_name = 'mlp'",
        }
        status, body = ui.ask(f"{api}/runs/search", query)
        assert status == 200
        [run] = json.loads(body)["runs"]
        assert "cv/auroc" in {metric["key"] for metric in run["data"]["metrics"]}
    finally:
        ui.stop()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("scored.parquet", "must be a CSV"),
        ("data", "must be a CSV"),
        ("data/raw/breast_cancer.csv", "is the file to read"),
        ("none/scored.csv", "is no folder that can be written to"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_scoring(
    finished: Project, target: str, message: str
) -> None:
    before = (finished / "data/raw/breast_cancer.csv").read_bytes()
    tried = finished.attempt("tenfold", "predict", "data/raw/breast_cancer.csv", target)
    assert message in refusal(tried)
    assert (finished / "data/raw/breast_cancer.csv").read_bytes() == before


def test_a_moved_project_installs_again_and_a_settled_one_does_not(
    project: Callable[..., Project],
) -> None:
    fresh = project()
    for settled, planned in ((str(fresh.root), False), ("/elsewhere", True)):
        (fresh / ".venv").mkdir(exist_ok=True)
        (fresh / ".venv/.installed").write_text(settled)
        assert ("pip install" in fresh.run("make", "--dry-run", "repro")) is planned
