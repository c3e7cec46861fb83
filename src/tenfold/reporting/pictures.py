"""The PNGs of each candidate, for MLflow, and of rows that are pictures, for the report too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tenfold import runtime
from tenfold.dataset import Schema
from tenfold.metrics import Array
from tenfold.params import Params, picture
from tenfold.reporting.curves import Candidates
from tenfold.reporting.prediction_curves import read_oof, roc_curve
from tenfold.selection.testing import ChampionTest

# Images in one figure, unless there are more classes.
MAX_IMAGES = 15
RECOGNISED = "recognised.png"


def write(folder: Path, candidates: Candidates, tested: ChampionTest, experiment: Params) -> None:
    """Draw a folder of pictures for each candidate.

    Args:
        folder: that holds one of each.
        candidates: with their out-of-fold predictions.
        tested: the champion on the test rows.
        experiment: params.yaml.
    """
    rows, schema = tested.rows, tested.rows.schema
    for candidate, results in candidates.scored.items():
        draw_family(folder / candidate, schema, results, candidates.board.metric)
    shape = picture(experiment, len(schema.features))
    if shape and schema.classes and not (schema.categorical or schema.dates):
        path = folder / tested.family / RECOGNISED
        draw_recognised(path, schema, rows.X, shape, rows.y, tested.prediction)


def draw_family(folder: Path, schema: Schema, results: Path, metric: str) -> list[Path]:
    """Draw one family's out-of-fold predictions, fold scores and learning curve."""
    oof = read_oof(results)
    history = pd.read_csv(results / "history.csv")
    scores = runtime.read_json(results / "scores.json")[metric]["folds"]
    if schema.classes:
        drawn = [_draw_roc(folder, schema, oof), _draw_confusion(folder, schema, oof)]
    else:
        drawn = [_draw_predicted(folder, schema, oof)]
    drawn.append(_draw_folds(folder, scores, metric))
    if len(history):
        drawn.append(_draw_learning_curve(folder, history))
    return drawn


def draw_recognised(
    path: Path,
    schema: Schema,
    rows: pd.DataFrame,
    shape: Sequence[int],
    true: NDArray[np.generic],
    prediction: Array,
) -> None:
    """Draw rows that are images, each with its true and its predicted class.

    One of every class, then the wrong predictions, the most confident first.

    Args:
        path: of the PNG.
        schema: the columns and classes.
        rows: the features (n, columns).
        shape: of an image, [channels, height, width].
        true: class codes (n,).
        prediction: class probabilities (n, C).
    """
    codes, guessed = true.astype(np.int64), prediction.argmax(axis=1)
    wrong = np.flatnonzero(guessed != codes)
    most_confident = wrong[np.argsort(-prediction[wrong].max(axis=1), kind="stable")]
    chosen = [int(np.argmax(codes == code)) for code in np.unique(codes)]
    chosen += [row for row in most_confident.tolist() if row not in chosen]
    chosen = chosen[: max(MAX_IMAGES, len(schema.classes))]
    pixels = rows[list(schema.numeric)].to_numpy(dtype=np.float64).reshape(-1, *shape)
    figure, grid = _grid(len(chosen))
    for axes, row in zip(grid, chosen, strict=False):
        picture = np.moveaxis(pixels[row], 0, -1)
        axes.imshow(picture if shape[0] == 3 else picture[..., 0], cmap="gray_r")
        actual, found = schema.classes[codes[row]], schema.classes[guessed[row]]
        color = "black" if actual == found else "tab:red"
        axes.set_title(f"{actual} recognised as {found}", fontsize=8, color=color)
    _save(figure, path)


def _grid(count: int) -> tuple[Any, list[Any]]:
    """Axes without ticks for `count` small images, five in a line."""
    from matplotlib.figure import Figure

    lines = -(-count // 5)
    figure = Figure(figsize=(8, 1.7 * lines), layout="constrained")
    grid = figure.subplots(lines, 5, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    return figure, list(grid.flat)


def _draw_roc(folder: Path, schema: Schema, oof: pd.DataFrame) -> Path:
    figure, axes = _axes("false positive rate", "true positive rate")
    axes.plot(*roc_curve(schema, oof))
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", linewidth=1)
    return _save(figure, folder / "roc.png")


def _draw_confusion(folder: Path, schema: Schema, oof: pd.DataFrame) -> Path:
    labels = [str(label) for label in schema.classes]
    columns = [f"probability_{label}" for label in schema.classes]
    guessed = np.array(labels)[oof[columns].to_numpy().argmax(axis=1)]
    counts = pd.crosstab(oof["true"].astype(str), guessed).reindex(
        index=labels, columns=labels, fill_value=0
    )
    figure, axes = _axes("predicted", "actual")
    axes.imshow(counts, cmap="Blues")
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(labels)), labels)
    cells = counts.to_numpy(dtype=np.int64)
    darkest = cells.max()
    for (row, column), count in np.ndenumerate(cells):
        color = "white" if count > darkest / 2 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=color)
    return _save(figure, folder / "confusion.png")


def _draw_predicted(folder: Path, schema: Schema, oof: pd.DataFrame) -> Path:
    figure, axes = _axes(f"actual {schema.target}", f"predicted {schema.target}")
    axes.scatter(oof["true"], oof["prediction"], s=4, alpha=0.4, linewidths=0)
    ends = [oof["true"].min(), oof["true"].max()]
    axes.plot(ends, ends, color="0.7", linestyle="--", linewidth=1)
    return _save(figure, folder / "predicted.png")


def _draw_folds(folder: Path, scores: Sequence[float], metric: str) -> Path:
    figure, axes = _axes("fold", metric)
    axes.plot(range(len(scores)), scores, "o")
    axes.axhline(float(np.mean(scores)), color="0.7", linestyle="--", linewidth=1)
    return _save(figure, folder / "fold_scores.png")


def _draw_learning_curve(folder: Path, history: pd.DataFrame) -> Path:
    figure, axes = _axes("epoch", "loss, mean over the folds")
    for name in ("train_loss", "val_loss"):
        axes.plot(history["epoch"], history[name], label=name)
    axes.legend()
    return _save(figure, folder / "learning_curve.png")


def _axes(x_label: str, y_label: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure, axes


def _save(figure: Any, path: Path) -> Path:
    """Save a PNG without date and version, so that equal data give equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100, metadata={"Software": None})
    return path
