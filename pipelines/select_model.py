"""Stage select_model: rank the families, test the winner once, and make it the champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tenfold.runtime.program as program
from tenfold import runtime, tracking
from tenfold.reporting import outputs

if TYPE_CHECKING:
    from tenfold.params import Params

OUT = outputs.Outputs()


def main() -> None:
    """Choose and publish; when both stand already, say so before anything heavy is imported."""
    values = runtime.checked_params()
    if values and tracking.is_shown(values, OUT):
        print("nothing changed: outputs and registry show this experiment already")
        return
    from tenfold import models, params
    from tenfold.reporting import results

    experiment = params.load(models)
    fingerprint = outputs.inputs_fingerprint(experiment.model_dump(mode="json"), OUT)
    if not outputs.are_made_from(fingerprint, OUT):
        choose(experiment)
        outputs.write_stamp(OUT, fingerprint)
    print(tracking.publish(results.read(experiment, OUT, fingerprint)))


def choose(experiment: Params) -> None:
    """Rank by cross-validation, score the winner on the test rows, write what people read."""
    from tenfold import dataset
    from tenfold.reporting import page, plots, verdict
    from tenfold.selection import choosing, fold_scores, postprocessing, testing

    report, group = runtime.read_json(OUT.split / "report.json"), experiment.split.group
    schema = dataset.Schema.from_report(report)
    train = dataset.read(OUT.split / "train.parquet", schema, OUT.split / "folds.parquet", group)
    scorer = fold_scores.FoldScorer(experiment.metrics, train, report["positive_class"])
    chosen = choosing.choose(experiment, scorer, OUT.cross_validate, OUT.train, OUT.ensemble)
    served = postprocessing.finish(experiment.select_model, scorer, *OUT.folders(chosen.champion))
    rows = dataset.read(OUT.split / "test.parquet", schema, group=group)
    tested = testing.test(served.predictor, rows, scorer)
    print("\n".join([*chosen.notes, *verdict.write(OUT, experiment, chosen, tested, served)]))
    summary = chosen.summary(tested.scores) | scorer.described_positive
    for note in plots.write(OUT, chosen, tested, scorer, experiment, served):
        print(f"note: {note}")
    dataset.write_predictions(OUT.folder / "test_predictions.parquet", rows, tested.prediction)
    runtime.write_json(OUT.scores, chosen.cv)
    page.write(experiment, summary, OUT)
    runtime.write_json(OUT.folder / "metrics.json", summary)


if __name__ == "__main__":
    program.run("select_model", main)
