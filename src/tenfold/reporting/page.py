"""The report: the whole experiment on one HTML page that needs no other file and no network."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold import runtime, selection
from tenfold.reporting import (
    charts,
    column_profiles,
    configurations,
    curves,
    prediction_curves,
    rejected_rows,
    terminal,
)
from tenfold.reporting.charts import Spec
from tenfold.reporting.column_profiles import ColumnProfile
from tenfold.reporting.configurations import Member
from tenfold.reporting.outputs import Outputs
from tenfold.reporting.pictures import RECOGNISED
from tenfold.reporting.rejected_rows import Rejected
from tenfold.reporting.verdict import REFERENCES
from tenfold.splitting import split_report

if TYPE_CHECKING:
    from tenfold.params import Params

# Its head has the scripts that draw, which the report takes from there.
VEGA = "vega.html"
SCRIPTS_BEGIN, SCRIPTS_END = "<!-- scripts -->", "<!-- end of scripts -->"
# Columns of the CSVs that hold no number, and those that hold the labels of classes.
TEXTS = {"family", "role", "parameter", "value", "column", "kind", "of", "description"}
LABELS = {"confusion": {"actual", "predicted"}, "suspect_rows": {"given", "likelier"}}


@dataclass(frozen=True)
class PageContent:
    """All that is on the page.

    Attributes:
        experiment: params.yaml.
        results: outputs/metrics.json.
        scores: of every candidate, outputs/scores.json.
        verdict: outputs/verdict.json.
        cleaned, split: the reports of the stages `clean` and `split`.
        curves: the rows of each CSV of outputs/plots.
        inspection: what was found of the champion in words; None if it was not looked at.
        columns: of the clean table.
        rejected: reasons with examples.
        members: the configurations that the champion is made of.
        tried: how many configurations each family has tried.
        data_digest: of the clean table.
        recognised: a picture of rows that are pictures, if they are.
    """

    experiment: Params
    results: Mapping[str, Any]
    scores: Mapping[str, selection.Summary]
    verdict: Mapping[str, Any]
    cleaned: Mapping[str, Any]
    split: Mapping[str, Any]
    curves: Mapping[str, curves.Rows]
    inspection: Mapping[str, Any] | None
    columns: Sequence[ColumnProfile]
    rejected: Sequence[Rejected]
    members: Sequence[Member]
    tried: Mapping[str, int]
    data_digest: str
    recognised: bytes | None = None

    @property
    def champion(self) -> str:
        """The name of the chosen candidate."""
        return str(self.results["champion"])

    @property
    def metric(self) -> str:
        """The metric that decides."""
        return self.experiment.metrics[0]


def write(experiment: Params, results: Mapping[str, Any], outputs: Outputs) -> None:
    """Write the page of an experiment, from what its stages have written.

    Args:
        experiment: params.yaml.
        results: for outputs/metrics.json.
        outputs: of the stages.
    """
    runtime.write_text(outputs.folder / "report.html", render(read(experiment, results, outputs)))


def read(experiment: Params, results: Mapping[str, Any], outputs: Outputs) -> PageContent:
    """Read what the stages have written."""
    cleaned = runtime.read_json(outputs.clean / "report.json")
    plots = outputs.folder / "plots"
    picture, found = plots / results["champion"] / RECOGNISED, plots / curves.INSPECTION
    table = outputs.clean / "table.parquet"
    return PageContent(
        experiment=experiment,
        results=results,
        scores=runtime.read_json(outputs.scores),
        verdict=runtime.read_json(outputs.verdict),
        cleaned=cleaned,
        split=runtime.read_json(outputs.split / "report.json"),
        curves={name: read_rows(plots / f"{name}.csv") for name in curves.COLUMNS},
        inspection=runtime.read_json(found) if found.exists() else None,
        columns=column_profiles.profile(table, cleaned["columns"]),
        rejected=rejected_rows.rejected(outputs.clean / "rejected.parquet", cleaned["rejected"]),
        members=configurations.members(outputs, results["champion"], experiment),
        tried={
            family: runtime.read_json(outputs.cross_validate / family / "best.json")["n_trials"]
            for family in experiment.models
        },
        data_digest=runtime.digest(table),
        recognised=picture.read_bytes() if picture.exists() else None,
    )


def read_rows(path: Path) -> curves.Rows:
    """A CSV of plots with numbers as such; an empty cell is None."""
    texts = TEXTS | LABELS.get(path.stem, set())
    return [
        {key: _cell(value, key in texts) for key, value in row.items()}
        for row in runtime.read_rows(path)
    ]


def _cell(value: str, is_text: bool) -> Any:
    if is_text:
        return value
    return float(value) if value else None


def render(content: PageContent) -> str:
    """Fill the template `report.html.j2`."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, finalize=_escape, undefined=StrictUndefined, keep_trailing_newline=True,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    specs, left_out = draw(content)
    intervals = content.verdict["test"]["intervals"]
    first, how_good = sentences(content)
    drawn = {"config": charts.CONFIG, "specs": specs}
    return environment.from_string(_resource("report.html.j2")).render(
        content=content,
        experiment=content.experiment,
        charts=specs,
        left_out=left_out,
        families=family_table(content),
        test=[
            (name, terminal.short(content.results["test"][name]), terminal.bounds(intervals[name]))
            for name in content.experiment.metrics
        ],
        no_interval=terminal.missing_intervals(intervals),
        differences=differences(content.verdict),
        first_sentences=first,
        how_good=how_good,
        suspects=suspects(content),
        copies=split_report.copies(content.split),
        dropped=content.cleaned["dropped_columns"] | content.split["dropped_columns"],
        recognised=content.recognised and base64.b64encode(content.recognised).decode(),
        short=terminal.short,
        exact=exact,
        style=_markup(_resource("report.css")),
        scripts=_markup(scripts()),
        script=_markup(_resource("report.js")),
        drawn=_markup(json.dumps(drawn, allow_nan=False).replace("<", "\\u003c")),
    )


