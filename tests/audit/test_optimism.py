"""What a random split hides: measured on tables whose rows belong together, and on others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold.audit.optimism import compare_splits
from tenfold.metrics import Task

N, PATIENTS = 700, 90


def visits(effect: float, seed: int = 0, *, text: bool = True) -> pd.DataFrame:
    """Visits of patients who differ in the outcome by `effect` standard deviations."""
    draw = np.random.default_rng(seed)
    patient = draw.integers(0, PATIENTS, N)
    age, dose = draw.integers(20, 80, PATIENTS)[patient], draw.normal(size=N)
    level = effect * draw.normal(size=PATIENTS)[patient]
    names: Any = [f"p{number}" for number in patient] if text else patient + 1000
    y = dose + level + draw.normal(0, 0.5, N)
    return pd.DataFrame({"patient_id": names, "age": age, "dose": dose, "y": y})


def series(seed: int = 0, *, walks: bool) -> pd.DataFrame:
    """A daily series of a feature and noise, with a random walk if asked."""
    draw = np.random.default_rng(seed)
    x, walk = draw.normal(size=N), np.cumsum(draw.normal(0, 0.3, N)) if walks else 0
    day = pd.date_range("2022-01-01", periods=N)
    return pd.DataFrame({"day": day, "x": x, "y": x + walk + draw.normal(0, 0.3, N)})


def as_task(frame: pd.DataFrame, task: Task) -> pd.DataFrame:
    if task == "regression":
        return frame
    n_classes = 2 if task == "binary" else 3
    return frame.assign(y=pd.qcut(frame["y"], n_classes, labels=["a", "b", "c"][:n_classes]))


@pytest.mark.slow
@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
@pytest.mark.parametrize("text", [True, False])
def test_groups_that_explain_the_target_score_lower_when_they_are_new(
    task: Task, text: bool
) -> None:
    found = compare_splits(as_task(visits(1.5, text=text), task), "y", task, "patient_id", "group")
    assert found is not None
    assert found.matters
    assert found.by_chance - found.honest > (0.3 if task == "regression" else 0.1)
    assert found.metric == ("r2" if task == "regression" else "auroc")


@pytest.mark.slow
@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
@pytest.mark.parametrize("seed", range(3))
def test_groups_that_say_nothing_change_nothing(task: Task, seed: int) -> None:
    found = compare_splits(as_task(visits(0, seed), task), "y", task, "patient_id", "group")
    assert found is not None
    assert not found.matters


def test_columns_that_give_the_group_away_count_as_the_group() -> None:
    frame = visits(1.5)
    # Models do not see the patient, but know the same of her at every visit.
    frame["height"] = frame["patient_id"].map(lambda name: 150 + hash_of(name))
    found = compare_splits(
        frame, "y", "regression", "patient_id", "group", features=["age", "height", "dose"]
    )
    assert found is not None
    assert found.matters


def hash_of(name: str) -> float:
    """A number that differs from patient to patient."""
    return int(name[1:]) * 0.37


@pytest.mark.slow
@pytest.mark.parametrize("form", ["date", "text", "number"])
def test_a_series_that_walks_scores_lower_on_later_rows(form: str) -> None:
    frame = series(walks=True)
    forms: dict[str, Any] = {
        "date": frame["day"],
        "text": frame["day"].astype(str),
        "number": np.arange(N),
    }
    shuffled = frame.assign(day=forms[form]).sample(frac=1, random_state=0)
    found = compare_splits(shuffled, "y", "regression", "day", "time")
    assert found is not None
    assert found.matters
    assert found.by_chance > 0.8 > found.honest + 0.5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_series_that_stays_scores_the_same_on_later_rows(seed: int) -> None:
    found = compare_splits(series(seed, walks=False), "y", "regression", "day", "time")
    assert found is not None
    assert not found.matters


def test_the_same_seed_gives_the_same_scores_whatever_was_drawn_before() -> None:
    frame = visits(1)
    one, other = (
        compare_splits(frame, "y", "regression", "patient_id", "group", seed=3) for _ in range(2)
    )
    assert one == other
    assert str(one).startswith("r2 0.")
    assert str(one).endswith(" for new values of patient_id")


def test_missing_cells_and_a_large_table_are_no_hindrance() -> None:
    frame = pd.concat([visits(1.5, seed) for seed in range(6)], ignore_index=True)
    frame["patient_id"] = frame["patient_id"] + (frame.index // N).astype(str)
    frame.loc[::9, "patient_id"] = None
    frame.loc[::7, "dose"] = np.nan
    found = compare_splits(frame, "y", "regression", "patient_id", "group")
    assert found is not None
    assert found.matters


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"y": 1.0}, "group"),
        ({"patient_id": ["a", "b"] * (N // 2)}, "group"),
        ({"patient_id": None}, "group"),
        ({"y": [float(i > N * 0.9) for i in range(N)], "patient_id": range(N)}, "time"),
    ],
)
def test_scores_that_are_not_defined_are_not_made_up(change: dict[str, Any], kind: Any) -> None:
    task: Task = "binary" if kind == "time" else "regression"
    frame = visits(1).assign(**change)
    if kind == "time":
        frame["y"] = frame["y"].astype(int)
        frame = frame.iloc[: int(N * 0.9)]
    assert compare_splits(frame, "y", task, "patient_id", kind) is None


def test_a_small_table_is_not_judged() -> None:
    assert compare_splits(visits(1).head(50), "y", "regression", "patient_id", "group") is None
