"""`dvc repro` on real projects: what runs, what it leaves, what survives a kill."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import CANDIDATES, SMALL, Project, files_below, wait_until

HEAVY = {"duckdb", "mlflow", "numpy", "pandas", "pyarrow", "pydantic", "ruamel", "torch"}


def without(family: str) -> dict[str, object]:
    return {name: declared for name, declared in SMALL["models"].items() if name != family}


def test_one_command_leads_from_the_table_to_a_registered_champion(finished: Project) -> None:
    results = finished.json("outputs/metrics.json")
    assert set(results) == {"champion", "cv", "test"}
    scores = finished.json("outputs/scores.json")
    assert set(scores) == {"dummy", "linear", "mlp", "ensemble"}
    metrics = {"auroc", "log_loss", "accuracy", "brier"}
    assert all(set(own) == metrics for own in scores.values())
    own = scores[results["champion"]]
    assert results["cv"] == {"auroc": own["auroc"]["mean"]}
    assert set(results["test"]) == metrics
    assert all(isinstance(score, float) for score in results["test"].values())
    means = {family: own["auroc"]["mean"] for family, own in scores.items()}
    assert results["champion"] == max(means, key=lambda family: means[family])
    assert finished.champion_version() == "1"
    run = finished.client().get_run(finished.champion().run_id or "")
    assert run.data.tags["tenfold.family"] == results["champion"]
    verdict = finished.json("outputs/verdict.json")
    intervals = verdict["test"]["intervals"]
    for name, interval in ((n, i) for n, i in intervals.items() if "why_none" not in i):
        assert interval["low"] <= results["test"][name] <= interval["high"]
        assert run.data.metrics[f"test/{name}_low"] == interval["low"]
    assert run.data.metrics["cv/auroc_corrected"] == verdict["corrected"]["score"]


def test_the_default_experiment_compares_five_families_over_ten_folds(
    project: Callable[..., Project],
) -> None:
    default = project(
        tune={"n_trials": 1}, trainer={"max_epochs": 10}, select_model={"inspect": {}}
    )
    families = ["dummy", "linear", "random_forest", "hist_gradient_boosting", "mlp"]
    declared = default.params()["models"]
    assert list(declared) == families
    declared["random_forest"]["n_estimators"] = 20
    declared["hist_gradient_boosting"]["max_iter"] = 10
    default.change(models=declared)
    ran = default.repro()
    per_family = [f"{stage}@{name}" for stage in ("cross_validate", "train") for name in families]
    assert sorted(ran) == sorted(["clean", "split", *per_family, "select_model"])
    results = default.json("outputs/metrics.json")
    assert set(default.json("outputs/scores.json")) == {*families, "ensemble"}
    assert results["champion"] != "dummy"
    assert results["test"]["auroc"] > 0.95
    found = default.json("outputs/plots/inspection.json")
    assert (found["n_repeats"], found["metric"]) == (5, "auroc")
    page = (default / "outputs/report.html").read_text()
    assert '<figure id="importance">' in page and '<figure id="dependence-0">' in page
    for family in families:
        scores = default.json(f"outputs/cross_validate/{family}/scores.json")
        assert len(scores["auroc"]["folds"]) == 10
    report = default.json("outputs/clean/report.json")
    assert report["read"] == report["kept"] + sum(report["rejected"].values())
    shown = default.run("tenfold", "leaderboard")
    assert all(family in shown for family in families)


def test_a_second_repro_runs_no_stage_and_says_that_nothing_changed(
    finished: Project, tmp_path: Path
) -> None:
    again = finished.copy(tmp_path / "again", mlruns=True)
    again.repro()  # MLflow's store holds absolute paths and follows its folder.
    before = (again / "dvc.lock").read_bytes()
    printed = again.run("dvc", "repro")
    assert [line for line in printed.splitlines() if line.startswith("Running stage")] == [
        "Running stage 'clean':",
        "Running stage 'select_model':",
    ]
    assert "data/raw/breast_cancer.csv: unchanged" in printed
    assert "nothing changed" in printed
    assert (again / "dvc.lock").read_bytes() == before
    # They look before they import what takes longer than all of that.
    for stage in ("clean", "select_model"):
        program = (
            "import runpy, sys; "
            f"runpy.run_path('pipelines/{stage}.py', run_name='__main__'); "
            f"print(sorted({HEAVY} & set(sys.modules)))"
        )
        assert again.run("python", "-c", program, forked=False).splitlines()[-1] == "[]"


def test_computing_everything_again_gives_the_same_bytes(finished: Project, tmp_path: Path) -> None:
    again = finished.copy(tmp_path / "elsewhere")
    # In forks of another process, whose hashes have another seed, and with more threads.
    ran = again.repro("--force", env={"OMP_NUM_THREADS": "2"})
    assert len(ran) == 2 + 2 * len(SMALL["models"]) + 1
    assert again.outputs_in_lock() == finished.outputs_in_lock()
    assert (again / "dvc.lock").read_bytes() == (finished / "dvc.lock").read_bytes()


def test_a_hyperparameter_of_one_family_reruns_that_family_alone(again: Project) -> None:
    mlp = {**SMALL["models"]["mlp"], "dropout": 0.3}
    again.change(models={**SMALL["models"], "mlp": mlp})
    assert again.repro() == ["clean", "cross_validate@mlp", "train@mlp", "select_model"]
    assert again.json("outputs/cross_validate/mlp/best.json")["parameters"]["dropout"] == 0.3


def test_what_the_audit_is_asked_trains_nothing_again(again: Project) -> None:
    twin = {**again.params()["clean"], "derive": {"twin": "2 * mean_radius"}}
    again.change(clean=twin, models={"dummy": {}})
    again.repro()
    told = again.json("outputs/split/report.json")["audit"]
    assert [one["check"] for one in told] == ["copied_columns"]
    again.change(audit={"copied_columns": "off"})
    assert again.repro() == ["clean", "split", "select_model"]
    assert again.json("outputs/split/report.json")["audit"] == []


def test_a_family_added_runs_alone_and_a_family_removed_is_forgotten(again: Project) -> None:
    forest = {"n_estimators": 5, "min_samples_leaf": 1}
    again.change(models={**SMALL["models"], "random_forest": forest})
    added = again.repro()
    assert added == ["clean", "cross_validate@random_forest", "train@random_forest", "select_model"]
    assert set(again.json("outputs/scores.json")) == {*CANDIDATES, "random_forest"}

    again.change(models=SMALL["models"])
    assert again.repro() == ["clean", "select_model"]
    assert set(again.json("outputs/scores.json")) == CANDIDATES
    assert "random_forest" not in again.run("tenfold", "leaderboard")
    assert "random_forest" not in (again / "outputs/report.html").read_text()
    assert not (again / "outputs/plots/random_forest").exists()


def test_back_at_an_earlier_commit_without_a_family_dvc_lock_is_that_commit_s(
    again: Project,
) -> None:
    again.change(models={**SMALL["models"], "random_forest": {"n_estimators": 2}})
    again.repro()
    again.commit()
    again.run("git", "checkout", "--quiet", "HEAD~1")
    assert again.repro() == ["clean", "select_model"]
    assert again.run("git", "status", "--porcelain") == ""
    for stage in ("cross_validate", "train"):
        assert {path.name for path in (again / "outputs" / stage).iterdir()} == {*SMALL["models"]}
    again.run("git", "checkout", "--quiet", "-")
    assert again.repro() == ["clean", "select_model"]
    assert again.run("git", "status", "--porcelain") == ""


def test_the_registry_follows_params_there_and_back(again: Project, finished: Project) -> None:
    first = finished.json("outputs/metrics.json")["champion"]
    again.repro()
    assert again.champion_version() == "1"

    again.change(models=without(first))
    assert again.repro() == ["clean", "select_model"]
    second = again.json("outputs/metrics.json")["champion"]
    assert second != first
    assert again.champion_version() == "2"
    marked = again.runs("tags.role = 'champion'")
    assert [run.data.tags["tenfold.family"] for run in marked] == [second]
    earlier = again.client().get_model_version("breast_cancer", "1")
    assert earlier.tags["role"] == "superseded"
    left = again.runs("tags.role = 'superseded'")
    assert first in {run.data.tags["tenfold.family"] for run in left}

    runs = len(again.runs())
    again.run("git", "checkout", "--quiet", "--", "params.yaml", "dvc.lock")
    assert again.repro() == ["clean", "select_model"]
    assert (again / "outputs/metrics.json").read_bytes() == (
        finished / "outputs/metrics.json"
    ).read_bytes()
    assert again.champion_version() == "1"
    assert len(again.client().search_model_versions("name = 'breast_cancer'")) == 2
    assert len(again.runs()) == runs
    marked = again.runs("tags.role = 'champion'")
    assert [run.data.tags["tenfold.family"] for run in marked] == [first]


@pytest.mark.parametrize("family", ["linear", "mlp"])
def test_tuning_and_training_never_see_the_test_rows(again: Project, family: str) -> None:
    before = files_below(again / "outputs")
    (again / "outputs/split/test.parquet").unlink()
    shutil.rmtree(again / "outputs/clean")
    shutil.rmtree(again / "data")
    for stage in ("cross_validate", "train"):
        shutil.rmtree(again / f"outputs/{stage}/{family}")
        ended = again.stage(stage, family)
        assert ended.returncode == 0, ended.stderr
        for name, content in files_below(again / f"outputs/{stage}/{family}").items():
            assert content == before[f"{stage}/{family}/{name}"], name


def child(parent: int, command: str) -> int | None:
    """The child of a process that runs a command, if there is one."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            started = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            if started.startswith(command) and int(status[1]) == parent:
                return int(folder.name)
    return None


