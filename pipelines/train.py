"""Stage train@family: its final model, the folds' models as one or one refit on all rows."""

import statistics
import sys
from pathlib import Path

import tenfold.runtime.program as program
from tenfold import dataset, models, params, runtime
from tenfold.models.shared.predictor import Predictor
from tenfold.reporting import terminal
from tenfold.tuning import fold_models
from tenfold.tuning.evaluation import Inputs

SPLIT = Path("outputs/split")
TRAIN, FOLDS = SPLIT / "train.parquet", SPLIT / "folds.parquet"


def main() -> None:
    """Keep preprocessing and model, and the learning curve of a network."""
    name, experiment = sys.argv[1], params.load(models)
    schema = dataset.Schema.from_json(runtime.read_json(SPLIT / "schema.json"))
    found = Path("outputs/cross_validate", name)
    best, kept = runtime.read_json(found / "best.json"), found / "members"
    parameters = models.parameters(name).model_validate(best["parameters"])
    train, family = dataset.read(TRAIN, schema, FOLDS), models.family(name)
    pretrained = fold_models.load_pretrained(kept)
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
    if fold_models.is_last_fit(kept, experiment.train.strategy, train.folds):
        transformers, _ = inputs.folds(parameters)
        model = fold_models.load(kept, family)
        print(f"train@{name}: a bag of the {len(transformers)} folds' networks")
    else:
        transformers, X = inputs.whole(parameters)
        seed = runtime.derive_seed(experiment.seed, name, "train")
        model = family.fit(
            parameters, X, train.y, seed, inputs.fit_settings(parameters, settings),
            # Each fold stopped at its own best epoch; all rows train for the middle one.
            max(1, round(statistics.median(best["epochs"]))) if best["epochs"] else None,
        )  # fmt: skip
        notes = [f"note: {name}: {finding}" for finding in model.findings]
        print(f"train@{name}: fitted on {len(train.y)} rows", *notes, sep="\n")
    with runtime.directory(Path("outputs/train") / name) as out:
        (out / "model").mkdir()
        Predictor(name, schema, transformers, model).save(out / "model")
        runtime.write_rows(out / "history.csv", model.history, models.CURVE)
    runtime.discard(scratch)


if __name__ == "__main__":
    program.run(f"train@{sys.argv[1]}", main)
