"""MLflow as a projection of the outputs: what a run shows, and what no accident may leave."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

from tenfold.params.search_space import flat
from tenfold.tracking import descriptions, store
from tests import fork_server
from tests.project import CANDIDATES, SMALL, Project, wait_until


def rows(project: Project, query: str) -> list[tuple[Any, ...]]:
    """What the project's store holds; nothing while it is not there yet."""
    path = project / "mlruns" / "mlflow.db"
    with (
        contextlib.suppress(sqlite3.OperationalError),
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store,
    ):
        return store.execute(query).fetchall()
    return []


def count(project: Project, table: str) -> int:
    [(found,)] = rows(project, f"SELECT count(*) FROM {table}") or [(0,)]
    return int(found)


def contents(project: Project) -> dict[str, int]:
    tables = ("experiments", "runs", "logged_models", "model_versions", "metrics", "params")
    return {table: count(project, table) for table in tables}


def has_files(location: str) -> bool:
    return (Path(unquote(urlparse(location).path)) / "MLmodel").is_file()


def parameters(project: Project, candidate: str) -> dict[str, object]:
    """Of a family's best configuration; of the ensemble its weights."""
    if candidate != "ensemble":
        best = project.json(f"outputs/cross_validate/{candidate}/best.json")
        return flat(best["parameters"])
    members = project.json("outputs/ensemble/weights.json")["members"]
    names = [f"{one['family']}.{one['runner_up']}".removesuffix(".0") for one in members]
    return {f"weight.{name}": one["weight"] for name, one in zip(names, members, strict=True)}


def test_a_familys_run_holds_what_its_outputs_say(finished: Project) -> None:
    client, runs = finished.client(), finished.family_runs()
    champion = finished.json("outputs/metrics.json")["champion"]
    assert set(runs) == CANDIDATES
    for family, run in runs.items():
        expected = parameters(finished, family) | {"seed": 7, "task": "binary", "n_splits": 3}
        assert run.info.run_name == family
        assert expected.items() <= {**run.data.params, **expected}.items()
        for name, value in expected.items():
            assert run.data.params[name] == str(value)
        scores = finished.json("outputs/scores.json")[family]
        for name, summary in scores.items():
            assert run.data.metrics[f"cv/{name}"] == summary["mean"]
            assert run.data.metrics[f"cv/{name}_sd"] == summary["sd"]
            history = client.get_metric_history(run.info.run_id, f"cv/{name}_fold")
            by_fold = sorted((point.step, point.value) for point in history)
            assert by_fold == list(enumerate(summary["folds"]))
        tested = {
            name
            for name in run.data.metrics
            if name.startswith("test/") and not name.endswith(("_low", "_high"))
        }
        assert tested == ({f"test/{name}" for name in scores} if family == champion else set())


def test_a_networks_run_holds_its_learning_curves(finished: Project) -> None:
    client, run = finished.client(), finished.family_runs()["mlp"]
    for name in ("train/loss", "val/loss"):
        curve = client.get_metric_history(run.info.run_id, name)
        assert sorted(point.step for point in curve) == [1, 2, 3, 4]
    # One block and the output layer, measured in every epoch.
    for name in ("gradient_norm/1", "gradient_norm/2", "dead_units"):
        curve = client.get_metric_history(run.info.run_id, name)
        assert sorted(point.step for point in curve) == [1, 2, 3, 4]
    assert "val/loss" not in finished.family_runs()["linear"].data.metrics


def test_a_networks_run_says_what_its_diagnostics_found(again: Project) -> None:
    # Five sigmoid blocks from tiny weights: what reaches the first of them is next to nothing.
    deep = {"n_blocks": 5, "d_block": 8, "activation": "sigmoid", "initializer": "normal"}
    again.change(models={"mlp": {**deep, "learning_rate": 0.001}})
    printed = again.run("dvc", "repro")
    findings = again.json("outputs/cross_validate/mlp/best.json")["findings"]
    assert any(finding.startswith("vanishing gradients: ") for finding in findings)
    note = again.family_runs()["mlp"].data.tags["mlflow.note.content"]
    assert all(f"- {descriptions.escaped(finding)}" in note for finding in findings)
    for finding in findings:
        assert f"note: mlp: {finding}" in printed
        assert finding in (again / "outputs/report.html").read_text()


