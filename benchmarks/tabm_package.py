"""Family tabm beside the package `tabm` of its authors: scores and seconds on the same folds.

Run from the project's root, with the package installed (`pip install tabm`):
`python benchmarks/tabm_package.py --tables diabetes digits --k 8 --d-block 128`. Both get the same
scaled columns, batch size, rates and patience, and one thread. The package has no training loop:
here it has the one of its documentation, a fold after the other, each stopped by its own rows.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler
from torch.nn import functional

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from tenfold import models
from tenfold.metrics import Task
from tenfold.models import Configuration, FitSettings, Fold, FoldPredictions
from tenfold.training import batches
from tenfold.training.threads import flushed_denormals

TASKS: dict[str, Task] = {
    "diabetes": "regression",
    "breast_cancer": "binary",
    "digits": "multiclass",
}
N_FOLDS = 5
MAX_EPOCHS = 200
Values = NDArray[Any]


@dataclass(frozen=True)
class Table:
    """The folds of 80 % of the rows, and the others, scaled as each fold is."""

    task: Task
    n_classes: int
    folds: list[Fold]
    X_test: list[Values]
    y_test: Values

    def score(self, y: Values, predicted: Values) -> float:
        """Mean squared error, or log loss."""
        if self.task == "regression":
            return float(mean_squared_error(y, predicted))
        return float(log_loss(y, predicted, labels=range(self.n_classes)))


@dataclass(frozen=True)
class Result:
    """Predictions of each fold's validation rows, and of the test rows by all folds' models."""

    out_of_fold: list[Values]
    test: Values
    epochs: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--k", type=int, default=16)
    parser.add_argument("--d-block", type=int, default=256)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    contenders: dict[str, Callable[..., Result]] = {"tenfold": tenfold, "package": package}
    for name in asked.tables:
        data = table(name)
        for contender, run in contenders.items():
            start = time.process_time()
            found = run(data, asked.k, asked.d_block)
            seconds = time.process_time() - start
            y = np.concatenate([fold.y_val for fold in data.folds])
            validated = data.score(y, np.concatenate(found.out_of_fold))
            print(
                f"{name:14} {contender:8} cv {validated:10.5g}  test "
                f"{data.score(data.y_test, found.test):10.5g}  {seconds:6.1f} s of CPU, "
                f"{seconds / found.epochs:.3f} an epoch of a fold",
                flush=True,
            )


def table(name: str) -> Table:
    """One of scikit-learn's own tables."""
    task = TASKS[name]
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    classes = None if task == "regression" else y
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=0, stratify=classes)
    kind = KFold if task == "regression" else StratifiedKFold
    folds, tests = [], []
    for train, val in kind(N_FOLDS, shuffle=True, random_state=0).split(X, y):
        scaler = StandardScaler().fit(X[train])
        parts = [scaler.transform(part) for part in (X[train], X[val], X_test)]
        folds.append(Fold(parts[0], y[train], parts[1], y[val], val))
        tests.append(parts[2])
    return Table(task, 0 if classes is None else len(np.unique(y)), folds, tests, y_test)


def tenfold(data: Table, k: int, d_block: int) -> Result:
    """All folds as one stack."""
    family, schema = models.family("tabm"), models.parameters("tabm")
    asked = Configuration(schema.model_validate({"k": k, "d_block": d_block}), range(N_FOLDS))
    classes = tuple(map(str, range(data.n_classes)))
    settings = FitSettings(data.task, classes, {"max_epochs": MAX_EPOCHS, "accelerator": "cpu"})
    [found] = family.predict_folds([asked], data.folds, settings)
    assert isinstance(found, FoldPredictions)
    assert found.bag is not None
    epochs = N_FOLDS * len(found.history)
    return Result(found.predictions, found.bag.predict(data.X_test), epochs)


def package(data: Table, k: int, d_block: int) -> Result:
    """A fold after the other."""
    out_of_fold, tests, epochs = [], [], 0
    with flushed_denormals():
        for number, (fold, X_test) in enumerate(zip(data.folds, data.X_test, strict=True)):
            torch.manual_seed(number)
            predict, run = fit(data, fold, k, d_block)
            out_of_fold.append(predict(fold.X_val))
            tests.append(predict(X_test))
            epochs += run
    return Result(out_of_fold, np.mean(tests, axis=0), epochs)


def fit(data: Table, fold: Fold, k: int, d_block: int) -> tuple[Callable[[Values], Values], int]:
    """The function that predicts with the weights of the best epoch, and the epochs run."""
    regression = data.task == "regression"
    own: Values = fold.y_train
    mean, sd = (own.mean(), own.std()) if regression else (0.0, 1.0)
    goal = torch.tensor((own - mean) / sd if regression else own)
    X, n_rows = torch.tensor(fold.X_train, dtype=torch.float32), len(goal)
    network: Any = importlib.import_module("tabm").TabM.make(
        n_num_features=X.shape[1], d_out=data.n_classes or 1, k=k, d_block=d_block
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=3e-4)

    @torch.inference_mode()
    def predict(rows: Values) -> Values:
        network.eval()
        output = network(torch.tensor(rows, dtype=torch.float32)).double()
        heads = output[..., 0] * sd + mean if regression else output.softmax(-1)
        predicted: Values = heads.mean(1).numpy()
        return predicted

    best, best_epoch, kept = np.inf, 0, {}
    for epoch in range(1, MAX_EPOCHS + 1):
        network.train()
        for rows in torch.randperm(n_rows).tensor_split(batches.steps_per_epoch([n_rows], "auto")):
            output, y = network(X[rows]).flatten(0, 1), goal[rows].repeat_interleave(k)
            if regression:
                loss = functional.mse_loss(output[:, 0], y.float())
            else:
                loss = functional.cross_entropy(output, y)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
        if (score := data.score(fold.y_val, predict(fold.X_val))) < best:
            best, best_epoch = score, epoch
            kept = {name: value.clone() for name, value in network.state_dict().items()}
        if epoch - best_epoch == 16:
            break
    network.load_state_dict(kept)
    return predict, epoch


if __name__ == "__main__":
    main()
