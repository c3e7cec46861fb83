"""What a user may get wrong: the program of the stage that notices, its one message, its code.

The messages themselves are tested in `tests/params`, `tests/bad_input` and `tests/audit`.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from typing import Any

import pytest

from tests.project import ROOT, Project

TABLE = "data/raw/breast_cancer.csv"
FEW_ROWS = "size,diagnosis\n" + "".join(f"{n},{n % 2}\n" for n in range(8))
# A feature that is the target.
DISGUISED = "x,size,diagnosis\n" + "".join(
    f"{n % 2},{n * n % 97 + n},{n % 2}\n" for n in range(200)
)
SOUND: dict[str, Any] = {"clean": {"require": [], "drop_columns": []}}


# What is broken: the stage that refuses it, what is declared, the table, and what is said.
CASES: dict[str, tuple[str, dict[str, Any], str | None, list[str]]] = {
    "a misspelt key": ("clean", {"sedd": 3}, None, ["unknown key 'sedd'", "did you mean 'seed'?"]),
    "a missing file": ("clean", {"data": {"path": "none.csv"}}, None, ["no file none.csv"]),
    "a missing target column": (
        "clean",
        {"data": {"target": "diagnose"}},
        None,
        ["no column 'diagnose'", "did you mean 'diagnosis'?"],
    ),
    "fewer rows than folds": (
        "split",
        SOUND,
        FEW_ROWS,
        ["10 folds need 10 training rows, but there are 6"],
    ),
    "the target once more among the features": (
        "split",
        SOUND,
        DISGUISED,
        ["target_copy: 'x' is the target 'diagnosis' in disguise", "audit: {target_copy: warn}"],
    ),
    "a misspelt key of a family": (
        "cross_validate mlp",
        {"models": {"mlp": {"droput": 0.1}}},
        None,
        ["'models.mlp.droput'", "did you mean 'dropout'?"],
    ),
    "an unknown family": (
        "train random_forest",
        {"models": {"random_forrest": {}}},
        None,
        ["unknown family 'random_forrest'", "did you mean 'random_forest'?"],
    ),
    "a metric of another task": (
        "select_model",
        {"metrics": ["mse"]},
        None,
        ["'mse' does not fit task 'binary'", "auroc"],
    ),
}


def check(stage: str, project: Project, said: list[str]) -> None:
    """The stage refuses with one message and leaves nothing behind."""
    name, *family = stage.split()
    ended = project.stage(name, *family)
    assert ended.returncode == 2, (ended.returncode, ended.stdout, ended.stderr)
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert all(part in ended.stderr for part in said), ended.stderr
    out = project / "outputs"
    assert not (out / name).exists() or not any((out / name).iterdir())
    left = [path for path in out.glob("*") if path.name not in ("clean", "families", name)]
    assert left == []


@pytest.mark.parametrize(("stage", "declared", "table", "said"), CASES.values(), ids=CASES)
def test_a_stage_refuses(
    project: Callable[..., Project],
    stage: str,
    declared: dict[str, Any],
    table: str | None,
    said: list[str],
) -> None:
    broken = project(**declared)
    if table is not None:
        (broken / TABLE).write_text(table)
        assert broken.stage("clean").returncode == 0
    check(stage, broken, said)


def test_dvc_stops_at_a_refusal_and_shows_its_message(project: Callable[..., Project]) -> None:
    broken = project(seed="seven")
    ended = broken.attempt("dvc", "repro")
    assert ended.returncode != 0
    assert "error: params.yaml: seed must be an integer, but got 'seven'" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (broken / "dvc.lock").exists()
    assert not (broken / "outputs").exists()


def test_make_repro_checks_everything_before_the_first_stage() -> None:
    makefile = (ROOT / "Makefile").read_text()
    recipe = makefile.split("\nrepro:")[1].split("\n\n")[0]
    assert recipe.index("tenfold check") < recipe.index("dvc repro")


def test_a_stage_that_runs_already_is_not_started_again(project: Callable[..., Project]) -> None:
    twice = project()
    lock = twice / ".tenfold/locks/clean.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711")
        file.flush()
        check("clean", twice, ["clean is already running", "4711"])
    assert twice.stage("clean").returncode == 0
