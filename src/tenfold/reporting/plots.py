"""The CSVs behind `dvc plots`, and the PNGs in MLflow and in the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tenfold import runtime
from tenfold.dataset import Schema
from tenfold.dataset.folds import FOLD, ROW
from tenfold.metrics import Array
from tenfold.params import Params, picture
from tenfold.reporting.outputs import Outputs
from tenfold.selection.testing import ChampionTest

Rows = list[dict[str, Any]]
# Images in one figure, unless there are more classes.
MAX_IMAGES = 15
_GRID = np.linspace(0, 1, 201)


def write(
    outputs: Outputs, tested: ChampionTest, candidates: Iterable[str], experiment: Params
) -> None:
    """Write all curves and pictures.

    Args:
        outputs: of the stages; the folder of plots gets the CSVs, and a folder of pictures for
            each candidate.
        tested: the champion.
        candidates: the families and the ensemble, if there is one.
        experiment: params.yaml.
    """
    rows, prediction = tested.rows, tested.prediction
    schema = rows.schema
    scored = {candidate: outputs.scored(candidate) for candidate in candidates}
    shape, metric = picture(experiment, len(schema.features)), experiment.metrics[0]
    with runtime.directory(outputs.folder / "plots") as folder:
        write_curves(folder, schema, scored, metric, rows.y, prediction)
        for candidate, results in scored.items():
            draw_family(folder / candidate, schema, results, metric)
        if shape and schema.classes and not (schema.categorical or schema.dates):
            path = folder / tested.family / "recognised.png"
            draw_recognised(path, schema, rows.X, shape, rows.y, prediction)


def write_curves(
    folder: Path,
    schema: Schema,
    scored: Mapping[str, Path],
    metric: str,
    test_true: NDArray[np.generic],
    test_prediction: Array,
) -> None:
    """Write every CSV that dvc.yaml plots; those of other tasks have a header and no rows.

    Args:
        folder: for the CSVs.
        schema: task and classes.
        scored: each candidate's folder of scores and out-of-fold predictions.
        metric: of the fold scores.
        test_true: the target of the test rows (n,): values or class codes.
        test_prediction: the champion's prediction of them.
    """
    roc: Rows = []
    curves: Rows = []
    folds: Rows = []
    for family, results in scored.items():
        oof = read_oof(results)
        if schema.classes:
            fpr, tpr = roc_curve(schema, oof)
            roc += [
                {"family": family, "fpr": x, "tpr": y}
                for x, y in zip(fpr.tolist(), tpr.tolist(), strict=True)
            ]
        curves += [{"family": family, **row} for row in runtime.read_rows(results / "history.csv")]
        scores = runtime.read_json(results / "scores.json")[metric]["folds"]
        folds += [{"family": family, "fold": i, "score": s} for i, s in enumerate(scores)]
    confusion: Rows = []
    predicted: Rows = []
    if schema.classes:
        labels = np.array(schema.classes)
        predicted_labels = labels[test_prediction.argmax(axis=1)]
        confusion = _pairs(labels[test_true.astype(np.int64)].tolist(), predicted_labels.tolist())
    else:
        predicted = _pairs(test_true.tolist(), test_prediction.tolist())
    runtime.write_rows(folder / "roc.csv", roc, ["family", "fpr", "tpr"])
    runtime.write_rows(
        folder / "learning_curves.csv", curves, ["family", "epoch", "train_loss", "val_loss"]
    )
    runtime.write_rows(folder / "fold_scores.csv", folds, ["family", "fold", "score"])
    runtime.write_rows(folder / "confusion.csv", confusion, ["actual", "predicted"])
    runtime.write_rows(folder / "predicted.csv", predicted, ["actual", "predicted"])


def _pairs(actual: Sequence[Any], predicted: Sequence[Any]) -> Rows:
    return [{"actual": a, "predicted": p} for a, p in zip(actual, predicted, strict=True)]


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
