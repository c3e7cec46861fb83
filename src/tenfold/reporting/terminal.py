"""Lines on the terminal: summaries of stages, the leaderboard, progress bars."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tenfold import selection
from tenfold.metrics import named
from tenfold.runtime import shown

if TYPE_CHECKING:
    from tenfold.tuning.search import Trial

# Notes about columns; a wide table may have a thousand.
MAX_NOTES = 40


def on_terminal(progress: str) -> bool:
    """Whether to show progress bars; `auto`: if stderr is a terminal."""
    return sys.stderr.isatty() if progress == "auto" else progress == "on"


def clean_summary(path: str, report: Mapping[str, Any]) -> str:
    """What happened to the rows, cells and columns."""
    rejected = sum(report["rejected"].values())
    lines = [f"{path}: {report['read']} rows read, {report['kept']} kept, {rejected} rejected"]
    lines += [f"  {count:>6}  {reason}" for reason, count in sorted(report["rejected"].items())]
    lines += [f"  {count:>6}  {what}" for what, count in sorted(report["mended"].items())]
    dropped = sorted(report["dropped_columns"].items())
    notes = [f"  column {shown(column)} dropped: {why}" for column, why in dropped]
    remarks = [*report.get("odd_cells", []), *report["remarks"]]
    notes += [f"  note: {remark}" for remark in remarks]
    more = len(notes) - MAX_NOTES
    if more > 1:
        notes[MAX_NOTES:] = [f"  and {more} notes more, in outputs/clean/report.json"]
    return "\n".join([*lines, *notes])


@contextlib.contextmanager
def progress(family: str, metric: str, *, shown: bool) -> Iterator[Callable[[Trial, int], None]]:
    """A progress bar over the trials of a search, with the best score so far."""
    from tqdm import tqdm

    scores: list[float] = []
    with tqdm(desc=family, unit="trial", disable=not shown, leave=False) as bar:

        def show(trial: Trial, n_trials: int) -> None:
            bar.total = n_trials
            if trial.evaluation is not None:
                scores.append(trial.score(metric))
                top = max(scores) if named(metric).direction == "maximize" else min(scores)
                bar.set_postfix({metric: f"{top:.4f}"}, refresh=False)
            bar.update()

        yield show


def search_summary(
    family: str,
    trials: Sequence[Trial],
    best: Trial,
    metric: str,
    n_configurations: float = math.inf,
) -> str:
    """The best trial of a search, and one line for each finding of its diagnostics.

    `n_configurations` is the number of all that there are, if the space is discrete.
    """
    failed = sum(trial.evaluation is None for trial in trials)
    counted = best.values and len(trials) <= n_configurations
    count = tried_of(len(trials), n_configurations if counted else math.inf)
    tried = count + (f" ({failed} failed)" if failed else "")
    tuned = ", ".join(f"{name}={short(value)}" for name, value in best.values.items())
    score = f"{metric} {best.score(metric):.4f}"
    found = f"cross_validate@{family}: {tried}, best {score}" + (f" with {tuned}" if tuned else "")
    assert best.evaluation is not None
    notes = [f"note: {family}: {finding}" for finding in best.evaluation.findings]
    return "\n".join([found, *notes])


def tried_of(n_trials: int, n_configurations: float) -> str:
    """How many trials, and of how many configurations if these can be counted.

    >>> tried_of(3, 6), tried_of(3, math.inf)
    ('3 of 6 configurations', '3 trials')
    """
    if math.isinf(n_configurations):
        return f"{n_trials} trial{'s' if n_trials > 1 else ''}"
    return f"{n_trials} of {n_configurations} configuration{'s' if n_configurations > 1 else ''}"


def leaderboard(
    results: Mapping[str, Any],
    scores: Mapping[str, selection.Summary],
    metric_names: Sequence[str],
    intervals: Mapping[str, Any],
) -> str:
    """The families from best to worst, mean ± sd of every metric; the champion's test scores.

    Args:
        results: outputs/metrics.json.
        scores: outputs/scores.json.
        metric_names: in the order of params.yaml.
        intervals: of the test scores, as in outputs/verdict.json.
    """
    header = ["", "family", *(f"cv {name}" for name in metric_names)]
    rows = [header]
    for family in selection.rank(scores, metric_names[0]):
        mark = "*" if family == results["champion"] else ""
        rows.append([mark, family, *(mean_sd(scores[family][name]) for name in metric_names)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    test = ", ".join(
        f"{name} {short(results['test'][name])} {bounds(intervals[name])}".rstrip()
        for name in metric_names
    )
    positive = results.get("positive_class")
    of = "" if positive is None else f" (positive class: {positive})"
    said = f"* champion; on the test rows, with 95 % intervals: {test}{of}"
    return "\n".join([*lines, "", said, *missing_intervals(intervals)])


def bounds(interval: Mapping[str, Any]) -> str:
    """An interval of outputs/verdict.json in brackets; nothing if it says why there is none."""
    if "why_none" in interval:
        return ""
    return f"({short(interval['low'])} to {short(interval['high'])})"


def missing_intervals(intervals: Mapping[str, Any]) -> list[str]:
    """Why metrics have no interval, a line for each reason."""
    names: dict[str, list[str]] = {}
    for name, interval in intervals.items():
        if "why_none" in interval:
            names.setdefault(interval["why_none"], []).append(name)
    return [f"no interval of {', '.join(own)}: {why}" for why, own in names.items()]


def mean_sd(summary: Mapping[str, Any]) -> str:
    """Mean and standard deviation of a metric over the folds."""
    if summary["sd"] is None:
        return f"{short(summary['mean'])} (one fold)"
    return f"{short(summary['mean'])} ± {short(summary['sd'])}"


def short(value: object) -> str:
    """A number with four decimals if it is small, else with one."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"