def scripts() -> str:
    """The scripts that draw charts, as they stand in the page of `dvc plots`."""
    return _resource(VEGA).partition(SCRIPTS_BEGIN)[2].partition(SCRIPTS_END)[0]


def draw(content: PageContent) -> tuple[dict[str, Spec], list[str]]:
    """The charts by the id of their place, and the candidates that the first leaves out."""
    rows, metric, champion = content.curves, content.metric, content.champion
    target = content.experiment.data.target
    others = [row["family"] for row in rows["families"] if row["family"] != champion]
    candidates = [champion, *others]
    first, left_out = charts.families(rows["families"], metric)
    found = {"families": first, "cost": charts.cost(rows["families"], metric)}
    # What knows nothing of a row is a straight line, or none.
    lines = {
        name: [row for row in rows[name] if row["family"] != REFERENCES[0]]
        for name in ("roc", "precision_recall")
    }
    if lines["roc"]:
        x, y = ("fpr", "false positive rate"), ("tpr", "true positive rate")
        found["roc"] = charts.curves(lines["roc"], x, y, candidates, diagonal=True)
    if lines["precision_recall"]:
        x, y = ("recall", "recall"), ("precision", "precision")
        found["precision-recall"] = charts.curves(
            lines["precision_recall"], x, y, candidates, diagonal=False
        )
    served = (champion, f"{champion}{curves.CALIBRATED}")
    own = [row for row in rows["calibration"] if row["family"] in served]
    if own:
        found["calibration"] = charts.calibration(own)
    classes = [str(label) for label in content.split["classes"]]
    if rows["confusion"] and len(classes) <= charts.MAX_CLASSES:
        found["confusion"] = charts.confusion(rows["confusion"], classes)
    if rows["predicted"]:
        found["predicted"] = charts.predicted(_spread(rows["predicted"]), target)
        found["residuals"] = charts.residuals(rows["residuals"], target)
    if rows["learning_curves"]:
        found["learning-curves"] = charts.learning_curves(rows["learning_curves"], candidates)
    folds = [row for row in rows["fold_scores"] if row["family"] not in left_out]
    found["folds"] = charts.folds(folds, metric, candidates)
    if rows["importance"]:
        found["importance"] = charts.importance(rows["importance"], metric)
    for number, own in enumerate(_by(rows["partial_dependence"], "column").values()):
        found[f"dependence-{number}"] = charts.dependence(_with_numbers(own), target)
    for family, own in _by(rows["trials"], "family").items():
        found[f"trials-{family}"] = charts.trials(own, metric)
    return found, left_out


