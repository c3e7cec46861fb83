"""The report: the whole experiment on one HTML page."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold import runtime, selection
from tenfold.params.search_space import flat
from tenfold.reporting.outputs import Outputs
from tenfold.reporting.results import configuration
from tenfold.reporting.terminal import bounds, mean_sd, missing_intervals, short
from tenfold.splitting import split_report

if TYPE_CHECKING:
    from tenfold.params import Params


def write(experiment: Params, results: Mapping[str, Any], outputs: Outputs) -> None:
    """Write the page of an experiment, from what its stages have written.

    Args:
        experiment: params.yaml.
        results: for outputs/metrics.json.
        outputs: of the stages.
    """
    champion = results["champion"]
    cleaned = runtime.read_json(outputs.clean / "report.json")
    split = runtime.read_json(outputs.split / "report.json")
    best = configuration(outputs, champion)
    pictures = sorted((outputs.folder / "plots" / champion).glob("*.png"))
    verdict = runtime.read_json(outputs.verdict)
    page = render(experiment, results, cleaned, split, best, pictures, verdict)
    runtime.write_text(outputs.folder / "report.html", page)


def render(
    experiment: Params,
    results: Mapping[str, Any],
    cleaned: Mapping[str, Any],
    split: Mapping[str, Any],
    best: Mapping[str, Any],
    pictures: Sequence[Path],
    verdict: Mapping[str, Any],
) -> str:
    """Fill the template `report.html.j2`; the page needs no other file.

    Args:
        experiment: params.yaml.
        results: outputs/metrics.json.
        cleaned, split: the reports of the stages `clean` and `split`.
        best: the champion's `configuration`.
        pictures: PNG files of the champion.
        verdict: outputs/verdict.json.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, finalize=_escape, undefined=StrictUndefined, keep_trailing_newline=True
    )
    template = resources.files("tenfold.reporting").joinpath("report.html.j2").read_text("utf-8")
    metrics, cv = experiment.metrics, results["cv"]
    intervals = verdict["test"]["intervals"]
    families = [
        [family, *(mean_sd(cv[family][metric]) for metric in metrics)]
        for family in selection.rank(cv, metrics[0])
    ]
    return environment.from_string(template).render(
        experiment=experiment,
        champion=results["champion"],
        positive=results.get("positive_class"),
        test=[
            (metric, short(results["test"][metric]), bounds(intervals[metric]))
            for metric in metrics
        ],
        no_interval=missing_intervals(intervals),
        families=[["family", *(f"cv {metric} (mean ± sd)" for metric in metrics)], *families],
        cleaned=cleaned,
        split=split,
        copies=split_report.copies(split),
        verdict=verdict["sentences"],
        dropped=cleaned["dropped_columns"] | split["dropped_columns"],
        audit=[f"{found['check']}: {found['sentence']}" for found in split["audit"]],
        parameters=sorted(flat(best["parameters"]).items()),
        findings=best["findings"],
        pictures=[(path.stem.replace("_", " "), _base64(path)) for path in pictures],
    )


def _escape(value: Any) -> Any:
    """Escape as `html` does, which writes quotes in another way than Jinja."""
    from markupsafe import Markup

    return value if hasattr(value, "__html__") else Markup(html.escape(str(value)))


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
