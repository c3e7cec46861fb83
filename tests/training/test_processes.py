"""Several processes that share every batch train the same network as one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ROOT
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
    ran = subprocess.run(
        [sys.executable, script],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}", "PATH": "", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    one, two = json.loads(ran.stdout.splitlines()[-1])
    assert largest_difference([(two, one)]) < 1e-9
