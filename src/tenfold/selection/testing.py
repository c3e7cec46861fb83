"""The champion on the test rows, which nothing has seen before."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.dataset import Dataset
from tenfold.metrics import Array
from tenfold.models.shared.predictor import Predictor
from tenfold.selection import bootstrap
from tenfold.selection.bootstrap import Interval
from tenfold.selection.fold_scores import FoldScorer


@dataclass(frozen=True)
class ChampionTest:
    """The champion's prediction of the test rows, its scores, and how far they may be off.

    Attributes:
        family: of the champion, or `ensemble`.
        rows: the test rows.
        prediction: (n,), or probabilities (n, C).
        scores: of each metric.
        intervals: of each metric 95 %, or in words why there is none.
    """

    family: str
    rows: Dataset
    prediction: Array
    scores: dict[str, float]
    intervals: dict[str, Interval | str]


def test(model: Predictor, rows: Dataset, scorer: FoldScorer) -> ChampionTest:
    """Score a model on the test rows.

    Args:
        model: the champion as it is served.
        rows: the test rows.
        scorer: of any rows.
    """
    prediction = model.predict(rows.X)
    intervals = bootstrap.intervals(scorer.metrics, rows, prediction, scorer.positive)
    return ChampionTest(model.family, rows, prediction, scorer.rows(rows.y, prediction), intervals)
