"""The works that contenders are given: a table, its folds, and how to train on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-2

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Work:
    """One cross-validation of a network of two hidden layers."""

    rows: int
    columns: int
    batch_size: int
    epochs: int = 20
    width: int = 128
    folds: int = 10
    accelerator: Literal["cpu", "gpu"] = "cpu"
    precision: Literal["32-true", "bf16-mixed"] = "32-true"

    @property
    def device(self) -> torch.device:
        """Where the networks live."""
        return torch.device("cuda" if self.accelerator == "gpu" else "cpu")


WORKS = {
    "breast_cancer-b32": Work(569, 30, 32),
    "breast_cancer-b256": Work(569, 30, 256),
    "table_20k-b32": Work(20_000, 12, 32),
    "table_20k-b256": Work(20_000, 12, 256),
}
LARGE = Work(200_000, 12, 256)
GPU_WORKS = {
    "table_200k-b256": LARGE,
    "table_200k-b256-bf16": Work(200_000, 12, 256, precision="bf16-mixed"),
}


@dataclass(frozen=True)
class Fold:
    """What one network trains on and what it is validated on: x (n, columns), y (n,)."""

    x_train: Rows
    y_train: Rows
    x_val: Rows
    y_val: Rows


@dataclass(frozen=True)
class Data:
    """A table x (rows, columns), y (rows,), the fold (rows,) that holds each row out, all cut."""

    x: Rows
    y: Rows
    fold: NDArray[np.int64]
    folds: list[Fold]


def make(work: Work) -> Data:
    """Two classes that a network can mostly tell apart, in a table of the size asked for."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(work.rows, work.columns)).astype(np.float32)
    score = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * rng.normal(size=work.rows)
    y = (score > 0).astype(np.float32)
    fold = np.random.default_rng(1).permutation(work.rows) % work.folds
    folds = [
        Fold(x[fold != k], y[fold != k], x[fold == k], y[fold == k]) for k in range(work.folds)
    ]
    return Data(x, y, fold, folds)
