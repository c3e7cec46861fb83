"""The PNGs of each candidate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.metrics import Task
from tenfold.reporting import pictures
from tests.reporting.candidates import CLASSES, METRIC, results, schema


@pytest.mark.slow
@pytest.mark.parametrize("task", CLASSES)
def test_two_drawings_of_the_same_results_are_the_same_bytes(task: Task, tmp_path: Path) -> None:
    found = results(tmp_path / "mlp", task)
    one, two = (
        pictures.draw_family(tmp_path / name, schema(task), found, METRIC[task])
        for name in ("1", "2")
    )
    expected = ["roc", "confusion"] if CLASSES[task] else ["predicted"]
    assert [path.stem for path in one] == [*expected, "fold_scores", "learning_curve"]
    for first, second in zip(one, two, strict=True):
        assert first.read_bytes() == second.read_bytes()
        assert first.read_bytes().startswith(b"\x89PNG")
        assert b"Software" not in first.read_bytes()


def test_a_family_without_epochs_has_no_learning_curve(tmp_path: Path) -> None:
    found = results(tmp_path / "linear", "regression", epochs=0)
    drawn = pictures.draw_family(tmp_path / "out", schema("regression"), found, "mse")
    assert [path.stem for path in drawn] == ["predicted", "fold_scores"]
