"""Stage split: the clean table -> training rows, their folds, test rows, and a report."""

from __future__ import annotations

from pathlib import Path

import tenfold.runtime.program as program
from tenfold import models, params, runtime, splitting, tracking
from tenfold.dataset import Schema
from tenfold.splitting.split_and_audit import split_and_audit
from tenfold.tuning import before_training

CLEAN = Path("outputs/clean")


def main() -> None:
    """Part the clean table by the rules of `split:`, audit it and write `outputs/split/`."""
    experiment = params.load(models)
    cleaned = runtime.read_json(CLEAN / "report.json")
    with runtime.directory(Path("outputs/split")) as out:
        report, findings = split_and_audit(CLEAN / "table.parquet", out, experiment)
        report |= {key: cleaned[key] for key in ("missing_values", "reading")}
        schema = Schema.from_report(report)
        before_training.check(experiment, experiment.models, schema, tracking.load_model)
        runtime.write_json(out / "report.json", report)
        # What training reads is apart from what only people do, who may ask the audit for less.
        runtime.write_json(out / "schema.json", schema.to_json())
        positive = schema.code(report["positive_class"])
        deciding = before_training.deciding(experiment.metrics[0], positive)
        runtime.write_json(out / "deciding.json", deciding)
    print("\n".join([splitting.summary(report), *map(str, findings)]))


if __name__ == "__main__":
    program.run("split", main)
