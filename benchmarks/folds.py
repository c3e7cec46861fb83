"""Ten folds as one stack against ten Lightning fits one after another, in one run.

Run from the project's root: `python benchmarks/folds.py` (`--quick` for fewer repetitions).
Each contender trains the same network (128-128, AdamW, same epochs and batch size) on the same
ten folds. They take turns; the ratio of every turn is taken, and its median printed.
Results go to benchmarks/results/folds.json. It needs torch, Lightning and numpy.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from tenfold.training.fitting import Member, train
from tenfold.training.module import Recipe
from tenfold.training.networks import Architecture

EPOCHS = 20
WIDTH = 128
FOLDS = 10
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-2
RESULTS = Path(__file__).parent / "results" / "folds.json"
# work: rows, columns, batch size
WORKS = {
    "breast_cancer-b32": (569, 30, 32),
    "breast_cancer-b256": (569, 30, 256),
    "table_20k-b256": (20_640, 12, 256),
}

Table = tuple[NDArray[np.float32], NDArray[np.float32]]


def table(rows: int, columns: int) -> Table:
    """Two classes that a network can mostly tell apart; the size of the real table it names."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, columns)).astype(np.float32)
    score = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * rng.normal(size=rows)
    return x, (score > 0).astype(np.float32)


def members(data: Table) -> list[Member]:
    """The ten folds: each trains on nine tenths and validates on the rest."""
    x, y = data
    fold = np.random.default_rng(1).permutation(len(y)) % FOLDS
    return [Member(k, x[fold != k], y[fold != k], x[fold == k], y[fold == k]) for k in range(FOLDS)]


def tenfold(folds: list[Member], batch_size: int) -> None:
    """All folds as one stacked network under one Lightning Trainer."""
    architecture = Architecture(2, WIDTH, "relu", "auto", 0.0)
    recipe = Recipe(
        "binary_cross_entropy", "adamw", LEARNING_RATE, WEIGHT_DECAY, batch_size, EPOCHS, EPOCHS, 0
    )
    train(architecture, recipe, folds, n_outputs=1, trainer={"accelerator": "cpu", "devices": 1})


class Plain(pl.LightningModule):
    """The same network as a user of Lightning would write it."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(columns, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(),
            nn.Linear(WIDTH, 1),
        )  # fmt: skip

    def _loss(self, batch: list[Tensor]) -> Tensor:
        logits = self.network(batch[0]).squeeze(-1)
        return nn.functional.binary_cross_entropy_with_logits(logits, batch[1])

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return self._loss(batch)

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("val_loss", self._loss(batch))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            self.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
        )


def lightning_per_fold(folds: list[Member], batch_size: int) -> None:
    """One Lightning fit after another, each with its own loaders."""
    for fold in folds:
        assert fold.x_val is not None and fold.y_val is not None
        rows = [torch.from_numpy(np.asarray(part)) for part in (fold.x_train, fold.y_train)]
        val = [torch.from_numpy(np.asarray(part)) for part in (fold.x_val, fold.y_val)]
        trainer = pl.Trainer(
            max_epochs=EPOCHS, accelerator="cpu", devices=1, logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
            num_sanity_val_steps=0,
        )  # fmt: skip
        trainer.fit(
            Plain(rows[0].shape[1]),
            DataLoader(TensorDataset(*rows), batch_size=batch_size, shuffle=True),
            DataLoader(TensorDataset(*val), batch_size=4096),
        )


CONTENDERS: dict[str, Callable[[list[Member], int], None]] = {
    "tenfold": tenfold,
    "lightning_per_fold": lightning_per_fold,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 turns and the small table only")
    quick = parser.parse_args().quick
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    turns = 3 if quick else 5
    results = []
    for work, (rows, columns, batch_size) in WORKS.items():
        if quick and rows > 1000:
            continue
        folds = members(table(rows, columns))
        seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        for turn in range(turns + 1):
            for name, run in CONTENDERS.items():
                start = time.perf_counter()
                run(folds, batch_size)
                if turn:  # The first only warms up.
                    seconds[name].append(time.perf_counter() - start)
        ratios = [
            other / own
            for other, own in zip(seconds["lightning_per_fold"], seconds["tenfold"], strict=True)
        ]
        times = ", ".join(f"{name} {statistics.median(s):.2f} s" for name, s in seconds.items())
        print(f"{work}: {times}; ratio {statistics.median(ratios):.1f}", flush=True)
        results += [{"work": work, "contender": n, "seconds": s} for n, s in seconds.items()]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
