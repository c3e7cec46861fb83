"""Draw the pictures of docs/training.md: Monte-Carlo dropout, and transfer learning.

Run from the project's root: `python docs/make_pictures.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold

from tenfold import models
from tenfold.models import Configuration, Diverged, FitSettings, Fitted, Fold, FoldPredictions

IMAGES = Path(__file__).parent / "images"
FAMILY = models.family("mlp")
Floats = NDArray[np.float64]


def main() -> None:
    """Draw both."""
    monte_carlo()
    transfer()


def monte_carlo() -> None:
    """A network trained on the middle of a line, asked far beyond both of its ends."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 200)
    y = np.sin(3 * x) + 0.1 * rng.normal(size=200)
    parameters = _parameters(dropout=0.1, learning_rate=0.003)
    trained = FAMILY.fit(
        parameters, x[:, None], y, 0, FitSettings("regression", trainer={"max_epochs": 200}), None
    )
    asked = np.linspace(-4, 4, 401)
    draws = trained.draws([asked[:, None]], 200, seed=0)
    mean, spread = draws.mean(axis=0), draws.std(axis=0)
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(asked, mean - 2 * spread, mean + 2 * spread, alpha=0.25, linewidth=0)
    axes.plot(asked, mean, label="mean of 200 passes, and twice its spread")
    axes.plot(x, y, ".", markersize=3, color="black", label="training rows")
    axes.set_xlabel("x")
    axes.set_ylabel("y")
    axes.legend(loc="upper left")
    figure.savefig(IMAGES / "monte_carlo_dropout.png", dpi=100, metadata={"Software": None})
    near, far = spread[np.abs(asked) < 1].mean(), spread[np.abs(asked) > 3].mean()
    print(f"spread near the data {near:.3f}, far from it {far:.3f}")


def transfer() -> None:
    """Digits 5 to 9 from 20 rows each, from scratch and from a network that knows 0 to 4.

    Ten draws of these rows train as the ten folds of a stack; all other rows validate each.
    """
    X, y = load_digits(return_X_y=True)
    X = X / 16
    known = y < 5
    pretrained = _bag(_cross_validate(_folds(X[known], y[known], 5), {"batch_size": 64}, None))
    folds = [_draw(X, y, np.random.default_rng(seed)) for seed in range(10)]
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    for label, start in (("from scratch", None), ("from digits 0 to 4", pretrained)):
        changes: dict[str, Any] = {"batch_size": 16, "patience": 60}
        if start is not None:
            changes["init_from"] = "digits_low"
        found = _cross_validate(folds, changes, start)
        loss = [row["val_loss"] for row in found.history]
        axes.plot(range(1, len(loss) + 1), loss, label=label)
        print(f"{label}: least validation loss {min(loss):.3f}")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss on all other rows, mean of ten draws")
    axes.set_yscale("log")
    axes.legend()
    figure.savefig(IMAGES / "transfer.png", dpi=100, metadata={"Software": None})


def _parameters(**changes: Any) -> Any:
    return models.parameters("mlp").model_validate(changes)


def _folds(X: Floats, y: NDArray[np.int64], n_splits: int) -> list[Fold]:
    parts = StratifiedKFold(n_splits, shuffle=True, random_state=0).split(X, y)
    return [Fold(X[train], y[train], X[val], y[val], val) for train, val in parts]


def _draw(X: Floats, y: NDArray[np.int64], rng: np.random.Generator) -> Fold:
    few = [rng.choice(np.flatnonzero(y == digit), 20, replace=False) for digit in range(5, 10)]
    train = np.concatenate(few)
    val = np.setdiff1d(np.flatnonzero(y >= 5), train)
    return Fold(X[train], y[train] - 5, X[val], y[val] - 5, val)


def _cross_validate(
    folds: list[Fold], changes: dict[str, Any], pretrained: Fitted | None
) -> FoldPredictions:
    parameters = _parameters(dropout=0.3, learning_rate=0.003, **changes)
    setting = FitSettings("multiclass", range(5), {"max_epochs": 60}, pretrained=pretrained)
    asked = [Configuration(parameters, range(len(folds)))]
    (found,) = FAMILY.predict_folds(asked, folds, setting)
    assert not isinstance(found, Diverged)
    return found


def _bag(found: FoldPredictions) -> Fitted:
    assert found.bag is not None
    return found.bag


if __name__ == "__main__":
    main()
