"""What a user may get wrong: the program of the stage that notices, its one message, its code."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conftest import ROOT, Project

TABLE = "data/raw/breast_cancer.csv"


def rewrite(**given: Any) -> Callable[[Project], None]:
    """Break params.yaml."""
    return lambda project: project.change(**given)


def content(text: str) -> Callable[[Project], None]:
    """Break the table: other bytes."""

    def broken(project: Project) -> None:
        (project / TABLE).write_text(text)

    return broken


def keep(choose: Callable[[int, dict[str, str]], bool]) -> Callable[[Project], None]:
    """Break the table: only some of its rows."""

    def broken(project: Project) -> None:
        with (project / TABLE).open(newline="") as file:
            rows = list(csv.DictReader(file))
        with (project / TABLE).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(row for number, row in enumerate(rows) if choose(number, row))

    return broken


def first_of_each_class(wanted: int) -> Callable[[int, dict[str, str]], bool]:
    """The first rows of every class."""
    seen: Counter[str] = Counter()

    def chosen(number: int, row: dict[str, str]) -> bool:
        seen[row["diagnosis"]] += 1
        return row["diagnosis"] != "" and seen[row["diagnosis"]] <= wanted

    return chosen


def gone(project: Project) -> None:
    (project / TABLE).unlink()


def told_twice(project: Project) -> None:
    """A table in which a feature is the target."""
    rows = "".join(f"{n % 2},{n * n % 97 + n},{n % 2}\n" for n in range(200))
    (project / TABLE).write_text("x,size,diagnosis\n" + rows)
    project.change(clean={"require": [], "drop_columns": []})


@dataclass(frozen=True)
class Case:
    """One thing broken, the stage that refuses it, and what its message must say."""

    what: str
    broken: Callable[[Project], None]
    stage: str
    said: list[str] = field(default_factory=list)
    after: str = ""


CASES = [
    Case(
        "a misspelt key",
        rewrite(sedd=3),
        "clean",
        ["unknown key 'sedd'", "did you mean 'seed'?"],
    ),
    Case(
        "a misspelt key of a section",
        rewrite(split={"n_split": 5}),
        "split",
        ["'split.n_split'", "did you mean 'n_splits'?"],
    ),
    Case(
        "a misspelt key of a family",
        rewrite(models={"mlp": {"droput": 0.1}}),
        "cross_validate mlp",
        ["'models.mlp.droput'", "did you mean 'dropout'?"],
    ),
    Case("a key that is needed", rewrite(metrics=None), "clean", ["'metrics' is required"]),
    Case("a wrong type", rewrite(seed="seven"), "clean", ["seed must", "'seven'"]),
    Case("a value out of range", rewrite(split={"n_splits": 1}), "split", ["n_splits", "1"]),
    Case(
        "a range upside down",
        rewrite(models={"linear": {"alpha": {"low": 2.0, "high": 1.0}}}),
        "cross_validate linear",
        ["models.linear", "low=2.0, high=1.0"],
    ),
    Case(
        "an unknown task",
        rewrite(task="binry"),
        "clean",
        ["task must", "did you mean 'binary'?"],
    ),
    Case(
        "an unknown family",
        rewrite(models={"random_forrest": {}}),
        "train random_forest",
        ["unknown family 'random_forrest'", "did you mean 'random_forest'?"],
    ),
    Case(
        "an unknown metric",
        rewrite(metrics=["auroc", "acuracy"]),
        "split",
        ["unknown metric 'acuracy'", "did you mean 'accuracy'?"],
    ),
    Case(
        "a metric of another task",
        rewrite(metrics=["mse"]),
        "select_model",
        ["'mse' does not fit task 'binary'", "auroc"],
    ),
    Case("params.yaml that is no YAML", lambda p: _params(p, "a: [1"), "clean", ["not valid YAML"]),
    Case("an empty params.yaml", lambda p: _params(p, ""), "clean", ["params.yaml"]),
    Case("a missing file", gone, "clean", [f"no file {TABLE}"]),
    Case("an empty file", content(""), "clean", [TABLE, "is empty"]),
    Case("a header only", content("mean_radius,diagnosis\n"), "clean", [TABLE, "has no rows"]),
    Case(
        "a missing target column",
        rewrite(data={"target": "diagnose"}),
        "clean",
        ["no column 'diagnose'", "did you mean 'diagnosis'?"],
    ),
    Case(
        "one class only",
        keep(lambda _, row: row["diagnosis"] == "benign"),
        "split",
        ["'diagnosis' has one class only, benign"],
        after="clean",
    ),
    Case(
        "preprocessing of a column that is not there",
        rewrite(preprocessing={"columns": {"mean_radus": {"scale": "none"}}}),
        "split",
        ["no feature column 'mean_radus'", "did you mean 'mean_radius'?"],
        after="clean",
    ),
    Case(
        "preprocessing that does not fit its column",
        rewrite(preprocessing={"columns": {"mean_radius": {"encode": "target"}}}),
        "split",
        ["mean_radius.encode does not fit a column of numbers", "clean.types"],
        after="clean",
    ),
    Case(
        "fewer rows than folds",
        keep(first_of_each_class(4)),
        "split",
        ["10 folds need 10 training rows, but there are 6"],
        after="clean",
    ),
    Case(
        "a class rarer than the folds",
        keep(lambda number, row: row["diagnosis"] == "benign" or number < 6),
        "split",
        ["class 'malignant' has 4 training rows, fewer than 10 folds"],
        after="clean",
    ),
    Case(
        "a group without the strategy that heeds it",
        rewrite(split={"group": "site"}),
        "clean",
        ["group is not for strategy: auto", "set strategy: grouped, or remove group"],
    ),
    Case(
        "a group that is dropped",
        rewrite(split={"strategy": "grouped", "group": "site"}),
        "clean",
        ["clean.drop_columns must not hold split.group, but got 'site'"],
    ),
    Case(
        "a group that is not there",
        rewrite(split={"strategy": "grouped", "group": "clinic"}),
        "split",
        ["split.group: the clean table has no column 'clinic'"],
        after="clean",
    ),
    Case(
        "an empty group",
        rewrite(split={"strategy": "grouped", "group": "scanner"}),
        "split",
        ["'scanner' decides where a row belongs, but is empty in 40 rows (first: line 17"],
        after="clean",
    ),
    Case(
        "fewer groups than folds",
        rewrite(
            split={"strategy": "grouped", "group": "scanner"},
            clean={"require": ["scanner IS NOT NULL"]},
        ),
        "split",
        ["10 folds need 10 groups to train on, but there are"],
        after="clean",
    ),
    Case(
        "a time that is a word",
        rewrite(split={"strategy": "time", "time": "site"}, clean={"drop_columns": ["patient_id"]}),
        "split",
        ["split.time: 'site' must hold numbers or dates such as 2024-01-31"],
        after="clean",
    ),
    Case(
        "the target once more among the features",
        told_twice,
        "split",
        [
            "target_copy: 'x' is the target 'diagnosis' in disguise",
            "set audit: {target_copy: warn}",
        ],
        after="clean",
    ),
    Case(
        "a target that is no number, for regression",
        rewrite(task="regression", metrics=["mse"]),
        "clean",
        ["'diagnosis'", "malignant"],
    ),
]


def _params(project: Project, text: str) -> None:
    (project / "params.yaml").write_text(text)


def check(stage: str, project: Project, said: list[str]) -> None:
    name, *family = stage.split()
    ended = project.stage(name, *family)
    assert ended.returncode == 2, (ended.returncode, ended.stdout, ended.stderr)
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert all(part in ended.stderr for part in said), ended.stderr
    out = project / "outputs"
    assert not (out / name).exists() or not any((out / name).iterdir())
    left = [path for path in out.glob("*") if path.name not in ("clean", name)]
    assert left == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_a_stage_refuses(project: Callable[..., Project], case: Case) -> None:
    broken = project()
    case.broken(broken)
    if case.after:
        assert broken.stage(case.after).returncode == 0
    check(case.stage, broken, case.said)


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
    import fcntl

    twice = project()
    lock = twice / ".tenfold/locks/clean.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711")
        file.flush()
        check("clean", twice, ["clean is already running", "4711"])
    assert twice.stage("clean").returncode == 0
