"""A small table with every kind of column, each missing somewhere or constant in some fold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tenfold import models
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.models import FitSettings
from tenfold.params import Preprocessing
from tenfold.tuning.evaluation import Evaluator, Inputs

N = 60
CLASSES: dict[str, tuple[str, ...]] = {
    "regression": (),
    "binary": ("no", "yes"),
    "multiclass": ("low", "mid", "high"),
}
METRIC = {"regression": "mse", "binary": "log_loss", "multiclass": "log_loss"}

DECLARED = Preprocessing.model_validate(
    {
        "numeric": {"indicator": True, "scale": "quantile"},
        "categorical": {"encode": "target"},
        "dates": {"indicator": True},
        "columns": {
            "weight": {"impute": "constant", "fill_value": -1.0, "scale": "none"},
            "colour": {"encode": "one_hot", "min_frequency": 3},
            "town": {"max_categories": 5},
        },
    }
)


def table(n: int = N, seed: int = 0) -> pd.DataFrame:
    """`lonely` has a value in the first third alone; `flat` is constant outside of it."""
    rng = np.random.default_rng(seed)
    first = np.arange(n) % 3 == 0
    when = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 20_000, n), unit="h")
    return pd.DataFrame(
        {
            "size": np.where(np.arange(n) % 7 == 0, np.nan, rng.normal(10, 3, n)),
            "weight": np.where(np.arange(n) % 5 == 0, np.nan, rng.normal(size=n)),
            "lonely": np.where(first, rng.normal(size=n), np.nan),
            "flat": np.where(first, rng.normal(size=n), 2.0),
            "colour": rng.choice(np.array(["red", "green", "blue", None], dtype=object), n),
            "town": rng.integers(12, size=n).astype(str).astype(object),
            "when": when.as_unit("us").where(np.arange(n) % 11 > 0),
            "seen": pd.Series(pd.Timestamp("2024-02-29T12:00").as_unit("us"), range(n)).where(
                first
            ),
        }
    )


def schema(task: Any) -> Schema:
    numeric = ("size", "weight", "lonely", "flat")
    dates = ("when", "seen")
    return Schema(task, "y", numeric, ("colour", "town"), CLASSES[task], ("", "NA"), dates)


def dataset(task: Any) -> Dataset:
    raw = table()
    value = raw["weight"].fillna(0) + (raw["colour"] == "red") + raw["when"].dt.month.fillna(6) / 6
    if task == "regression":
        y: NDArray[np.generic] = np.array(value, dtype=np.float64)
    else:
        y = np.array(pd.qcut(value, len(CLASSES[task]), labels=False), dtype=np.int64)
    return Dataset(
        schema(task), schema(task).frame(raw), y, np.arange(N), Folds.of(np.arange(N) % 3)
    )


def setting(task: Any) -> FitSettings:
    return FitSettings(task, CLASSES[task], {"max_epochs": 3, "accelerator": "cpu"})


def evaluator(family: str, task: Any, declared: Preprocessing = DECLARED) -> Evaluator:
    inputs = Inputs(dataset(task), declared, seed=7)
    return Evaluator(models.family(family), inputs, setting(task), [METRIC[task]], seed=7)


def parameters(family: str, **declared: Any) -> Any:
    small: dict[str, Any] = {
        "mlp": {"d_block": 8},
        "resnet": {"d_block": 8},
        "tabm": {"d_block": 8, "k": 3, "n_blocks": 2},
        "random_forest": {"n_estimators": 5},
        "extra_trees": {"n_estimators": 5},
        "knn": {},
        "hist_gradient_boosting": {"max_iter": 5},
        "catboost": {"n_estimators": 20, "depth": 3},
        "lightgbm": {"n_estimators": 20, "learning_rate": 0.2},
    }
    return models.parameters(family).model_validate(small.get(family, {}) | declared)
