"""The benchmarks compare like with like and write what they say; no test asserts a duration."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import contenders, works
from tests.project import ROOT

# Enough rows that all learn, few enough to do so at once.
WORK = works.Work(rows=2_000, columns=4, batch_size=64, epochs=8, width=64, folds=4)


def test_every_row_is_held_out_by_one_fold() -> None:
    data = works.make(WORK)
    assert sum(len(fold.y_val) for fold in data.folds) == WORK.rows
    for fold in data.folds:
        assert len(fold.y_train) + len(fold.y_val) == WORK.rows


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lightning_per_fold", "bare_stacked"])
def test_others_learn_as_much_as_tenfold(name: str) -> None:
    contenders.hush()
    data = works.make(WORK)
    own, other = (contenders.CONTENDERS[each](WORK, data) for each in ("tenfold", name))
    assert own < 0.6
    assert other == pytest.approx(own, rel=0.1)


@pytest.mark.slow
def test_results_name_work_contender_and_seconds(tmp_path: Path) -> None:
    output = tmp_path / "folds.json"
    options = ["--works", "breast_cancer-b256", "--turns", "2", "--output", str(output)]
    chosen = ["--contenders", "tenfold", "bare_stacked"]
    program = [sys.executable, "benchmarks/folds.py", *options, *chosen]
    printed = subprocess.run(program, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    results = json.loads(output.read_text(encoding="utf-8"))
    assert [(r["work"], r["contender"]) for r in results] == [
        ("breast_cancer-b256", "tenfold"),
        ("breast_cancer-b256", "bare_stacked"),
    ]
    for result in results:
        assert set(result) == {"work", "contender", "seconds"}
        assert len(result["seconds"]) == 2
        assert result["contender"] in printed


def test_an_absent_library_is_left_out_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert contenders.installed() == ["tenfold", "lightning_per_fold", "bare_stacked"]
    assert capsys.readouterr().out.splitlines() == [
        "skorch is not installed: left out",
        "pytabkit is not installed: left out",
    ]


@pytest.mark.slow
def test_the_benchmark_of_a_gpu_runs_its_smallest_works_without_one(tmp_path: Path) -> None:
    output = tmp_path / "gpu.json"
    program = ["bash", "benchmarks/gpu.sh", "--accelerator", "cpu", "--tiny", "--output"]
    chosen = ["--only", "speed/breast_cancer-b32", "differences", "trials", "study/5", "adult/mlp"]
    subprocess.run(
        [*program, str(output), *chosen],
        cwd=ROOT,
        env={**os.environ, "PYTHON": sys.executable},
        check=True,
        capture_output=True,
    )
    results = json.loads(output.read_text(encoding="utf-8"))
    assert results["machine"]["device"] == "a processor"
    speeds = [own for name, own in results.items() if name.startswith("speed/")]
    assert len(speeds) == 5
    assert all(set(own) == {"seconds", "first", "loss"} for own in speeds)
    assert results["differences"]["largest"] < 1e-12
    assert results["trials alone"] < 1e-12
    assert results["study/5 at once"]["trials"] == 4
    assert results["adult/mlp"]["epochs"] == 2
