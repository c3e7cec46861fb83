"""Every experiment in examples/, from its table to its champion."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.conftest import ROOT, Project

SMALL = {
    "tune": {"n_trials": 1, "generation_size": 1},
    "split": {"n_splits": 3},
    "trainer": {"max_epochs": 3},
}


def run_example(project: Callable[..., Project], name: str) -> Project:
    example = project()
    shutil.copy2(example / f"examples/{name}.yaml", example / "params.yaml")
    example.change(**SMALL)
    example.repro()
    return example


def test_every_example_has_a_test_here() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.yaml")} == {
        "diabetes",
        "digits",
        "line",
    }


def test_diabetes_is_a_regression(project: Callable[..., Project]) -> None:
    diabetes = run_example(project, "diabetes")
    results = diabetes.json("outputs/metrics.json")
    assert set(results["test"]) == {"mse", "mae", "r2"}
    assert results["test"]["mse"] > results["test"]["mae"] > 0
    assert set(results["cv"]) == set(diabetes.params()["models"])
    means = {family: scores["mse"]["mean"] for family, scores in results["cv"].items()}
    assert results["champion"] == min(means, key=lambda family: means[family])
    assert results["test"]["mse"] < means["dummy"]


def test_digits_has_ten_classes(project: Callable[..., Project]) -> None:
    digits = run_example(project, "digits")
    assert digits.json("outputs/split/report.json")["classes"] == list(range(10))
    results = digits.json("outputs/metrics.json")
    assert results["cv"]["dummy"]["auroc"]["mean"] == pytest.approx(0.5)
    assert results["test"]["auroc"] > 0.9
    digits.run("tenfold", "predict", "examples/digits.csv", "scored.csv")
    header, first = (digits / "scored.csv").read_text().splitlines()[:2]
    probabilities = [f"probability_{digit}" for digit in range(10)]
    assert header.split(",")[-11:] == ["prediction", *probabilities]
    assert sum(float(cell) for cell in first.split(",")[-10:]) == pytest.approx(1, abs=1e-5)
    assert first.split(",")[-11] in {str(digit) for digit in range(10)}


def test_the_line_is_learnt_by_one_neuron(line: Project) -> None:
    assert line.json("outputs/metrics.json")["champion"] == "mlp"
    (line / "asked.csv").write_text("x\n6\n")
    line.run("tenfold", "predict", "asked.csv", "answered.csv")
    header, answer = (line / "answered.csv").read_text().splitlines()
    assert header == "x,prediction"
    assert float(answer.split(",")[1]) == pytest.approx(11, abs=0.1)
