"""Scores of out-of-fold predictions, fold by fold, in every metric of an experiment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenfold import dataset, metrics
from tenfold.dataset import Dataset
from tenfold.metrics import Array
from tenfold.runtime import UserError
from tenfold.selection import Summary


@dataclass(frozen=True)
class FoldScorer:
    """Scores predictions of the rows that the folds validate; nothing is trained for it.

    Attributes:
        metrics: the names, the deciding one first.
        train: the training rows with their folds.
        positive_class: of two.
    """

    metrics: Sequence[str]
    train: Dataset
    positive_class: int | str | None = None

    @property
    def positive(self) -> int | None:
        """The code of the positive class of two."""
        return self.train.schema.code(self.positive_class)

    @property
    def described_positive(self) -> dict[str, int | str | None]:
        """The positive class by its name, if a metric depends on it."""
        asked = any(metrics.named(name).positive_class for name in self.metrics)
        return {"positive_class": self.positive_class} if asked else {}

    def families(self, names: Iterable[str], cross_validated: Path) -> dict[str, Summary]:
        """The scores of each family's best configuration.

        Args:
            names: of the families.
            cross_validated: the folder that holds one of each family.
        """
        return {
            name: self.score(
                name, dataset.read_out_of_fold(cross_validated / name / "oof.parquet", self.train)
            )
            for name in names
        }

    def score(self, candidate: str, predictions: Sequence[Array]) -> Summary:
        """Mean, sd and each fold's score, by metric.

        Args:
            candidate: whose they are, for messages.
            predictions: each fold's of its validation rows, (n,) or (n, C).

        Raises:
            UserError: if a score is not a finite number.
        """
        folds = self.train.folds
        assert folds is not None, "the training table has no folds"
        found = [
            self.rows(self.train.y[folds.val(number)], own)
            for number, own in enumerate(predictions)
        ]
        for number, scores in enumerate(found):
            for name, score in scores.items():
                if not math.isfinite(score):
                    raise UserError(
                        f"metric {name} of {candidate} is {score} in fold {number}: remove it from "
                        "metrics, which trains nothing again"
                    )
        return metrics.summarise(found)

    def rows(self, y: NDArray[np.generic], prediction: Array) -> dict[str, float]:
        """The scores of any rows: their target (n,), and a prediction (n,) or (n, C)."""
        return metrics.scores(self.metrics, y, prediction, self.positive)
