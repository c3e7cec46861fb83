"""Stage cross_validate@family: search the family's configurations by k-fold cross-validation."""

import sys
from pathlib import Path

from tenfold import cross_validation, dataset, metrics, models, params, runtime, terminal, tuning
from tenfold.dataset import Schema
from tenfold.models import FamilyParameters, Setting

TRAIN = Path("outputs/split/train.parquet")


def main() -> None:
    """Find the best configuration; keep its scores, its predictions and every trial."""
    name = sys.argv[1]
    experiment = params.load()
    declared, decisive = experiment.models[name], experiment.metrics[0]
    schema = Schema.from_report(runtime.read_json(Path("outputs/split/report.json")))
    train = dataset.read(TRAIN, schema)
    folds = cross_validation.prepare(train, experiment.preprocessing)
    setting = Setting(experiment.task, len(schema.classes), experiment.trainer.model_dump())
    seed = runtime.derive_seed(experiment.seed, name)

    def evaluate(trial: int, parameters: FamilyParameters) -> cross_validation.Evaluation:
        seeds = [runtime.derive_seed(seed, trial, fold) for fold in range(len(folds))]
        return cross_validation.cross_validate(
            models.family(name), parameters, folds, seeds, setting, experiment.metrics
        )

    inputs = experiment.model_dump(mode="json", exclude={"models", "run", "select_model"})
    scratch = runtime.scratch("studies", name, declared, inputs, runtime.digest(TRAIN))
    with terminal.progress(
        name, decisive, shown=terminal.on_terminal(experiment.run.progress)
    ) as show:
        trials = tuning.search(
            declared,
            models.parameters(name),
            evaluate,
            experiment.tune,
            decisive,
            seed,
            scratch,
            show,
        )
    best = tuning.best(trials, decisive)
    assert best.evaluation is not None
    with runtime.directory(Path("outputs/cross_validate") / name) as out:
        runtime.write_json(out / "best.json", tuning.describe(best, trials))
        runtime.write_json(out / "scores.json", metrics.summarise(best.evaluation.folds))
        runtime.write_rows(out / "trials.csv", tuning.table(trials))
        runtime.write_rows(out / "history.csv", best.evaluation.history, models.CURVE)
        dataset.write_predictions(out / "oof.parquet", train, best.evaluation.oof)
    runtime.discard(scratch)
    print(terminal.searched(name, trials, best, experiment.metrics))


if __name__ == "__main__":
    runtime.run(f"cross_validate@{sys.argv[1]}", main)
