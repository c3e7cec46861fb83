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
    from tenfold.models.shared import predictor
    from tenfold.reporting import page, plots, verdict
    from tenfold.selection import choosing, fold_scores

    report = runtime.read_json(OUT.split / "report.json")
    schema = dataset.Schema.from_report(report)
    train = dataset.read(OUT.split / "train.parquet", schema, OUT.split / "folds.parquet")
    scorer = fold_scores.FoldScorer(experiment.metrics, train, report["positive_class"])
    chosen = choosing.choose(experiment, scorer, OUT.cross_validate, OUT.train, OUT.ensemble)
    print("\n".join([*chosen.notes, *verdict.write(OUT.verdict, experiment, chosen)]))
    test = dataset.read(OUT.split / "test.parquet", schema)
    prediction = predictor.load(OUT.model(chosen.champion)).predict(test.X)
    summary = chosen.summary(scorer.rows(test.y, prediction)) | scorer.described_positive
    tested = plots.ChampionTest(chosen.champion, schema, test, prediction)
    plots.write(OUT, tested, chosen.cv, experiment)
    dataset.write_predictions(OUT.folder / "test_predictions.parquet", test, prediction)
    page.write(experiment, summary, OUT)
    runtime.write_json(OUT.scores, chosen.cv)
    runtime.write_json(OUT.folder / "metrics.json", summary)


if __name__ == "__main__":
    program.run("select_model", main)
