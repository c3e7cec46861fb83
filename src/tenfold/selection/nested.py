"""Nested cross-validation: the whole experiment anew without a fold's rows, which then score it.

The search, the choice among the families and the weights of the ensemble see none of the rows that
the champion is scored on, so the mean over the folds promises nothing that a choice has added
(Varma and Simon 2006, Bias in error estimation when using cross-validation for model selection).
The inner folds are the other folds of the experiment: what holds for these, of groups or of time,
holds here.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold import dataset, metrics, runtime
from tenfold.dataset import folds as fold_files
from tenfold.dataset.folds import TRAIN, Folds
from tenfold.params import Params
from tenfold.runtime import UserError
from tenfold.selection import Summary, choosing, postprocessing, testing
from tenfold.selection.fold_scores import FoldScorer

SPLIT = Path("outputs/split")
CROSS_VALIDATE, TRAINED, ENSEMBLE = (
    Path("outputs", name) for name in ("cross_validate", "train", "ensemble")
)
# A project's own code, which the stages of a fold need too.
OWN_CODE = ("families", "metrics", "losses")

# Runs a stage in a folder: its words are the stage's name and a family's.
RunStage = Callable[[Path, Sequence[str]], None]


@dataclass(frozen=True)
class OuterFold:
    """One fold: who was chosen without its rows, and how that scores on them.

    Attributes:
        number: of the fold.
        champion: the chosen candidate.
        expected: the champion's mean over the inner folds, of the deciding metric.
        scores: on the rows of the fold.
    """

    number: int
    champion: str
    expected: float
    scores: dict[str, float]


def outer_folds(folds: Folds) -> dict[int, Folds]:
    """The inner folds of every fold that holds two others or more.

    An inner fold validates rows that the outer one trains on, and trains on others of these.

    Args:
        folds: of the experiment, over n training rows.

    Returns:
        Number of the outer fold -> inner folds over the rows that it trains on, in table order.
    """
    found = {}
    for number in range(folds.n):
        learnt = folds.train(number)
        inner = [
            folds.membership[other][learnt]
            for other in range(folds.n)
            if other != number and np.isin(folds.val(other), learnt).all()
        ]
        inner = [own for own in inner if (own == TRAIN).any()]
        if len(inner) > 1:
            found[number] = Folds(np.stack(inner))
    return found


def run(
    experiment: Params, n_folds: int | None, run_stage: RunStage, scratch: Path
) -> Iterator[OuterFold]:
    """Run the experiment once for each fold; those that an earlier run has finished are read.

    Args:
        experiment: params.yaml.
        n_folds: how many folds, evenly chosen; all by default.
        run_stage: of the families.
        scratch: a folder that survives a crash.

    Raises:
        UserError: if a family starts from a model, which has seen the rows, or if too few folds
            hold others.
    """
    for name, declared in experiment.models.items():
        if declared.get("init_from"):
            raise UserError(
                f"models.{name}.init_from starts from a model that may have seen the rows that "
                "score it: nested cross-validation needs params.yaml without it, remove it"
            )
    report = runtime.read_json(SPLIT / "report.json")
    schema, group = dataset.Schema.from_report(report), experiment.split.group
    train = dataset.read(SPLIT / "train.parquet", schema, SPLIT / "folds.parquet", group)
    assert train.folds is not None, "the training table has no folds"
    every = outer_folds(train.folds)
    if not every:
        raise UserError(
            f"nested cross-validation needs a fold whose training rows hold two other folds, but "
            f"there are {train.folds.n}: set split.n_splits to 3 or more, and run `dvc repro`"
        )
    for number in _spread(list(every), n_folds):
        finished = scratch / f"{number}.json"
        if not finished.exists():
            with runtime.TemporaryFolder("nested") as folder:
                workspace = Path(folder)
                _write(workspace, train.folds, number, every[number], train.rows)
                for name in experiment.models:
                    for stage in ("cross_validate", "train"):
                        run_stage(workspace, [stage, name])
                with contextlib.chdir(workspace):
                    found = _choose(experiment, schema, report, number)
            finished.parent.mkdir(parents=True, exist_ok=True)
            runtime.write_json(finished, asdict(found))
        yield OuterFold(**runtime.read_json(finished))


def summary(found: Sequence[OuterFold]) -> Summary:
    """Mean, sd and each fold's score, by metric."""
    return metrics.summarise([own.scores for own in found])


def sentence(found: Mapping[str, Any], metric: str, n_champions: Mapping[str, int]) -> str:
    """The result in words.

    Args:
        found: mean and sd of the deciding metric.
        metric: that decides.
        n_champions: candidate -> how often it was chosen.
    """
    n = sum(n_champions.values())
    spread = "" if found["sd"] is None else f" ± {found['sd']:.4f}"
    times = ", ".join(f"{name} {times}" for name, times in n_champions.items())
    return (
        f"nested cross-validation, {n} {'fold' if n == 1 else 'folds'}: {metric} "
        f"{found['mean']:.4f}{spread} (chosen: {times})"
    )


def _spread(numbers: Sequence[int], n: int | None) -> list[int]:
    """So many of the numbers, evenly apart."""
    if n is None or n >= len(numbers):
        return list(numbers)
    return [numbers[place * len(numbers) // n] for place in range(n)]


def _write(
    workspace: Path, folds: Folds, number: int, inner: Folds, rows: NDArray[np.int64]
) -> None:
    """Write what stage split would have written, had the fold's rows been the test rows."""
    import pyarrow.parquet as pq

    split = workspace / SPLIT
    split.mkdir(parents=True)
    for name in ("schema.json", "deciding.json", "report.json"):
        shutil.copy(SPLIT / name, split / name)
    shutil.copy("params.yaml", workspace / "params.yaml")
    for name in OWN_CODE:
        if Path(name).is_dir():
            shutil.copytree(name, workspace / name)
    table, learnt = pq.read_table(SPLIT / "train.parquet"), folds.train(number)
    pq.write_table(table.take(learnt), split / "train.parquet")
    pq.write_table(table.take(folds.val(number)), split / "test.parquet")
    fold_files.write(split / "folds.parquet", inner, rows[learnt])


def _choose(
    experiment: Params, schema: dataset.Schema, report: Mapping[str, Any], number: int
) -> OuterFold:
    """Choose as stage select_model does, and score the champion on the fold's rows."""
    group = experiment.split.group
    train = dataset.read(SPLIT / "train.parquet", schema, SPLIT / "folds.parquet", group)
    scorer = FoldScorer(experiment.metrics, train, report["positive_class"])
    chosen = choosing.choose(experiment, scorer, CROSS_VALIDATE, TRAINED, ENSEMBLE)
    scored, trained = CROSS_VALIDATE / chosen.champion, TRAINED / chosen.champion
    if chosen.champion == ENSEMBLE.name:
        scored = trained = ENSEMBLE
    served = postprocessing.finish(experiment.select_model, scorer, scored, trained / "model")
    rows = dataset.read(SPLIT / "test.parquet", schema, group=group)
    tested = testing.test(served.predictor, rows, scorer)
    expected = chosen.cv[chosen.champion][experiment.metrics[0]]["mean"]
    return OuterFold(number, chosen.champion, expected, tested.scores)
