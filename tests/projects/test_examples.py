"""Every experiment in examples/, from its table to its champion."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.project import ROOT, Project, new_project, shared

SMALL = {
    "tune": {"n_trials": 1, "generation_size": 1},
    "split": {"n_splits": 3},
    "trainer": {"max_epochs": 3},
    "select_model": {"inspect": "off"},
}
FEW_TREES = {"random_forest": {"n_estimators": 20}, "hist_gradient_boosting": {"max_iter": 10}}


def run_example(project: Callable[..., Project], name: str, **changes: Any) -> Project:
    return rerun(project(), name, **changes)


def rerun(example: Project, name: str, **changes: Any) -> Project:
    shutil.copy2(example / f"examples/{name}.yaml", example / "params.yaml")
    families = {
        family: {**declared, **FEW_TREES.get(family, {})}
        for family, declared in example.params()["models"].items()
    }
    example.change(**(SMALL | {"models": families} | changes))
    example.repro()
    return example


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The ten digits; for reading only."""
    return shared(tmp_path_factory, "digits", lambda root: rerun(new_project(root), "digits"))


def test_every_example_has_a_test_here() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.yaml")} == {
        "diabetes",
        "digits",
        "digits_high",
        "digits_high_transfer",
        "digits_low",
        "line",
        "waves",
    }


def test_diabetes_is_a_regression(project: Callable[..., Project]) -> None:
    diabetes = run_example(project, "diabetes")
    results = diabetes.json("outputs/metrics.json")
    assert set(results["test"]) == {"mse", "mae", "r2"}
    assert results["test"]["mse"] > results["test"]["mae"] > 0
    scores = diabetes.json("outputs/scores.json")
    assert set(scores) == {*diabetes.params()["models"], "ensemble"}
    means = {family: own["mse"]["mean"] for family, own in scores.items()}
    assert results["champion"] == "ensemble"  # Whether best or tied with the best.
    assert results["test"]["mse"] < means["dummy"]


def test_digits_has_ten_classes(digits: Project) -> None:
    assert digits.json("outputs/split/report.json")["classes"] == list(range(10))
    results = digits.json("outputs/metrics.json")
    scores = digits.json("outputs/scores.json")
    assert scores["dummy"]["auroc"]["mean"] == pytest.approx(0.5)
    assert results["test"]["auroc"] > 0.9
    digits.run("tenfold", "predict", "examples/digits.csv", "scored.csv")
    header, first = (digits / "scored.csv").read_text().splitlines()[:2]
    probabilities = [f"probability_{digit}" for digit in range(10)]
    assert header.split(",")[-11:] == ["prediction", *probabilities]
    assert sum(float(cell) for cell in first.split(",")[-10:]) == pytest.approx(1, abs=1e-5)
    assert first.split(",")[-11] in {str(digit) for digit in range(10)}


def test_digits_are_shown_with_what_they_were_recognised_as(
    digits: Project, tmp_path: Path
) -> None:
    alone = digits.copy(tmp_path / "alone")
    alone.change(models={"cnn": digits.params()["models"]["cnn"]})
    assert alone.repro() == ["clean", "select_model"]
    assert (alone / "outputs/plots/cnn/recognised.png").exists()
    assert "recognised" in (alone / "outputs/report.html").read_text()


def test_a_recurrent_network_hears_what_a_linear_model_cannot(
    project: Callable[..., Project],
) -> None:
    waves = run_example(project, "waves", trainer={"max_epochs": 15})
    auroc = {name: s["auroc"]["mean"] for name, s in waves.json("outputs/scores.json").items()}
    assert auroc["linear"] < 0.6
    assert auroc["rnn"] > 0.95


def test_digits_are_learnt_from_a_network_that_knows_others(
    project: Callable[..., Project],
) -> None:
    digits = run_example(project, "digits_low")
    assert digits.json("outputs/split/report.json")["classes"] == [0, 1, 2, 3, 4]
    rerun(digits, "digits_high")
    scratch = digits.json("outputs/cross_validate/mlp/best.json")
    rerun(digits, "digits_high_transfer")
    split = digits.json("outputs/split/report.json")
    assert split["classes"] == [5, 6, 7, 8, 9]
    assert set(split["class_counts"]["train"].values()) <= {19, 20, 21}
    transferred = digits.json("outputs/cross_validate/mlp/best.json")
    start = "models:/digits_low@champion"
    assert transferred["parameters"] == scratch["parameters"] | {"init_from": start}
    assert (digits / "outputs/cross_validate/mlp/members/donor/predictor.json").exists()


def test_the_line_is_learnt_by_one_neuron(line: Project) -> None:
    assert line.json("outputs/metrics.json")["champion"] == "mlp"
    (line / "asked.csv").write_text("x\n6\n")
    line.run("tenfold", "predict", "asked.csv", "answered.csv")
    header, answer = (line / "answered.csv").read_text().splitlines()
    assert header == "x,prediction"
    assert float(answer.split(",")[1]) == pytest.approx(11, abs=0.1)