def test_a_familys_run_holds_its_files_below_mlruns(finished: Project) -> None:
    client = finished.client()
    for family, run in finished.family_runs().items():
        assert (run.info.artifact_uri or "").startswith((finished / "mlruns").as_uri())
        names = {file.path for file in client.list_artifacts(run.info.run_id)}
        own = {"weights.json"} if family == "ensemble" else {"best.json", "trials.csv"}
        assert {*own, "scores.json", "plots"} <= names
        plots = {file.path for file in client.list_artifacts(run.info.run_id, "plots")}
        assert {"plots/roc.png", "plots/confusion.png", "plots/fold_scores.png"} <= plots
        assert ("plots/learning_curve.png" in plots) == (family == "mlp")
    assert not list(finished.root.glob("mlartifacts"))


def test_a_familys_run_names_its_data_and_its_origin(finished: Project) -> None:
    commits = finished.run("git", "log", "--format=%H").split()
    fingerprints = set()
    for family, run in finished.family_runs().items():
        assert run.inputs is not None
        [used] = run.inputs.dataset_inputs
        assert used.dataset.name == "breast_cancer.csv"
        assert len(used.dataset.digest) == 36
        tags = run.data.tags
        assert tags["mlflow.source.git.commit"] in commits
        assert tags["dvc.stage"] == ("select_model" if family == "ensemble" else f"train@{family}")
        fingerprints.add(tags["tenfold.fingerprint"])
    assert len(fingerprints) == len(CANDIDATES)


