"""A table of the size of `adult`, 6 numbers and 8 categories, and four networks for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import captured
from benchmarks.captured import Choice
from tenfold.training.embeddings import InputColumns
from tenfold.training.fitting import Member
from tenfold.training.settings import EmbeddingSettings

# Rows, and the categories of each column.
ROWS, CATEGORIES = 39_000, (9, 16, 7, 15, 6, 5, 2, 42)
FOLDS = 5

EMBEDDED = EmbeddingSettings(numeric="piecewise_linear")
LEARNT: dict[str, Any] = {"batch_size": 256, "patience": 10}
# Each with its family's defaults and the epochs that it is run.
FAMILIES: dict[str, tuple[Choice, int]] = {
    "mlp": (
        Choice(
            LEARNT,
            task="binary",
            architecture={"embeddings": EMBEDDED, "n_blocks": 2, "d_block": 128},
        ),
        100,
    ),
    "resnet": (
        Choice(
            LEARNT,
            kind="resnet",
            task="binary",
            architecture={
                "embeddings": EMBEDDED,
                "n_blocks": 2,
                "d_block": 128,
                "normalization": "batch_norm",
            },
        ),
        100,
    ),
    "realmlp": (
        Choice(
            {
                "batch_size": 256,
                "drop_last": True,
                "beta2": 0.95,
                "schedule": "coslog4",
                "weight_decay_schedule": "flat_cosine",
                "dropout_schedule": "flat_cosine",
                "label_smoothing": 0.1,
                "best_epoch_by": "error",
                "patience": None,
            },
            kind="realmlp",
            task="binary",
            architecture={
                "activation": "selu",
                "n_blocks": 3,
                "d_block": 256,
                "own": {
                    **captured.REALMLP,
                    "task": "binary",
                    "max_one_hot": 8,
                    "d_categorical": 8,
                    "d_numeric": 4,
                    "n_frequencies": 16,
                },
            },
        ),
        64,
    ),
    "tabm": (
        Choice(
            {"batch_size": "auto", "patience": 16, "gradient_clip_val": 1.0},
            kind="tabm",
            task="binary",
            architecture={"n_blocks": 3, "d_block": 256, "own": {"k": 16}},
        ),
        100,
    ),
}


def make(rows: int) -> list[Member]:
    """Folds of numbers and of codes of categories, which are learned or used as they are."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(rows, 6))
    codes = [rng.integers(0, count, size=rows) for count in CATEGORIES]
    x = np.column_stack([numbers, *codes]).astype(np.float32)
    effects = [rng.normal(size=count) for count in CATEGORIES]
    score = numbers[:, 0] + sum(own[code] for own, code in zip(effects, codes, strict=True)) / 3
    y = (score + rng.normal(size=rows) > 1).astype(np.float32)
    fold = rng.permutation(rows) % FOLDS
    columns = InputColumns(x.shape[1], 6, CATEGORIES)
    return [
        Member(k, x[fold != k], y[fold != k], x[fold == k], y[fold == k], columns=columns)
        for k in range(FOLDS)
    ]
