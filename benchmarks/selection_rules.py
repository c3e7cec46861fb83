"""What each rule of `select_model` costs on the test rows of finished projects.

Run from the project's root: `python benchmarks/selection_rules.py PROJECT...`, with projects that
`dvc repro` has finished. The regret of a champion is its loss on the test rows beyond that of the
best candidate, as a share of what the best gains over `dummy`.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
from pathlib import Path
from typing import get_args

from tenfold import dataset, models, params, selection
from tenfold.dataset import Schema
from tenfold.metrics import METRICS
from tenfold.models.shared import predictor
from tenfold.params import ENSEMBLE
from tenfold.params.training import Rule
from tenfold.runtime import read_json
from tenfold.selection import ensemble
from tenfold.selection.choosing import choose_by
from tenfold.selection.comparison import Scoreboard

OUT = Path("outputs")


def main() -> None:
    regrets: dict[str, list[float]] = {}
    for project in map(Path, sys.argv[1:]):
        with contextlib.chdir(project):
            found = of_project()
        print(project.name, {champion: round(regret, 3) for champion, regret in found.items()})
        for champion, regret in found.items():
            regrets.setdefault(champion, []).append(regret)
    print("| champion by | mean | median | greatest | tables |\n| --- | --- | --- | --- | --- |")
    for champion, own in sorted(regrets.items(), key=lambda item: statistics.mean(item[1])):
        mean, median = statistics.mean(own), statistics.median(own)
        print(f"| {champion} | {mean:.3f} | {median:.3f} | {max(own):.3f} | {len(own)} |")


def of_project() -> dict[str, float]:
    """The regret of each rule's champion, and of always taking the same family."""
    experiment = params.load(models)
    schema = Schema.from_report(read_json(OUT / "split/report.json"))
    train = dataset.read(OUT / "split/train.parquet", schema, OUT / "split/folds.parquet")
    test = dataset.read(OUT / "split/test.parquet", schema)
    combined = ensemble.combine(experiment, train, OUT / "cross_validate", OUT / "train")
    cv = selection.read_scores(OUT / "cross_validate", experiment.models) | combined.scores
    metric = experiment.metrics[0]
    board = Scoreboard.of(cv, metric, train)
    folders = {family: OUT / "train" / family / "model" for family in experiment.models}
    with tempfile.TemporaryDirectory() as folder:
        ensemble.write(Path(folder) / ENSEMBLE, combined, train, model=True)
        folders[ENSEMBLE] = Path(folder) / ENSEMBLE / "model"
        sign = -1 if METRICS[metric].direction == "maximize" else 1
        loss = {
            name: sign * METRICS[metric].function(test.y, predictor.load(model).predict(test.X))
            for name, model in folders.items()
        }
    least, dummy = min(loss.values()), loss["dummy"]
    champions = {f"rule {rule}": choose_by(rule, board) for rule in get_args(Rule)}
    champions |= {f"always {name}": name for name in loss if name != "dummy"}
    return {by: (loss[name] - least) / (dummy - least) for by, name in champions.items()}


if __name__ == "__main__":
    main()
