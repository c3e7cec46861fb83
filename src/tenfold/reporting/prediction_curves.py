"""Curves of out-of-fold predictions: ROC, precision and recall, calibration, residuals."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tenfold.dataset import Schema
from tenfold.dataset.folds import FOLD, ROW
from tenfold.metrics import Array
from tenfold.selection.comparison import CONFIDENCE
from tenfold.selection.postprocessing.reliability import reliability, said_and_true

Rows = list[dict[str, Any]]
# Points of a curve: more are drawn on top of each other.
MAX_POINTS = 200
# Points of a cloud; the table of test predictions has all.
MAX_CLOUD = 2000
_GRID = np.linspace(0, 1, MAX_POINTS + 1)


def of_predictions(
    schema: Schema, oof: pd.DataFrame, positive: int | None = None
) -> dict[str, Rows]:
    """The curves of classes: ROC, precision and recall of two, calibration."""
    if not schema.classes:
        return {}
    found = {
        "roc": _points(("fpr", "tpr"), *thinned(*roc_curve(schema, oof))),
        "calibration": calibration(*_said_and_true(schema, oof, positive)),
    }
    if len(schema.classes) == 2:
        found["precision_recall"] = _points(
            ("recall", "precision"), *thinned(*precision_recall(schema, oof, positive))
        )
    return found


def read_oof(results: Path) -> pd.DataFrame:
    """A family's out-of-fold predictions, of a row that is validated repeatedly the mean."""
    oof = pd.read_parquet(results / "oof.parquet")
    if not oof[ROW].duplicated().any():
        return oof
    predicted = oof.columns.difference([ROW, FOLD, "true"], sort=False)
    return oof.groupby([ROW, "true"], as_index=False, sort=False)[list(predicted)].mean()


def roc_curve(schema: Schema, oof: pd.DataFrame) -> tuple[Array, Array]:
    """False and true positive rates of out-of-fold predictions.

    Of more than two classes: the mean over classes that were validated, each against the rest, at
    equal false positive rates.
    """
    from sklearn.metrics import roc_curve as curve

    if len(schema.classes) == 2:
        positive = schema.classes[1]
        fpr, tpr, _ = curve(oof["true"] == positive, oof[f"probability_{positive}"])
        return fpr, tpr
    rates = []
    # In time order, the validated rows may lack a class.
    for label in (label for label in schema.classes if (oof["true"] == label).any()):
        fpr, tpr, _ = curve(oof["true"] == label, oof[f"probability_{label}"])
        rates.append(np.interp(_GRID, fpr, tpr))
    return _GRID, np.mean(rates, axis=0)


def precision_recall(
    schema: Schema, oof: pd.DataFrame, positive: int | None = None
) -> tuple[Array, Array]:
    """Recall and precision of the positive class of two, as its threshold falls."""
    from sklearn.metrics import precision_recall_curve as curve

    label = schema.classes[1 if positive is None else positive]
    precision, recall, _ = curve(oof["true"] == label, oof[f"probability_{label}"])
    return recall[::-1], precision[::-1]


def thinned(x: Array, y: Array) -> tuple[Array, Array]:
    """At most `MAX_POINTS` of a curve's points, spread evenly over its length; both ends stay."""
    if len(x) <= MAX_POINTS:
        return x, y
    length = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    wanted = np.linspace(0, length[-1], MAX_POINTS)
    kept = np.unique([0, *np.searchsorted(length, wanted).tolist(), len(x) - 1])
    return x[kept], y[kept]


def _said_and_true(
    schema: Schema, oof: pd.DataFrame, positive: int | None
) -> tuple[Array, NDArray[np.bool_]]:
    """The probability of the positive class of two, or of the likeliest of many, and its truth."""
    probabilities = oof[[f"probability_{label}" for label in schema.classes]].to_numpy()
    return said_and_true(probabilities, schema.encode(oof["true"]), positive)


def calibration(said: Array, true: NDArray[np.bool_]) -> Rows:
    """The reliability curve: how often what is said with a probability is so.

    Bins hold equally many rows; the bounds are Wilson's (1927) 95 % interval of a share.

    Args:
        said: probabilities (n,).
        true: whether it was so (n,).
    """
    found = []
    for own in reliability(said, true):
        low, high = _wilson(own.observed, own.rows)
        found.append({**asdict(own), "low": low, "high": high})
    return found


def _wilson(share: float, n: int) -> tuple[float, float]:
    from scipy.special import ndtri

    z = float(ndtri((1 + CONFIDENCE) / 2))
    centre, scale = share + z**2 / (2 * n), 1 + z**2 / n
    half = z * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    return (centre - half) / scale, (centre + half) / scale


def residuals(oof: pd.DataFrame) -> Rows:
    """True less predicted value beside the prediction, of rows spread evenly over the table."""
    chosen = oof.iloc[np.unique(np.linspace(0, len(oof) - 1, MAX_CLOUD).astype(int))]
    differences = chosen["true"] - chosen["prediction"]
    return _points(
        ("predicted", "residual"), chosen["prediction"].to_numpy(), differences.to_numpy()
    )


def _points(names: tuple[str, str], x: Array, y: Array) -> Rows:
    pairs = zip(x.tolist(), y.tolist(), strict=True)
    return [dict(zip(names, pair, strict=True)) for pair in pairs]
