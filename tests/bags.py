"""A small table with numbers and categories, and what its folds' networks come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tenfold import models
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.models import FitSettings
from tenfold.models.shared.predictor import Predictor
from tenfold.params import Preprocessing
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.evaluation import Evaluator, Inputs

N_FOLDS = 3
CLASSES = {"regression": (), "binary": ("no", "yes")}
METRIC = {"regression": "mse", "binary": "log_loss"}


def table(n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = rng.normal(10, 3, size=n)
    size[::9] = np.nan
    return pd.DataFrame(
        {
            "size": size,
            "weight": rng.normal(size=n),
            "colour": rng.choice(["red", "green", "blue"], size=n),
        }
    )


def schema(task: Any = "regression") -> Schema:
    return Schema(task, "y", ("size", "weight"), ("colour",), CLASSES[task], ("", "NA"))


def dataset(task: Any = "regression", n: int = 60, seed: int = 0) -> Dataset:
    """Folds of unequal size; only the first two train on the one row that is black."""
    raw = table(n, seed)
    fold = np.arange(n) % N_FOLDS
    fold[0] = 1
    raw.loc[5, "colour"] = "black"
    target = raw["weight"] + (raw["colour"] == "red")
    y = target.to_numpy() if task == "regression" else (target > 0.4).to_numpy(dtype=np.int64)
    return Dataset(schema(task), schema(task).frame(raw), y, np.arange(n), Folds.of(fold))


@dataclass(frozen=True)
class Bag:
    """What stages cross_validate and train make of one configuration."""

    predictor: Predictor
    evaluation: Evaluation
    data: Dataset

    @property
    def model(self) -> Any:
        return self.predictor.model


def setting(task: Any = "regression", **trainer: Any) -> FitSettings:
    options = {"max_epochs": 6, "accelerator": "cpu", "precision": "64-true"} | trainer
    return FitSettings(task, CLASSES[task], options)


def evaluator(
    family: str, data: Dataset, pretrained: Predictor | None = None, **trainer: Any
) -> Evaluator:
    task = data.schema.task
    inputs = Inputs(data, Preprocessing(), pretrained)
    chosen = setting(task, **trainer)
    return Evaluator(models.family(family), inputs, chosen, [METRIC[task]], seed=7)


def parameters(family: str, **declared: Any) -> Any:
    small = {"d_block": 8, "learning_rate": 0.02} if family in ("mlp", "resnet") else {}
    return models.parameters(family).model_validate(small | declared)


def bag(
    family: str = "mlp",
    task: Any = "regression",
    *,
    data: Dataset | None = None,
    pretrained: Predictor | None = None,
    **declared: Any,
) -> Bag:
    own = data or dataset(task)
    asked, evaluate = parameters(family, **declared), evaluator(family, own, pretrained)
    [found] = evaluate([(0, asked)])
    assert isinstance(found, Evaluation)
    assert found.bag is not None
    transformers, _ = evaluate.inputs.folds(asked)
    return Bag(Predictor(family, own.schema, transformers, found.bag), found, own)