def _by(rows: curves.Rows, key: str) -> dict[str, curves.Rows]:
    found: dict[str, curves.Rows] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _with_numbers(rows: curves.Rows) -> curves.Rows:
    """Rows of partial_dependence.csv, whose values are numbers where the column has such."""
    return [
        row | {"value": float(row["value"])} if row["kind"] == "number" else row for row in rows
    ]


def _spread(rows: curves.Rows) -> curves.Rows:
    """At most as many rows as a cloud of points has, spread evenly."""
    return rows[:: -(-len(rows) // prediction_curves.MAX_CLOUD)]


def family_table(content: PageContent) -> list[dict[str, Any]]:
    """A row for each candidate, from best to worst."""
    return [
        {
            "family": row["family"],
            "role": row["role"],
            "scores": [
                terminal.mean_sd(content.scores[row["family"]][name])
                for name in content.experiment.metrics
            ],
            "tried": content.tried.get(row["family"], ""),
            "models": int(row["models"]),
            "megabytes": f"{row['megabytes']:.3g}",
        }
        for row in content.curves["families"]
    ]


def sentences(content: PageContent) -> tuple[list[str], list[str]]:
    """The verdict in two parts: who won how surely, and how good is what is served."""
    said = list(content.verdict["sentences"])
    own = f"{content.champion}: {content.metric} "
    place = next((n for n, one in enumerate(said) if one.startswith(own)), len(said) - 1)
    return said[: place + 1], said[place:]


def differences(verdict: Mapping[str, Any]) -> list[list[str]]:
    """By how much the champion is better than each other candidate, with interval and p-value."""
    return [
        [
            name,
            terminal.short(found["mean"]),
            f"{terminal.short(found['low'])} to {terminal.short(found['high'])}",
            f"{found['p']:.2g}",
        ]
        for name, found in verdict["better_by"].items()
    ]


def suspects(content: PageContent) -> list[list[str]]:
    """The rows whose target is most likely wrong, with a header; nothing if there are none."""
    rows = content.curves["suspect_rows"]
    if not rows:
        return []
    if content.split["classes"]:
        header = ["row", "given", "probability", "likelier", "probability"]
        return [
            header,
            *(
                [
                    f"{row['row']:.0f}",
                    row["given"],
                    terminal.short(row["probability_given"]),
                    row["likelier"],
                    terminal.short(row["probability_likelier"]),
                ]
                for row in rows
            ),
        ]
    header = ["row", "given", "predicted", "residual, in robust standard deviations"]
    return [
        header,
        *(
            [
                f"{row['row']:.0f}",
                terminal.short(float(row["given"])),
                terminal.short(row["predicted"]),
                f"{row['spreads']:.1f}",
            ]
            for row in rows
        ),
    ]


def exact(value: Any) -> str:
    """A setting as it is; a number that no person has chosen with four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _resource(name: str) -> str:
    return resources.files("tenfold.reporting").joinpath(name).read_text("utf-8")


def _markup(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


def _escape(value: Any) -> Any:
    """Escape as `html` does, which writes quotes in another way than Jinja."""
    return value if hasattr(value, "__html__") else _markup(html.escape(str(value)))
