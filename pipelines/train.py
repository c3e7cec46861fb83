"""Stage train@family: the family's best configuration, fitted on all training rows."""

import statistics
import sys
from pathlib import Path

from tenfold import dataset, models, params, preprocessing, runtime, terminal
from tenfold.dataset import Schema
from tenfold.models import Setting
from tenfold.predictor import Predictor

TRAIN = Path("outputs/split/train.parquet")


def main() -> None:
    """Fit preprocessing and model; keep both, and the learning curve of a network."""
    name = sys.argv[1]
    experiment = params.load()
    schema = Schema.from_report(runtime.read_json(Path("outputs/split/report.json")))
    best = runtime.read_json(Path("outputs/cross_validate") / name / "best.json")
    train = dataset.read(TRAIN, schema)
    transformer = preprocessing.build(schema, experiment.preprocessing)
    inputs = experiment.model_dump(mode="json", include={"seed", "preprocessing", "trainer"})
    scratch = runtime.scratch("checkpoints", name, best, inputs, runtime.digest(TRAIN))
    setting = Setting(
        experiment.task,
        len(schema.classes),
        experiment.trainer.model_dump(),
        progress=terminal.on_terminal(experiment.run.progress),
        checkpoint=scratch / "last.ckpt",
    )
    model = models.family(name).fit(
        models.parameters(name).model_validate(best["parameters"]),
        transformer.fit_transform(train.X),
        train.y,
        runtime.derive_seed(experiment.seed, name, "train"),
        setting,
        # Each fold stopped at its own best epoch; all rows train for the middle one.
        max(1, round(statistics.median(best["epochs"]))) if best["epochs"] else None,
    )
    with runtime.directory(Path("outputs/train") / name) as out:
        (out / "model").mkdir()
        Predictor(name, schema, transformer, model).save(out / "model")
        runtime.write_rows(out / "history.csv", model.history, models.CURVE)
    runtime.discard(scratch)
    print(f"train@{name}: fitted on {len(train.y)} rows")


if __name__ == "__main__":
    runtime.run(f"train@{sys.argv[1]}", main)
