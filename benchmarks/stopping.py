"""What a stop by the other folds' validation rows costs or gains on real tables.

Run from the project's root: `python benchmarks/stopping.py PROJECT...`, with projects that
`dvc repro` has finished. Each family that stops by validation is fitted again with the
configuration that was chosen: once each fold stops by its own rows, once by those of the others,
as tenfold does. What cross-validation then promises stands beside the score of the same bag on the
test rows. benchmarks/random_labels.py shows the same where nothing is to learn.
"""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from tenfold import dataset, metrics, models, params, runtime
from tenfold.dataset import Schema
from tenfold.models import Configuration, Diverged, FitSettings, Fold
from tenfold.models.shared.boosting_parameters import BoostingParameters
from tenfold.models.shared.network_parameters import NetworkParameters
from tenfold.tuning import cross_validation, kept
from tenfold.tuning.evaluation import Inputs, seeds

SPLIT, CROSS_VALIDATE = Path("outputs/split"), Path("outputs/cross_validate")


@dataclass(frozen=True)
class Score:
    """What cross-validation says, what the test rows say, and the seconds of the fits."""

    cv: float
    test: float
    seconds: float


def main() -> None:
    print("| project | family | stopped by | cross-validated | test | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for path in map(Path, sys.argv[1:]):
        with contextlib.chdir(path):
            families = [
                name
                for name in params.load(models).models
                if issubclass(models.parameters(name), BoostingParameters | NetworkParameters)
            ]
            for name in families:
                for rule, score in compared(name).items():
                    print(
                        f"| {path.name} | {name} | {rule} | {score.cv:.5g} | {score.test:.5g} "
                        f"| {score.seconds:.0f} |",
                        flush=True,
                    )


def compared(name: str) -> dict[str, Score]:
    """A family's scores by either rule."""
    experiment = params.load(models)
    schema = Schema.from_report(runtime.read_json(SPLIT / "report.json"))
    train = dataset.read(SPLIT / "train.parquet", schema, SPLIT / "folds.parquet")
    test = dataset.read(SPLIT / "test.parquet", schema)
    best = kept.read(CROSS_VALIDATE / name)[0].described
    parameters = models.parameters(name).model_validate(best["parameters"])
    inputs = Inputs(train, experiment.preprocessing, None, experiment.seed)
    transformers, folds = inputs.folds(parameters)
    settings = inputs.fit_settings(
        parameters, FitSettings(experiment.task, schema.classes, experiment.trainer.model_dump())
    )
    own = seeds(runtime.derive_seed(experiment.seed, name), best["trial"], len(folds))
    figure = experiment.metrics[0]

    def score(folds: list[Fold]) -> Score:
        start = time.perf_counter()
        [found] = cross_validation.cross_validate(
            models.family(name), [Configuration(parameters, own)], folds, settings, [figure]
        )
        seconds = time.perf_counter() - start
        assert not isinstance(found, Diverged)
        assert found.bag is not None
        X = [transformer.transform(test.X) for transformer in transformers]
        predicted = found.bag.predict(X)
        cv = float(np.mean([fold[figure] for fold in found.folds]))
        return Score(cv, metrics.scores([figure], test.y, predicted)[figure], seconds)

    # Folds that say they share their rows have none to be stopped by but themselves.
    alone = [replace(fold, val=folds[0].val[: len(fold.val)]) for fold in folds]
    return {"its own rows": score(alone), "the other folds": score(folds)}


if __name__ == "__main__":
    main()
