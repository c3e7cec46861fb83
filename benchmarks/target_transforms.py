"""What a transform of the target buys: cross-validated errors of several families with each.

Run from the project's root with any CSV, of which all columns but the target are features:
`python benchmarks/target_transforms.py housing.csv price`; `--skewed` makes a table instead, whose
prices are products of their features' effects. Every family has its default parameters.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import skew

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from tenfold import models
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.models import FitSettings
from tenfold.params import Preprocessing
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.evaluation import Evaluator, Inputs

METRICS = ["mse", "mae"]
N_FOLDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", nargs="?", type=Path)
    parser.add_argument("target", nargs="?")
    parser.add_argument("--skewed", action="store_true")
    parser.add_argument("--families", nargs="+", default=["linear", "lightgbm", "mlp"])
    parser.add_argument("--drop", nargs="+", default=[])
    parser.add_argument("--rows", type=int, default=5_000, help="at most, drawn at random")
    asked = parser.parse_args()
    frame = skewed() if asked.skewed else pd.read_csv(asked.table).drop(columns=asked.drop)
    data = dataset(frame, "price" if asked.skewed else asked.target, asked.rows)
    print(f"{len(data.y)} rows, skewness {float(skew(data.y)):.1f}")
    for name in asked.families:
        for transform, scores in compare(name, data).items():
            print(f"  {name:12} {transform:10}" + "".join(f"{own:>24}" for own in scores))


def skewed(n: int = 1_500) -> pd.DataFrame:
    """Prices that multiply: area, quality and place, and an error in per cent."""
    rng = np.random.default_rng(0)
    area, age = rng.lognormal(7.3, 0.35, n), rng.uniform(0, 100, n)
    quality, place = rng.integers(1, 11, n), rng.choice(list("abcdefgh"), n)
    worth = dict(zip("abcdefgh", rng.normal(0, 0.3, 8), strict=True))
    log_price = 0.8 * np.log(area) + 0.12 * quality - 0.004 * age + 5
    log_price += np.array([worth[own] for own in place]) + rng.normal(0, 0.15, n)
    noise = {f"noise_{i}": rng.normal(size=n) for i in range(4)}
    return pd.DataFrame(
        {"area": area, "age": age, "quality": quality, "place": place, **noise}
        | {"price": np.exp(log_price) / 1000}
    )


def dataset(frame: pd.DataFrame, target: str, rows: int) -> Dataset:
    frame = frame.sample(min(rows, len(frame)), random_state=0).reset_index(drop=True)
    numeric = [str(name) for name in frame.select_dtypes("number") if name != target]
    categorical = [str(name) for name in frame if name not in (*numeric, target)]
    schema = Schema("regression", target, tuple(numeric), tuple(categorical), (), ("",))
    fold = np.random.default_rng(0).permutation(np.arange(len(frame)) % N_FOLDS)
    y = frame[target].to_numpy(dtype=np.float64)
    return Dataset(schema, schema.frame(frame), y, np.arange(len(frame)), Folds.of(fold))


def compare(name: str, data: Dataset) -> dict[str, list[str]]:
    """Mean and standard error over the folds of every metric, by transform."""
    declared = Preprocessing.model_validate({"target": {"transform": "auto"}})
    settings = FitSettings("regression", (), {"max_epochs": 60, "accelerator": "cpu"})
    inputs = Inputs(data, declared, None, 0)
    evaluate = Evaluator(models.family(name), inputs, settings, METRICS, 0)
    found: dict[str, list[str]] = {}
    for transform in evaluate.transforms:
        [one] = evaluate([(0, models.parameters(name)())], transform)
        if not isinstance(one, Evaluation):
            found[transform] = [str(one)]
            continue
        folds = {metric: [own[metric] for own in one.folds] for metric in METRICS}
        found[transform] = [
            f"{metric} {np.mean(own):.5g} ± {np.std(own, ddof=1) / np.sqrt(len(own)):.2g}"
            for metric, own in folds.items()
        ]
    return found


if __name__ == "__main__":
    main()
