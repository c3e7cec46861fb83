"""Several processes that share every batch train the same network as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project import ROOT, Project
from tests.training.differences import largest_difference

SCRIPT = """
import json

import torch

from tests.training import folds

if __name__ == "__main__":
    torch.set_num_threads(1)
    stack = folds.members("binary", 3)
    two = {**folds.FLOAT64, "devices": 2, "strategy": "ddp"}
    curves = []
    for trainer in (folds.FLOAT64, two):
        trained = folds.train(
            stack,
            "binary",
            folds.architecture_of("mlp", n_blocks=2, d_block=8, normalization="batch_norm"),
            max_epochs=3,
            class_weights="balanced",
            overlaps=folds.apart(3),
            trainer=trainer,
        )
        curves.append([[e["train_loss"], e["val_loss"]] for e in trained.history])
    print(json.dumps(curves))
"""


@pytest.mark.slow
def test_two_processes_train_what_one_does(tmp_path: Path) -> None:
    script = tmp_path / "shared.py"
    script.write_text(SCRIPT)
    printed = Project(tmp_path).run("python", str(script), env={"PYTHONPATH": str(ROOT)})
    one, two = json.loads(printed.splitlines()[-1])
    assert largest_difference([(two, one)]) < 1e-9
