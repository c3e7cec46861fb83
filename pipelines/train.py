"""Stage train@family: its final model, the folds' models as one or one refit on all rows."""

import sys
from pathlib import Path

import tenfold.runtime.program as program
from tenfold import dataset, models, params, runtime
from tenfold.reporting import terminal
from tenfold.tuning import fold_models, last_fit
from tenfold.tuning.evaluation import Inputs

SPLIT = Path("outputs/split")
TRAIN, FOLDS = SPLIT / "train.parquet", SPLIT / "folds.parquet"


def main() -> None:
    """Keep preprocessing and model, and the learning curve of a network."""
    name, experiment = sys.argv[1], params.load(models)
    schema = dataset.Schema.from_json(runtime.read_json(SPLIT / "schema.json"))
    found = Path("outputs/cross_validate", name)
    best, kept = runtime.read_json(found / "best.json"), found / "members"
    pretrained = fold_models.load_pretrained(kept)
    train = dataset.read(TRAIN, schema, FOLDS)
    inputs = Inputs(train, experiment.preprocessing, pretrained, experiment.seed)
    asked = experiment.model_dump(mode="json", include={"seed", "preprocessing", "trainer"})
    scratch = runtime.scratch("checkpoints", name, best, asked, runtime.digest(TRAIN))
    settings = models.FitSettings(
        experiment.task,
        schema.classes,
        experiment.trainer.model_dump(),
        progress=terminal.on_terminal(experiment.run.progress),
        checkpoint=scratch / "last.ckpt",
    )
    fit = last_fit.LastFit(name, inputs, settings, experiment.train.strategy, experiment.seed)
    predictor = fit(best, kept)
    folder = Path("outputs/train", name)
    with runtime.directory(folder) as out:
        (out / "model").mkdir()
        predictor.save(out / "model")
        runtime.write_rows(out / "history.csv", predictor.model.history, models.CURVE)
    print(last_fit.summary(predictor, folder / "model", inputs))
    runtime.discard(scratch)


if __name__ == "__main__":
    program.run(f"train@{sys.argv[1]}", main)
