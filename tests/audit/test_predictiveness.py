"""What one column alone predicts out of sample, against scikit-learn and against knowledge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tenfold.audit import predictiveness
from tenfold.metrics import Task

N = 2400
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=N)


def score(values: object, y: object, task: Task, *, is_text: bool = False) -> float:
    cells = np.asarray(values, dtype=np.float64)
    return predictiveness.score(cells, is_text, np.asarray(y), task, seed=0)


@pytest.mark.slow
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2))
def test_auroc_is_scikit_learns(rows: list[tuple[bool, int]]) -> None:
    y, predicted = np.array(rows, dtype=np.float64).T
    if 0 < y.sum() < len(y):
        expected = roc_auc_score(y, predicted)
        assert predictiveness.auroc(y, predicted) == pytest.approx(expected)


@pytest.mark.parametrize("is_text", [False, True])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_noise_predicts_nothing(task: Task, is_text: bool) -> None:
    y = DRAW.normal(size=N) if task == "regression" else DRAW.integers(0, 2 + (task != "binary"), N)
    nothing = 0 if task == "regression" else 0.5
    values = DRAW.integers(0, 8, N) if is_text else X
    assert score(values, y, task, is_text=is_text) < nothing + 0.05


@pytest.mark.parametrize("y", [X**3, np.cos(2 * X), np.abs(X)], ids=["cube", "cosine", "fold"])
def test_a_curve_counts_as_much_as_a_line(y: object) -> None:
    assert score(X, y, "regression") > 0.99


def test_intervals_of_a_class_are_found() -> None:
    assert score(X, (np.abs(X) < 0.5).astype(int), "binary") > 0.999
    assert score(X, np.digitize(np.cos(4 * X), [-0.3, 0.4]), "multiclass") > 0.99


def test_a_missing_value_is_a_value() -> None:
    y = DRAW.integers(0, 2, N)
    assert score(np.where(y == 1, X, np.nan), y, "binary") == 1.0
    words = np.where(y == 1, DRAW.integers(0, 5, N), np.nan)
    assert score(words, y, "binary", is_text=True) == 1.0


def test_categories_that_never_come_again_predict_nothing() -> None:
    assert 0.45 < score(np.arange(N), np.arange(N) % 2, "binary", is_text=True) <= 0.5
    assert -0.05 < score(np.arange(N), np.sort(X), "regression", is_text=True) <= 0


def test_the_oracle_of_noisy_labels_is_scored_as_known() -> None:
    y = DRAW.integers(0, 2, N)
    seen = np.where(DRAW.random(N) < 0.2, 1 - y, y)
    assert score(seen, y, "binary", is_text=True) == pytest.approx(roc_auc_score(y, seen), abs=0.01)


def test_numbers_too_close_or_too_far_for_float32_are_told_apart() -> None:
    y = np.arange(N) % 2
    assert score(2.0**52 + y, y, "binary") == 1.0
    outlier = np.concatenate([[1e100], y[1:]])
    assert score(outlier, y, "binary") > 0.999


def test_many_classes_are_scored_by_the_commonest() -> None:
    y = DRAW.integers(0, 300, N)
    assert score(y, y, "multiclass", is_text=True) > 0.99
    assert score(X, y, "multiclass") < 0.6
