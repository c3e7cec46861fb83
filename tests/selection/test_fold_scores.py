"""Scores that are computed afterwards, from the predictions that cross-validation has kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tenfold import dataset
from tenfold.dataset.folds import Folds
from tenfold.metrics import Array
from tenfold.runtime import UserError
from tenfold.selection.fold_scores import FoldScorer
from tests import bags

FOLDS = Folds.of(np.arange(60) % 4)


def train(task: str) -> dataset.Dataset:
    own = bags.dataset(task)
    return dataset.Dataset(own.schema, own.X, own.y, own.rows, FOLDS)


def guesses(rows: dataset.Dataset) -> list[Array]:
    """Each fold's probabilities of two classes."""
    first = np.random.default_rng(0).random(60)
    return FOLDS.by_fold(np.column_stack([first, 1 - first]))


def test_a_family_is_scored_in_every_metric_by_the_predictions_it_has_kept(tmp_path: Path) -> None:
    rows = train("binary")
    (tmp_path / "linear").mkdir()
    dataset.write_out_of_fold(tmp_path / "linear/oof.parquet", rows, guesses(rows))
    found = FoldScorer(["accuracy", "brier"], rows).families(["linear"], tmp_path)["linear"]
    for number, own in enumerate(guesses(rows)):
        y = rows.y[FOLDS.val(number)].astype(np.int64)
        assert found["accuracy"]["folds"][number] == np.mean((own[:, 1] > own[:, 0]) == y)
        assert found["brier"]["folds"][number] == pytest.approx(np.mean((own[:, 1] - y) ** 2))
    assert found["brier"]["mean"] == pytest.approx(np.mean(found["brier"]["folds"]))


def test_recall_is_of_the_positive_class() -> None:
    rows = train("binary")
    y = rows.y.astype(np.int64)
    guess = np.concatenate(guesses(rows))[: len(y)].argmax(axis=1)
    for code, label in enumerate(rows.schema.classes):
        scorer = FoldScorer(["recall"], rows, label)
        probabilities = np.eye(2)[guess]
        expected = np.mean(guess[y == code] == code)
        assert scorer.rows(rows.y, probabilities) == {"recall": pytest.approx(expected)}
        assert scorer.described_positive == {"positive_class": label}
    assert FoldScorer(["auroc"], rows, rows.schema.classes[0]).described_positive == {}


def test_a_score_that_is_no_finite_number_is_refused_by_name() -> None:
    rows = train("regression")
    far = [np.full(15, 1e200) for _ in range(4)]
    with (
        np.errstate(over="ignore"),
        pytest.raises(UserError, match="metric mse of linear is inf in fold 0: remove it from"),
    ):
        FoldScorer(["mae", "mse"], rows).score("linear", far)
