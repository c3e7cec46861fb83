"""`dvc repro` on a table of patients over time: what no group and no later row may cross."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold.dataset import ROW, folds
from tenfold.models.shared import predictor
from tests.project import SMALL, Project, new_project, shared

pytestmark = pytest.mark.slow
N, PATIENTS, FIRST = 160, 24, date(2024, 1, 1)
PARTS = ("train", "test")


def write_visits(path: Path) -> None:
    """Visits of patients, two a day, in no order."""
    rng = np.random.default_rng(0)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["patient", "seen_on", "dose", "weight", "relapse"])
        for visit in rng.permutation(N).tolist():
            dose, weight = rng.normal(size=2).round(6)
            relapse = "yes" if dose + 0.5 * rng.normal() > 0 else "no"
            day = FIRST + timedelta(days=visit // 2)
            rows.writerow([f"p{rng.integers(PATIENTS)}", day, dose, weight, relapse])


def visits(root: Path, **split: Any) -> None:
    """A project after one `dvc repro`."""
    small = {**SMALL, "models": {name: SMALL["models"][name] for name in ("linear", "mlp")}}
    project = new_project(
        root,
        **small
        | {
            "name": "visits",
            "data": {"path": "data/raw/visits.csv", "target": "relapse"},
            "clean": {"require": [], "drop_columns": []},
            "split": {"n_splits": 3, "test_size": 0.25, **split},
        },
    )
    write_visits(project / "data/raw/visits.csv")
    project.repro()


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Split by patient; for reading only."""
    rules: dict[str, Any] = {"strategy": "grouped", "group": "patient", "n_repeats": 2}
    return shared(tmp_path_factory, "grouped", lambda root: visits(root, **rules))


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Split by day; for reading only."""
    rules = {"strategy": "time", "time": "seen_on", "gap": "5 days"}
    return shared(tmp_path_factory, "ordered", lambda root: visits(root, **rules))


def sides(project: Project, column: str) -> list[tuple[Any, Any]]:
    """A column of what is learnt from and of what is judged: of every fold, and of the test."""
    train, test = (pd.read_parquet(project / f"outputs/split/{side}.parquet") for side in PARTS)
    told = folds.read(project / "outputs/split/folds.parquet", train[ROW].to_numpy())
    values = train[column].to_numpy()
    within = [(values[told.train(i)], values[told.val(i)]) for i in range(told.n)]
    return [*within, (values, test[column].to_numpy())]


def test_no_patient_is_on_both_sides(grouped: Project) -> None:
    found = sides(grouped, "patient")
    assert len(found) == 7
    for learnt, judged in found:
        assert len(learnt) and len(judged)
        assert not set(learnt) & set(judged)


def test_every_family_is_judged_on_whole_patients_and_none_is_a_feature(grouped: Project) -> None:
    train = pd.read_parquet(grouped / "outputs/split/train.parquet")
    for family in ("linear", "mlp"):
        oof = pd.read_parquet(grouped / f"outputs/cross_validate/{family}/oof.parquet")
        # Each repetition has predictions of its own.
        assert oof[ROW].tolist() == train[ROW].repeat(2).tolist()
        scores = grouped.json(f"outputs/cross_validate/{family}/scores.json")
        assert len(scores["auroc"]["folds"]) == 6
        model = predictor.load(grouped / f"outputs/train/{family}/model")
        assert "patient" not in model.schema.features
    bag = predictor.load(grouped / "outputs/train/mlp/model")
    assert len(bag.transformers) == 6


def test_nothing_is_learnt_from_a_later_day_or_within_the_gap(ordered: Project) -> None:
    for learnt, judged in sides(ordered, "seen_on"):
        latest, earliest = (pd.to_datetime(days) for days in (learnt, judged))
        assert latest.max() < earliest.min() - timedelta(days=5)


def test_days_that_no_fold_judges_are_absent_from_the_predictions(ordered: Project) -> None:
    train = pd.read_parquet(ordered / "outputs/split/train.parquet")
    judged = np.concatenate([days for _, days in sides(ordered, "seen_on")[:-1]])
    for family in ("linear", "mlp"):
        oof = pd.read_parquet(ordered / f"outputs/cross_validate/{family}/oof.parquet")
        expected = train[train["seen_on"].isin(judged)]
        assert 0 < len(expected) < len(train)
        assert oof[ROW].tolist() == expected[ROW].tolist()
        assert oof["true"].tolist() == expected["relapse"].tolist()


def test_in_time_order_the_last_network_learns_from_all_days_unless_a_bag_is_asked_for(
    ordered: Project, tmp_path: Path
) -> None:
    assert len(predictor.load(ordered / "outputs/train/mlp/model").transformers) == 1
    asked = ordered.copy(tmp_path / "asked")
    asked.change(train={"strategy": "bag"})
    assert asked.stage("train", "mlp").returncode == 0
    assert len(predictor.load(asked / "outputs/train/mlp/model").transformers) == 3


@pytest.mark.parametrize(
    ("fixture", "expected"),
    [
        ("grouped", {"split_strategy": "grouped", "split_group": "patient"}),
        ("ordered", {"split_strategy": "time", "split_time": "seen_on", "split_gap": "5 days"}),
    ],
)
def test_the_runs_and_the_page_tell_how_the_rows_were_split(
    fixture: str, expected: dict[str, str], request: pytest.FixtureRequest
) -> None:
    project: Project = request.getfixturevalue(fixture)
    run = project.family_runs()["linear"]
    assert expected.items() <= run.data.params.items()
    page = (project / "outputs/report.html").read_text()
    assert f"({expected['split_strategy']} by" in page