MOMENTS = ["among its imports", "as the stage starts", "after its first trial"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_repro_takes_its_stage_with_it_and_the_next_one_finishes(
    again: Project, finished: Project, moment: str
) -> None:
    # All but mlp's search is soon restored from DVC's cache.
    shutil.rmtree(again / "outputs")
    (again / "dvc.lock").unlink()
    for entry in (again / ".dvc/cache/runs").glob("*/*/*"):
        if "cross_validate.py mlp" in entry.read_text():
            shutil.rmtree(entry.parent)
    stage = "cross_validate@mlp"
    repro = again.start("dvc", "repro")
    program = "python pipelines/cross_validate.py mlp"
    early = moment == "among its imports"
    try:
        wait_until(
            lambda: (
                (child(repro.pid, program) if early else again.process_of(stage)) is not None
                or repro.poll() is not None
            ),
            f"{stage} to start",
        )
        assert repro.poll() is None, again.log.read_text()
        if moment == "after its first trial":
            trials = again / ".tenfold/studies"
            wait_until(lambda: any(trials.glob("*/trial-00000")), "its first trial")
    finally:
        os.kill(repro.pid, signal.SIGKILL)  # Its leader only: the stage must notice by itself.
        repro.wait()
    if not early:
        wait_until(lambda: again.process_of(stage) is None, "the stage to die with dvc")
    assert not (again / "outputs/cross_validate/mlp").exists()
    kept = list((again / ".tenfold/studies").glob("*/trial-00000"))
    assert len(kept) == (moment == "after its first trial")

    assert stage in again.repro()
    for path in ("metrics.json", "cross_validate/mlp/best.json", "cross_validate/mlp/trials.csv"):
        assert (again / "outputs" / path).read_bytes() == (finished / "outputs" / path).read_bytes()
    assert again.outputs_in_lock() == finished.outputs_in_lock()
    assert again.champion_version() == "1"
    assert not again.runs("attributes.status = 'RUNNING'")
    assert not list((again / ".tenfold/studies").iterdir())


def test_metrics_after_the_first_train_nothing(again: Project, finished: Project) -> None:
    again.run("tenfold", "publish")
    runs = {run.info.run_id for run in again.runs()}
    (again / "metrics").mkdir()
    (again / "metrics/tens.py").write_text(
        "from tenfold.metrics import Metric\n"
        "METRIC = Metric(lambda y, p: 10.0, 'maximize', ('binary',))\n"
    )
    added = ["precision@0.3", "tens"]
    again.change(metrics=["auroc", *added, "brier"], data={"positive_class": "benign"})
    assert again.repro() == ["clean", "split", "select_model"]
    results, scores = again.json("outputs/metrics.json"), again.json("outputs/scores.json")
    assert results["positive_class"] == "benign"
    assert set(results["test"]) == {"auroc", "brier", *added}
    before = finished.json("outputs/scores.json")
    for family, found in again.family_runs().items():
        assert scores[family]["auroc"] == before[family]["auroc"]
        assert found.data.metrics["cv/tens"] == 10
        mean = scores[family]["precision@0.3"]["mean"]
        assert found.data.metrics["cv/precision_at_0.3"] == mean
    own = scores[results["champion"]]
    assert results["cv"] == {"auroc": own["auroc"]["mean"]}
    assert {run.info.run_id for run in again.runs()} == runs
    own = again / "metrics/tens.py"
    own.write_text(own.read_text().replace("10.0", "11.0"))
    again.run("python", "pipelines/clean.py")
    assert again.repro("--dry") == ["clean", "select_model"]


def test_another_first_metric_trains_again(again: Project) -> None:
    again.change(metrics=["log_loss", "auroc"])
    again.run("python", "pipelines/split.py")
    assert {"cross_validate@linear", "cross_validate@mlp"} <= set(again.repro("--dry"))


@pytest.mark.parametrize("command", ["dvc repro", "tenfold publish"])
def test_a_lost_store_is_rebuilt_from_the_outputs(
    without_store: Project, finished: Project, command: str
) -> None:
    assert not (without_store / "mlruns").exists()
    without_store.run(*command.split())
    assert without_store.champion_version() == "1"
    assert (without_store / "dvc.lock").read_bytes() == (finished / "dvc.lock").read_bytes()
    rebuilt, first = without_store.family_runs(), finished.family_runs()
    assert set(rebuilt) == set(first)
    for family, run in rebuilt.items():
        assert run.data.metrics == first[family].data.metrics
        assert run.data.params == first[family].data.params


def test_a_moved_project_gets_its_runs_and_its_champion_back(
    finished: Project, tmp_path: Path
) -> None:
    before = finished.copy(tmp_path / "before", mlruns=False)
    before.run("tenfold", "publish")
    before.root.rename(tmp_path / "after")
    moved = Project(tmp_path / "after")
    assert moved.repro() == ["clean", "select_model"]
    scored = moved.root / "scored.csv"
    moved.run("tenfold", "predict", "data/raw/breast_cancer.csv", str(scored))
    assert scored.exists()
    for family, run in moved.family_runs().items():
        assert str(moved.root) in (run.info.artifact_uri or "")
        names = {file.path for file in moved.client().list_artifacts(run.info.run_id)}
        assert {"best.json", "weights.json"} & names, family
    assert set(moved.family_runs()) == CANDIDATES


def test_a_copied_project_does_not_lean_on_the_original(finished: Project, tmp_path: Path) -> None:
    copied = finished.copy(tmp_path / "copied", mlruns=True)
    copied.repro()
    where = copied.client().get_model_version_download_uri(
        "breast_cancer", copied.champion_version()
    )
    assert str(copied.root / "mlruns") in where


def test_an_experiment_run_in_the_workspace_or_in_a_temporary_folder_lands_in_the_store(
    again: Project,
) -> None:
    again.run("dvc", "exp", "run", "--name", "here", "-S", "models.mlp.dropout=0.2")
    again.run("git", "checkout", "--quiet", "--", "params.yaml", "dvc.lock")
    again.run("dvc", "exp", "run", "--name", "there", "--temp", "-S", "+models.linear.max_iter=500")
    here = again.runs("tags.`dvc.experiment` = 'here'")
    mlp = [run for run in here if run.info.run_name == "mlp (here)"]
    assert [run.data.params["dropout"] for run in mlp] == ["0.2"]
    there = again.runs("tags.`dvc.experiment` = 'there'")
    linear = [run for run in there if run.info.run_name == "linear (there)"]
    assert [run.data.params["max_iter"] for run in linear] == ["500"]
    assert {run.data.tags["role"] for run in linear} == {"candidate"}
    artifacts = again / "mlruns" / "artifacts"
    for run in (*mlp, *linear):
        assert run.info.status == "FINISHED"
        assert (run.info.artifact_uri or "").startswith(artifacts.as_uri())
        assert (artifacts / run.info.run_id / "artifacts" / "best.json").is_file()


@pytest.mark.parametrize(
    "command", ["dvc metrics show", "dvc metrics diff", "dvc plots show --out plots_page"]
)
def test_dvc_shows_metrics_and_plots(finished: Project, command: str) -> None:
    ended = finished.attempt(*command.split())
    assert ended.returncode == 0, ended.stderr
    assert "failed" not in (ended.stdout + ended.stderr).lower()
    if "show" in command and "metrics" in command:
        [line] = [line for line in ended.stdout.splitlines() if "metrics.json" in line]
        assert len(line) <= 120
        assert "cv.auroc" in ended.stdout
    if "plots" in command:
        page = (finished / "plots_page" / "index.html").read_text()
        assert "ROC, out-of-fold" in page
        assert not re.search(r"<script[^>]+src=", page)
        shutil.rmtree(finished / "plots_page")
