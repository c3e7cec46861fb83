"""Stage train@family: its final models, the folds' models as one or one refit on all rows."""

import sys
from pathlib import Path

import tenfold.runtime.program as program
from tenfold import dataset, models, params, runtime
from tenfold.reporting import terminal
from tenfold.tuning import fold_models, kept, last_fit
from tenfold.tuning.evaluation import Inputs

SPLIT = Path("outputs/split")
TRAIN, FOLDS = SPLIT / "train.parquet", SPLIT / "folds.parquet"


def main() -> None:
    """Fit the best configuration, whose learning curve is kept too, and its runners-up."""
    name, experiment = sys.argv[1], params.load(models)
    schema = dataset.Schema.from_json(runtime.read_json(SPLIT / "schema.json"))
    found = kept.read(Path("outputs/cross_validate", name))
    pretrained = fold_models.load_pretrained(found[0].members)
    train = dataset.read(TRAIN, schema, FOLDS)
    inputs = Inputs(train, experiment.preprocessing, pretrained, experiment.seed)
    asked = experiment.model_dump(mode="json", include={"seed", "preprocessing", "trainer"})
    configurations = [one.described for one in found]
    scratch = runtime.scratch("checkpoints", name, configurations, asked, runtime.digest(TRAIN))
    settings = models.FitSettings(
        experiment.task,
        schema.classes,
        experiment.trainer.model_dump(),
        progress=terminal.on_terminal(experiment.run.progress),
    )
    fit = last_fit.LastFit(name, inputs, settings, experiment.train.strategy, experiment.seed)
    folder = Path("outputs/train", name)
    with runtime.directory(folder) as out:
        fitted = [fit(one, scratch / one.place / "last.ckpt") for one in found]
        for one, predictor in zip(found, fitted, strict=True):
            (out / one.place / "model").mkdir(parents=True)
            predictor.save(out / one.place / "model")
        runtime.write_rows(out / "history.csv", fitted[0].model.history, models.CURVE)
    print(last_fit.summary(fitted[0], folder / "model", inputs))
    runtime.discard(scratch)


if __name__ == "__main__":
    program.run(f"train@{sys.argv[1]}", main, Path("outputs/train", sys.argv[1]))