def test_the_trials_of_a_family_are_its_child_runs(finished: Project) -> None:
    for family, run in finished.family_runs().items():
        children = finished.runs(f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")
        if family == "ensemble":
            assert children == []
            continue
        n_trials = finished.json(f"outputs/cross_validate/{family}/best.json")["n_trials"]
        assert len(children) == n_trials == (1 if family == "dummy" else 2)
        best = max(child.data.metrics["cv/auroc"] for child in children)
        assert best == run.data.metrics["cv/auroc"]
        if family == "mlp":
            assert len({child.data.params["learning_rate"] for child in children}) == 2


def test_every_run_has_an_end(finished: Project) -> None:
    assert {run.info.status for run in finished.runs()} == {"FINISHED"}
    assert rows(finished, "SELECT DISTINCT status FROM runs") == [("FINISHED",)]


def test_a_failed_trial_is_a_failed_run_and_the_others_go_on(again: Project) -> None:
    rate = {"choices": [0.01, 1.0e30]}
    mlp = {**SMALL["models"]["mlp"], "optimizer": "sgd", "learning_rate": rate}
    again.change(models={"mlp": mlp}, tune={"n_trials": 6, "generation_size": 3})
    again.repro()
    best = again.json("outputs/cross_validate/mlp/best.json")
    assert 0 < best["failed"] < best["n_trials"]
    assert best["parameters"]["learning_rate"] == 0.01
    trials = [run for run in again.runs() if "tenfold.fingerprint" not in run.data.tags]
    ends = {run.data.params["learning_rate"]: run.info.status for run in trials}
    assert ends == {"0.01": "FINISHED", "1e+30": "FAILED"}
    assert again.family_runs()["mlp"].info.status == "FINISHED"


def test_publishing_twice_adds_nothing(again: Project) -> None:
    again.run("tenfold", "publish")
    before, versions = contents(again), again.champion_version()
    again.run("tenfold", "publish")
    assert contents(again) == before
    assert again.champion_version() == versions


# (table, rows in it when select_model is killed): from the first run to the alias.
MOMENTS = [
    ("experiments", 1),
    ("runs", 1),
    ("runs", 3),
    ("runs", 6),
    ("logged_models", 1),
    ("model_versions", 1),
    ("registered_model_aliases", 1),
]


def test_a_publication_killed_anywhere_leaves_nothing_that_misleads(
    again: Project, finished: Project
) -> None:
    for table, enough in MOMENTS:
        stage = again.start("python", "pipelines/select_model.py", forked=True)
        wait_until(
            lambda table=table, enough=enough, stage=stage: (  # type: ignore[misc]
                count(again, table) >= enough or stage.poll() is not None
            ),
            f"{enough} rows in {table}",
        )
        with contextlib.suppress(ProcessLookupError):
            os.kill(stage.pid, signal.SIGKILL)
        stage.wait()
        wait_until(lambda: again.process_of("select_model") is None, "the stage to end")
        versions = rows(again, "SELECT version, storage_location FROM model_versions")
        assert all(has_files(location) for _, location in versions), (table, enough)
        aliased = rows(again, "SELECT version FROM registered_model_aliases")
        assert set(aliased) <= {(number,) for number, _ in versions}

    assert again.repro() == ["clean", "select_model"]
    assert again.champion_version() == "1"
    assert count(again, "model_versions") == 1
    assert rows(again, "SELECT * FROM runs WHERE status = 'RUNNING'") == []
    published = again.family_runs()
    for family, run in finished.family_runs().items():
        assert published[family].data.metrics == run.data.metrics
        children = f"tags.`mlflow.parentRunId` = '{published[family].info.run_id}'"
        n_trials = {"dummy": 1, "ensemble": 0}.get(family, 2)
        assert len(again.runs(children)) == n_trials
    assert len(again.runs("attributes.status = 'FINISHED'")) == len(finished.runs())


def test_a_run_left_running_by_a_kill_is_ended_by_the_next_publication(again: Project) -> None:
    again.run("tenfold", "publish")
    client = again.client()
    [experiment] = {run.info.experiment_id for run in again.runs()}
    # A kill between MLflow's two calls that create a run and end it, of other parameters.
    left = client.create_run(experiment, tags={"tenfold.family": "mlp"}).info.run_id
    again.run("tenfold", "publish")
    assert client.get_run(left).info.status == "FAILED"


def test_a_publication_needs_neither_git_nor_a_user_with_a_name(
    without_store: Project, tmp_path: Path
) -> None:
    publish = (
        "import pwd; pwd.getpwuid = {}.__getitem__; from tenfold import cli; cli.main(['publish'])"
    )
    nobody = dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME"), "")
    python = str(fork_server.programs() / "python")
    without_store.run(python, "-c", publish, env={**nobody, "PATH": str(tmp_path)})
    tags = without_store.family_runs()["mlp"].data.tags
    assert not {"mlflow.user", "mlflow.source.git.commit"} & set(tags)


def test_another_store_is_used_when_the_environment_names_one(
    without_store: Project, tmp_path: Path
) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert without_store.repro(env={"MLFLOW_TRACKING_URI": other}) == ["clean", "select_model"]
    assert set(without_store.family_runs(other)) == CANDIDATES
    assert without_store.champion_version(other) == "1"
    assert not (without_store / "mlruns/mlflow.db").exists()
    printed = without_store.run("dvc", "repro", env={"MLFLOW_TRACKING_URI": other})
    assert "nothing changed" in printed
    # Without it, the project's own store has yet to be filled.
    assert "nothing changed" not in without_store.run("dvc", "repro")
    assert without_store.champion_version() == "1"


def test_two_publications_at_once_both_succeed(without_store: Project, finished: Project) -> None:
    publications = [without_store.start("tenfold", "publish", forked=True) for _ in range(2)]
    assert [publication.wait() for publication in publications] == [0, 0], (
        without_store.log.read_text()
    )
    assert without_store.champion_version() == "1"
    assert count(without_store, "model_versions") == 1
    assert len(without_store.runs()) == len(finished.runs())
    assert rows(without_store, "SELECT DISTINCT status FROM runs") == [("FINISHED",)]


@pytest.mark.parametrize("command", ["tenfold publish", "dvc repro"])
def test_a_deleted_experiment_is_restored(again: Project, command: str) -> None:
    again.run("tenfold", "publish")
    client = again.client()
    [experiment] = {run.info.experiment_id for run in again.runs()}
    client.delete_experiment(experiment)
    again.run(*command.split())
    assert client.get_experiment(experiment).lifecycle_stage == "active"
    assert set(again.family_runs()) == CANDIDATES


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "sqlite:////project/mlruns/mlflow.db"),
        ("sqlite:///mine.db", "sqlite:////project/mine.db"),
        ("sqlite:////elsewhere/mine.db", "sqlite:////elsewhere/mine.db"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
    ],
)
def test_a_relative_store_lies_in_the_project_wherever_a_stage_runs(
    given: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", "/project")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    assert store.uri() == expected


@pytest.mark.parametrize("command", ["tenfold publish", "tenfold predict data/x.csv y.csv"])
def test_a_password_in_the_store_s_address_is_never_printed(again: Project, command: str) -> None:
    token, password, encoded = "tok-1234", "p@ss/word", "p%40ss%2Fword"
    # Nobody answers here; MLflow quotes the address in its error.
    for address in (f"http://me:{encoded}@127.0.0.1:9/path?token={token}", f"odd://{token}@h/"):
        variables = {"MLFLOW_TRACKING_URI": address, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
        ended = again.attempt(*command.split(), env=variables)
        printed = ended.stdout + ended.stderr
        assert ended.returncode == 2, printed
        assert "Traceback" not in printed
        assert "://***@" in printed
        assert not any(secret in printed for secret in (token, password, encoded, "word"))


def test_an_experiment_outside_of_the_workspace_leaves_the_champion_alone(again: Project) -> None:
    again.change(models={"linear": SMALL["models"]["linear"]})
    again.repro()
    before = again.champion()
    [marked] = again.runs("tags.role = 'champion'")
    again.commit()
    printed = again.run("dvc", "exp", "run", "--temp", "--set-param", "models.linear.alpha=50")
    assert again.champion() == before
    assert [run.info.run_id for run in again.runs("tags.role = 'champion'")] == [marked.info.run_id]
    assert "experiment runs outside of the workspace" in printed
    # It is registered nonetheless, by runs of its own.
    assert count(again, "model_versions") == 2
    assert any(float(run.data.params.get("alpha", 0)) == 50 for run in again.runs())


@pytest.fixture
def store_path(without_store: Project) -> Path:
    """The path of the project's own store, whose folder is there."""
    (without_store / "mlruns").mkdir()
    return without_store / "mlruns" / "mlflow.db"


def half_made(path: Path) -> None:
    """What a kill among MLflow's migrations leaves: its first tables, and a table in the making."""
    import sqlalchemy
    from mlflow.store.tracking.dbmodels.initial_models import Base

    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE _alembic_tmp_experiments (name TEXT)")
    engine.dispose()


def test_a_half_made_store_is_set_aside_and_made_anew(
    without_store: Project, store_path: Path
) -> None:
    half_made(store_path)
    ended = without_store.attempt("tenfold", "publish")
    assert ended.returncode == 0, ended.stderr
    assert f"note: {store_path} was half-made" in ended.stderr
    assert "mlflow.db.half-made" in ended.stderr
    assert (without_store / "mlruns/mlflow.db.half-made").exists()
    assert without_store.champion_version() == "1"
    assert without_store.attempt("tenfold", "publish").stderr == ""


def test_a_project_outlives_kills_while_its_store_is_created(without_store: Project) -> None:
    folder = without_store / "mlruns"
    for seconds in (0.1, 0.5, 1.0):
        before = set(folder.glob(".*"))
        publication = without_store.start("tenfold", "publish")
        wait_until(
            lambda before=before: (  # type: ignore[misc]
                (folder / "mlflow.db").exists() or bool(set(folder.glob(".*")) - before)
            ),
            "a store",
        )
        time.sleep(seconds)
        publication.kill()
        publication.wait()
    without_store.run("tenfold", "publish")
    assert without_store.champion_version() == "1"
    assert {path.name for path in folder.iterdir()} == {"artifacts", "mlflow.db"}


def test_a_store_that_does_not_fit_on_the_disk_is_created_later(without_store: Project) -> None:
    full = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        "from tenfold import cli; cli.main(['publish'])"
    )
    ended = without_store.attempt("python", "-c", full)
    assert ended.returncode == 2, ended.stderr
    assert "mlruns/mlflow.db cannot be used" in ended.stderr
    assert list((without_store / "mlruns").iterdir()) == []
    without_store.run("tenfold", "publish")


def test_a_damaged_store_is_named_with_what_to_do(
    without_store: Project, finished: Project, store_path: Path
) -> None:
    content = (finished / "mlruns/mlflow.db").read_bytes()
    # The header, the list of tables, all of the rows.
    for start, end in ((0, 100), (100, 2000), (40_000, len(content))):
        damage = b"?" * (end - start)
        store_path.write_bytes(content[:start] + damage + content[end:])
        ended = without_store.attempt("tenfold", "publish")
        assert ended.returncode == 2, ended.stderr
        assert ended.stderr.count("\n") == 1
        assert f"error: MLflow's store {store_path} is damaged" in ended.stderr
        assert "run `tenfold publish`" in ended.stderr
    without_store.run("sh", "-c", ended.stderr.split("`")[1])
    without_store.run("tenfold", "publish")
