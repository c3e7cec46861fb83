"""The best configurations of a family: what stage cross_validate writes and others read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold import metrics, runtime
from tenfold.dataset.folds import FOLD, ROW, Folds
from tenfold.tuning import fold_models, kept, search
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.search import Trial
from tests.bags import dataset, parameters
from tests.project import Project

TWICE = Folds(np.concatenate([Folds.of(np.arange(60) % 3).membership] * 2))
CURVE = [
    {"epoch": 1.0, "train_loss": 2.0, "gradient_norm_1": 0.5},
    {"epoch": 2.0, "train_loss": 1.0, "dead_units": 0.25},
]


def trial(number: int, n_rows: int, models: Path | None = None) -> Trial:
    oof = np.linspace(number, number + 1, n_rows)
    folds = [{"mse": float(number)}, {"mse": number + 1.0}]
    evaluation = Evaluation(oof, folds, [number + 1], CURVE, ["dead units"])
    values: dict[str, Any] = {"alpha": 1.0 + number}
    return Trial(number, values, parameters("linear", **values), evaluation, fold_models=models)


def test_the_best_lies_in_the_familys_folder_and_the_next_ones_below_it(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "weights.json").write_text("7")
    trials = [trial(number, 60, tmp_path / "models") for number in range(4)]
    out = tmp_path / "out"
    out.mkdir()
    kept.write(out, [trials[2], trials[0], trials[3]], trials, dataset(), None)
    found = kept.read(out)
    assert [one.place for one in found] == [Path(), Path("runners_up/1"), Path("runners_up/2")]
    assert [one.described["trial"] for one in found] == [2, 0, 3]
    for one, own in zip(found, (2, 0, 3), strict=True):
        assert one.described == search.describe(trials[own], trials)
        scores = runtime.read_json(one.folder / "scores.json")
        assert scores == metrics.summarise([{"mse": float(own)}, {"mse": own + 1.0}])
        oof = pd.read_parquet(one.folder / "oof.parquet")
        assert oof["prediction"].iloc[0] == own
        assert fold_models.has_models(one.members)
    assert {path.name for path in found[1].folder.iterdir()} == {
        *("configuration.json", "members", "oof.parquet", "scores.json"),
    }
    best = json.loads((out / "best.json").read_text())
    assert set(best) == set(json.loads((found[1].folder / "configuration.json").read_text()))


def test_one_configuration_has_no_runners_up(tmp_path: Path) -> None:
    kept.write(tmp_path, [trial(0, 60)], [trial(0, 60)], dataset(), None)
    [only] = kept.read(tmp_path)
    assert only.folder == tmp_path
    assert [path.name for path in (tmp_path / "runners_up").iterdir()] == ["trials.json"]


def test_a_search_writes_every_measurement_of_the_best_ones_learning_curve(tmp_path: Path) -> None:
    kept.write(tmp_path, [trial(0, 60)], [trial(0, 60)], dataset(), None)
    rows = runtime.read_rows(tmp_path / "history.csv")
    assert list(rows[0])[:3] == ["epoch", "train_loss", "val_loss"]
    assert [row["gradient_norm_1"] for row in rows] == ["0.5", ""]
    assert [row["dead_units"] for row in rows] == ["", "0.25"]
    assert runtime.read_json(tmp_path / "best.json")["findings"] == ["dead units"]


def test_of_repeated_folds_each_row_has_a_prediction_of_every_repetition(tmp_path: Path) -> None:
    repeated = replace(dataset(), folds=TWICE)
    kept.write(tmp_path, [trial(0, 120)], [trial(0, 120)], repeated, None)
    oof = pd.read_parquet(tmp_path / "oof.parquet")
    assert list(oof) == [ROW, FOLD, "true", "prediction"]
    assert oof[ROW].tolist() == np.repeat(np.arange(60), 2).tolist()
    assert oof[FOLD].tolist()[:6] == [0, 3, 1, 4, 2, 5]
    assert (oof.groupby([ROW, FOLD]).size() == 1).all()


@pytest.mark.parametrize("family", ["linear", "mlp"])
def test_a_project_keeps_the_best_and_its_runner_up_with_a_model_each(
    family: str, finished: Project
) -> None:
    found = kept.read(finished / "outputs/cross_validate" / family)
    assert len(found) == 2
    scores = [runtime.read_json(one.folder / "scores.json")["auroc"]["mean"] for one in found]
    assert scores == sorted(scores, reverse=True)
    for one in found:
        assert (finished / "outputs/train" / family / one.place / "model/predictor.json").exists()
