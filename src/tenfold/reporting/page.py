"""The page that a person reads: the whole experiment in one HTML file."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold import selection
from tenfold.params.search_space import flat
from tenfold.reporting.terminal import mean_sd, short

if TYPE_CHECKING:
    from tenfold.params import Params

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { border-bottom: 1px solid #ddd; padding: .3rem .8rem; text-align: left }
h2#families + table tbody tr:first-child td { font-weight: 600 }
figure { display: inline-block; margin: 1rem 1rem 0 0 }
img { max-width: 28rem }
"""


def render(
    experiment: Params,
    results: Mapping[str, Any],
    cleaned: Mapping[str, Any],
    split: Mapping[str, Any],
    best: Mapping[str, Any],
    pictures: Sequence[Path],
) -> str:
    """The whole experiment on one self-contained HTML page."""
    name, metric_names, champion = experiment.name, experiment.metrics, results["champion"]
    scores = [
        [family, *(mean_sd(results["cv"][family][metric]) for metric in metric_names)]
        for family in selection.rank(results["cv"], metric_names[0])
    ]
    rows = split["rows"]
    tested = ", ".join(
        f"{metric} <strong>{short(results['test'][metric])}</strong>" for metric in metric_names
    )
    dropped = cleaned["dropped_columns"] | split["dropped_columns"]
    images = "\n".join(_image(path) for path in pictures)
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{html.escape(name)}</title><style>{STYLE}</style></head>
<body>
<h1>{html.escape(name)}</h1>
<p>Champion: <strong>{html.escape(champion)}</strong>, chosen by cross-validated
{metric_names[0]}. On {rows["test"]} test rows, seen once:
{tested}.</p>
<h2 id="families">Families</h2>
{_table(["family", *(f"cv {metric} (mean ± sd)" for metric in metric_names)], scores)}
<h2>Data</h2>
<p>{cleaned["read"]} rows read, {cleaned["kept"]} kept: {rows["train"]} to train in
{len(split["folds"])} folds ({_strategy(experiment, split)}), {rows["test"]} to test.</p>
{_table(["rejected because", "rows"], list(cleaned["rejected"].items()))}
{_table(["dropped column", "because"], list(dropped.items()))}
{_list("Audit", [f"{found['check']}: {found['sentence']}" for found in split["audit"]])}
<h2>Champion's configuration</h2>
{_table(["parameter", "value"], sorted(flat(best["parameters"]).items()))}
{_list("Diagnosis", best["findings"])}
<h2>Pictures</h2>
{images}
</body>
</html>
"""


def _strategy(experiment: Params, split: Mapping[str, Any]) -> str:
    column = experiment.split.deciding
    by = f" by {html.escape(column)}" if column else ""
    left_out = split["rows"]["left_out"]
    gap = f", {left_out} rows left out before the test" if left_out else ""
    return f"{split['strategy']}{by}{gap}"


def _list(title: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)
    return f"<h2>{title}</h2>\n<ul>{items}</ul>"


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>\n"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"


def _image(path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode()
    caption = path.stem.replace("_", " ")
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{content}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
