"""What the stages leave of small experiments, for the curves and the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tenfold import models, params, runtime
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import ROW
from tenfold.metrics import Task, summarise
from tenfold.params import Params
from tenfold.reporting.curves import Candidates
from tenfold.selection.comparison import Scoreboard
from tenfold.selection.testing import ChampionTest

EVIL = "<script>alert('x')</script> & \"co\""
CLASSES: dict[Task, tuple[str, ...]] = {
    "regression": (),
    "binary": ("no", EVIL),
    "multiclass": ("a", "b", EVIL),
}
METRIC: dict[Task, str] = {"regression": "mse", "binary": "auroc", "multiclass": "auroc"}
MEANS = {"dummy": 0.5, "linear": 0.8, "mlp": 0.9}


def schema(task: Task) -> Schema:
    return Schema(task, "y", ("x", f"{EVIL} column"), (), CLASSES[task], ())


def experiment(task: Task) -> Params:
    return params.parse(
        {
            "name": "housing",
            "task": task,
            "seed": 0,
            "metrics": [METRIC[task]],
            **dict.fromkeys(
                ("clean", "split", "audit", "preprocessing", "tune", "train", "trainer")
            ),
            "data": {"path": "t.csv", "target": "y"},
            "models": {
                "dummy": {},
                "linear": {"alpha": {"low": 0.01, "high": 100.0, "log": True}},
                "mlp": {"dropout": {"choices": [0.0, 0.5]}},
            },
            "select_model": {"registered_model_name": "housing"},
        },
        models,
    )


def oof(task: Task, n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    classes = CLASSES[task]
    if not classes:
        y = rng.normal(size=n)
        return pd.DataFrame({ROW: range(n), "true": y, "prediction": y + rng.normal(size=n)})
    codes = rng.integers(0, len(classes), n)
    raw = rng.random((n, len(classes))) + 0.6 * np.eye(len(classes))[codes]
    shares = raw / raw.sum(axis=1, keepdims=True)
    columns = {f"probability_{label}": shares[:, i] for i, label in enumerate(classes)}
    return pd.DataFrame({ROW: range(n), "true": np.array(classes)[codes], **columns})


def results(folder: Path, task: Task, *, epochs: int = 2) -> Path:
    """What the cross_validate stage leaves of one family."""
    folder.mkdir(parents=True)
    metric = METRIC[task]
    oof(task).to_parquet(folder / "oof.parquet")
    runtime.write_json(folder / "scores.json", {metric: {"folds": [0.5, 0.75]}})
    curve = [{"epoch": e, "train_loss": 1 / e, "val_loss": 2 / e} for e in range(1, epochs + 1)]
    runtime.write_rows(folder / "history.csv", curve, ["epoch", "train_loss", "val_loss"])
    tried = [
        {"trial": 0, "state": "complete", f"{metric}_mean": 0.7, "alpha": 1.0, "dropout": 0.5},
        {"trial": 1, "state": "complete", f"{metric}_mean": 0.8, "alpha": 0.01, "dropout": 0.0},
        {"trial": 2, "state": "failed", f"{metric}_mean": None, "alpha": 10.0, "dropout": 0.0},
    ]
    runtime.write_rows(folder / "trials.csv", tried)
    return folder


def model(folder: Path) -> Path:
    """What stage train leaves, as far as its size is asked."""
    folder.mkdir(parents=True)
    runtime.write_json(folder / "predictor.json", {"n_transformers": 3})
    (folder / "weights.bin").write_bytes(b"0" * 1_500_000)
    return folder


def candidates(tmp_path: Path, task: Task) -> Candidates:
    """Three families, the last of which is the champion."""
    cv = {
        family: summarise([{METRIC[task]: mean + fold} for fold in (-0.02, 0.0, 0.02)])
        for family, mean in MEANS.items()
    }
    return Candidates(
        Scoreboard(cv, METRIC[task], 0.5),
        "mlp",
        {
            family: results(tmp_path / family, task, epochs=2 * (family == "mlp"))
            for family in MEANS
        },
        {family: [model(tmp_path / "models" / family)] for family in MEANS},
    )


def on_test_rows(task: Task) -> ChampionTest:
    n_classes = len(CLASSES[task])
    true: Any = np.array([0, 1, 1]) if n_classes else np.array([0.5, 1.5, 2.5])
    predicted = np.eye(n_classes)[[0, 1, 0]] if n_classes else np.array([0.0, 1.0, 2.0])
    rows = Dataset(schema(task), pd.DataFrame({"x": [0.0, 1.0, 2.0]}), true, np.arange(3))
    return ChampionTest("mlp", rows, predicted, {METRIC[task]: 0.875}, {})
