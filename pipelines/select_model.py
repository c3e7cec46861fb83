"""Stage select_model: rank the families, test the winner once, and make it the champion."""

import tenfold.runtime.program as program
from tenfold import dataset, metrics, models, params, runtime, selection, tracking
from tenfold.params import Params
from tenfold.reporting import results

OUT = results.Outputs()


def main() -> None:
    """Choose and publish; when both stand already, say so."""
    experiment = params.load(models)
    fingerprint = results.inputs_fingerprint(experiment, OUT)
    chosen = results.stamp(OUT) == (fingerprint, results.outputs_digest(OUT))
    registered = experiment.select_model.registered_model_name
    if chosen and tracking.is_published(registered, fingerprint):
        print("nothing changed: outputs and registry show this experiment already")
        return
    if not chosen:
        choose(experiment)
        results.write_stamp(OUT, fingerprint)
    print(tracking.publish(results.read(experiment, OUT, fingerprint)))


def choose(experiment: Params) -> None:
    """Rank by cross-validation, score the winner on the test rows, write what people read."""
    from tenfold.models.shared import predictor
    from tenfold.reporting import page, plots

    split = runtime.read_json(OUT.split / "report.json")
    schema = dataset.Schema.from_report(split)
    cv = selection.read_scores(OUT.cross_validate, experiment.models)
    champion = selection.rank(cv, experiment.metrics[0])[0]
    test = dataset.read(OUT.split / "test.parquet", schema)
    prediction = predictor.load(OUT.train / champion / "model").predict(test.X)
    scores = metrics.scores(experiment.metrics, test.y, prediction)
    summary = {"champion": champion, "cv": selection.mean_sd(cv), "test": scores}
    folders = {family: OUT.cross_validate / family for family in experiment.models}
    with runtime.directory(OUT.folder / "plots") as folder:
        plots.write_curves(folder, schema, folders, experiment.metrics[0], test.y, prediction)
        for family, found in folders.items():
            plots.draw_family(folder / family, schema, found, experiment.metrics[0])
        shape = params.picture(experiment, len(schema.features))
        if shape and schema.classes and not (schema.categorical or schema.dates):
            path = folder / champion / "recognised.png"
            plots.draw_recognised(path, schema, test.X, shape, test.y, prediction)
    dataset.write_predictions(OUT.folder / "test_predictions.parquet", test, prediction)
    best = runtime.read_json(OUT.cross_validate / champion / "best.json")
    cleaned = runtime.read_json(OUT.clean / "report.json")
    pictures = sorted((OUT.folder / "plots" / champion).glob("*.png"))
    html = page.render(experiment, summary, cleaned, split, best, pictures)
    runtime.write_text(OUT.folder / "report.html", html)
    runtime.write_json(OUT.folder / "metrics.json", summary)


if __name__ == "__main__":
    program.run("select_model", main)
