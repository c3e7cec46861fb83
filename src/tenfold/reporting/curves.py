"""The CSVs that `dvc plots` and the report draw: every curve once, of all candidates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tenfold import runtime
from tenfold.inspection import Inspection
from tenfold.params import ENSEMBLE, Params
from tenfold.postprocessing import Postprocessing
from tenfold.reporting import inspection_rows, prediction_curves, trial_axes
from tenfold.reporting.outputs import Outputs
from tenfold.selection.comparison import Scoreboard, mean_error_width, possible
from tenfold.selection.postprocessing import Finished
from tenfold.selection.postprocessing.reliability import said_and_true
from tenfold.selection.testing import ChampionTest
from tenfold.tuning import kept

Rows = list[dict[str, Any]]
# What follows the champion's name where its probabilities are calibrated.
CALIBRATED = ", calibrated"
# What was found of the champion, in words.
INSPECTION = "inspection.json"
# DVC's page holds the data within <script>, which such text would end or change. A word joiner
# behind the bracket is invisible, and makes it plain text.
_TAG = re.compile(r"<(?=[!/?a-zA-Z])")

# file: its columns; one that does not fit the task has a header and no rows.
COLUMNS: dict[str, tuple[str, ...]] = {
    "families": ("family", "role", "mean", "low", "high", "megabytes", "models"),
    "roc": ("family", "fpr", "tpr"),
    "precision_recall": ("family", "recall", "precision"),
    "calibration": ("family", "predicted", "observed", "low", "high", "rows"),
    "confusion": ("actual", "predicted"),
    "predicted": ("actual", "predicted"),
    "residuals": ("predicted", "residual"),
    "learning_curves": ("family", "epoch", "train_loss", "val_loss"),
    "fold_scores": ("family", "fold", "score"),
    "trials": ("family", "trial", "parameter", "place", "value", "score"),
    "importance": ("column", "mean", "low", "high"),
    "partial_dependence": ("column", "kind", "of", "value", "mean", "low", "high"),
    "segments": ("description", "rows", "error", "low", "high", "overall"),
    "suspect_rows": ("row", "given"),
}


@dataclass(frozen=True)
class Candidates:
    """The families and the ensemble, if there is one, with all that is known of their scores.

    Attributes:
        board: their scores on the folds.
        champion: the chosen one.
        scored: each candidate's folder of out-of-fold predictions.
        models: each candidate's folders of models.
    """

    board: Scoreboard
    champion: str
    scored: Mapping[str, Path]
    models: Mapping[str, Sequence[Path]]

    @classmethod
    def of(cls, board: Scoreboard, champion: str, outputs: Outputs) -> Candidates:
        """The candidates of a scoreboard, with the folders of the stages."""
        return cls(
            board,
            champion,
            {name: outputs.scored(name) for name in board.cv},
            {name: model_folders(outputs, name) for name in board.cv},
        )


def model_folders(outputs: Outputs, candidate: str) -> list[Path]:
    """The folders of the models that a family or an ensemble is made of, as they were trained."""
    if candidate != ENSEMBLE:
        return [outputs.train / candidate / "model"]
    return [
        outputs.train / one["family"] / found[one["runner_up"]].place / "model"
        for one in runtime.read_json(outputs.ensemble / "weights.json")["members"]
        if (found := kept.read(outputs.cross_validate / one["family"]))
    ]


def write(
    folder: Path,
    candidates: Candidates,
    tested: ChampionTest,
    experiment: Params,
    positive: int | None = None,
    inspected: Inspection | None = None,
    served: Finished | None = None,
) -> None:
    """Write every CSV that dvc.yaml plots.

    Args:
        folder: of the CSVs.
        candidates: with their scores and out-of-fold predictions.
        tested: the champion on the test rows.
        experiment: params.yaml.
        positive: the code of the positive class of two, by default 1.
        inspected: what was found of the champion, if it was looked at.
        served: the champion as it is served, if that is not as it was trained.
    """
    schema, board = tested.rows.schema, candidates.board
    found: dict[str, Rows] = {name: [] for name in COLUMNS}
    found["families"] = families(candidates)
    for family, results in candidates.scored.items():
        oof = prediction_curves.read_oof(results)
        for name, rows in prediction_curves.of_predictions(schema, oof, positive).items():
            found[name] += [{"family": family, **row} for row in rows]
        if family == candidates.champion and not schema.classes:
            found["residuals"] = prediction_curves.residuals(oof)
        found["learning_curves"] += [
            {"family": family, **row} for row in runtime.read_rows(results / "history.csv")
        ]
        scores = board.cv[family][board.metric]["folds"]
        found["fold_scores"] += [
            {"family": family, "fold": i, "score": score} for i, score in enumerate(scores)
        ]
    for family, declared in experiment.models.items():
        path = candidates.scored[family] / "trials.csv"
        found["trials"] += trial_axes.trials(
            family, declared, runtime.read_rows(path), board.metric
        )
    prediction, y = tested.prediction, tested.rows.y
    made = Postprocessing() if served is None else served.predictor.postprocessing
    if served is not None and served.calibration.method is not None:
        own = said_and_true(served.calibration.cross_fitted, served.known.y, positive)
        name = f"{candidates.champion}{CALIBRATED}"
        found["calibration"] += [
            {"family": name, **row} for row in prediction_curves.calibration(*own)
        ]
    if schema.classes:
        labels = np.array(schema.classes)
        said = labels[made.codes(prediction)]
        found["confusion"] = _pairs(labels[y.astype(np.int64)].tolist(), said.tolist())
    else:
        found["predicted"] = _pairs(y.tolist(), prediction.tolist())
    if inspected is not None:
        found |= inspection_rows.of_inspection(inspected, schema, positive)
        runtime.write_json(folder / INSPECTION, inspection_rows.described(inspected))
    for name, columns in COLUMNS.items():
        write_rows(folder / f"{name}.csv", found[name], columns)


def write_rows(path: Path, rows: Rows, columns: Sequence[str]) -> None:
    """Write a CSV for `dvc plots`, whose texts are harmless within its page."""
    plain = [{key: _harmless(value) for key, value in row.items()} for row in rows]
    runtime.write_rows(path, plain, columns)


def _harmless(value: Any) -> Any:
    """A text that ends no script and starts no tag, and looks the same.

    >>> _harmless("a < b"), len(_harmless("</script>"))
    ('a < b', 10)
    """
    return _TAG.sub("<\u2060", value) if isinstance(value, str) else value


def families(candidates: Candidates) -> Rows:
    """Each candidate's mean with its interval, its role, and the size of its models.

    The role is `champion`, `tied` where the folds do not tell them apart, else `behind`, or
    `ahead` of a champion that was chosen for its simplicity.
    """
    board = candidates.board
    return [
        {
            "family": name,
            "role": _role(board, candidates.champion, name),
            **mean_interval(board, name),
            **_cost(candidates.models[name]),
        }
        for name in board.ranked
    ]


def mean_interval(board: Scoreboard, name: str) -> dict[str, float | None]:
    """A candidate's mean over the folds, and its 95 % interval if there are several."""
    summary = board.cv[name][board.metric]
    _, _, width = mean_error_width(np.array(summary["folds"], dtype=np.float64), board.val_share)
    mean = float(summary["mean"])
    if not np.isfinite(width):
        return {"mean": mean, "low": None, "high": None}
    low, high = possible(board.metric, mean - float(width), mean + float(width))
    return {"mean": mean, "low": low, "high": high}


def _role(board: Scoreboard, champion: str, name: str) -> str:
    if name == champion:
        return "champion"
    difference = board.better(champion, name)
    if difference is None or not difference.is_sure:
        return "tied"
    return "behind" if difference.mean > 0 else "ahead"


def _cost(folders: Iterable[Path]) -> dict[str, float | int]:
    """The size and the number of the models in folders that `Predictor.save` wrote."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    described = [runtime.read_json(folder / "predictor.json") for folder in folders]
    return {
        "megabytes": round(sum(file.stat().st_size for file in files) / 1e6, 3),
        "models": sum(one["n_transformers"] for one in described),
    }


def _pairs(actual: Sequence[Any], predicted: Sequence[Any]) -> Rows:
    return [{"actual": a, "predicted": p} for a, p in zip(actual, predicted, strict=True)]
