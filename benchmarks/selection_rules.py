"""What rules of `select_model`, and families, are worth on the test rows of finished projects.

Run from the project's root: `python benchmarks/selection_rules.py PROJECT...`, with projects that
`dvc repro` has finished. The regret of a champion is its loss on the test rows beyond that of the
best candidate, as a share of what the best gains over `dummy`. A family is worth what the ensemble
loses without it, as a share of what the ensemble gains over `dummy`.
"""

from __future__ import annotations

import contextlib
import functools
import statistics
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import get_args

import numpy as np

from tenfold import dataset, models, params
from tenfold.dataset import Dataset, Schema
from tenfold.metrics import Array, named
from tenfold.models.shared import predictor
from tenfold.params import ENSEMBLE, Params
from tenfold.params.training import Rule
from tenfold.runtime import read_json
from tenfold.selection import cross_fitting, ensemble
from tenfold.selection.comparison import Scoreboard
from tenfold.selection.ensemble import Ensemble
from tenfold.selection.fold_scores import FoldScorer
from tenfold.selection.rules import choose_by

SPLIT, CROSS_VALIDATE, TRAIN = (
    Path("outputs") / stage for stage in ("split", "cross_validate", "train")
)
DUMMY = "dummy"


class Project:
    """What the stages of the current folder's project have written."""

    def __init__(self) -> None:
        self.experiment: Params = params.load(models)
        report = read_json(SPLIT / "report.json")
        schema = Schema.from_report(report)
        self.train: Dataset = dataset.read(SPLIT / "train.parquet", schema, SPLIT / "folds.parquet")
        self.test: Dataset = dataset.read(SPLIT / "test.parquet", schema)
        self.scorer = FoldScorer(self.experiment.metrics, self.train, report["positive_class"])

    @functools.cache  # noqa: B019  A project lives as long as the program.
    def prediction(self, model: Path) -> Array:
        """Of the test rows."""
        return predictor.load(model).predict(self.test.X)

    def loss(self, prediction: Array) -> float:
        """Of the test rows, by the metric that decides: less is better."""
        decisive = self.experiment.metrics[0]
        sign = -1 if named(decisive).direction == "maximize" else 1
        return sign * self.scorer.rows(self.test.y, prediction)[decisive]

    def combined(self, families: Iterable[str]) -> tuple[Ensemble, float]:
        """The ensemble of some families, and its loss."""
        declared = {name: self.experiment.models[name] for name in families}
        experiment = self.experiment.model_copy(update={"models": declared})
        found = ensemble.combine(experiment, self.scorer, CROSS_VALIDATE, TRAIN)
        weights = np.array([part.weight for part in found.parts])
        mean = cross_fitting.mean(weights, [self.prediction(model) for model in found.trained])
        return found, self.loss(mean)

    def worth(self) -> tuple[dict[str, float], dict[str, float]]:
        """The regret of each way to a champion, and what each family is worth."""
        families = list(self.experiment.models)
        found, of_ensemble = self.combined(families)
        losses = {name: self.loss(self.prediction(TRAIN / name / "model")) for name in families} | {
            ENSEMBLE: of_ensemble
        }
        cv = self.scorer.families(families, CROSS_VALIDATE) | found.scores
        board = Scoreboard.of(cv, self.experiment.metrics[0], self.train)
        champions = {f"rule {rule}": choose_by(rule, board) for rule in get_args(Rule)}
        champions |= {f"always {name}": name for name in losses if name != DUMMY}
        least, worst = min(losses.values()), losses[DUMMY]
        regrets = {by: (losses[name] - least) / (worst - least) for by, name in champions.items()}
        without = {
            name: self.combined(other for other in families if other != name)[1] - of_ensemble
            for name in families
            if name != DUMMY
        }
        return regrets, {name: loss / (worst - of_ensemble) for name, loss in without.items()}


def main() -> None:
    regrets: dict[str, list[float]] = {}
    worths: dict[str, list[float]] = {}
    for path in map(Path, sys.argv[1:]):
        with contextlib.chdir(path):
            found = Project().worth()
        for all_of, own in zip((regrets, worths), found, strict=True):
            for name, value in own.items():
                all_of.setdefault(name, []).append(value)
    show("champion by", regrets)
    show("ensemble without", worths)


def show(title: str, values: Mapping[str, list[float]]) -> None:
    """Print a table of Markdown, the least mean first."""
    print(f"\n| {title} | mean | standard error | greatest | tables |")
    print("| --- | --- | --- | --- | --- |")
    for name, own in sorted(values.items(), key=lambda item: statistics.mean(item[1])):
        error = statistics.stdev(own) / len(own) ** 0.5 if len(own) > 1 else float("nan")
        mean, most = statistics.mean(own), max(own)
        print(f"| {name} | {mean:.4f} | {error:.4f} | {most:.3f} | {len(own)} |")


if __name__ == "__main__":
    main()
