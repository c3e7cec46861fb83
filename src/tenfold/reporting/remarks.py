"""What calibration, decision and intervals do to the champion, as JSON and in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tenfold import runtime
from tenfold.dataset import Dataset
from tenfold.params.postprocessing import Decision
from tenfold.postprocessing.decisions import Threshold
from tenfold.reporting.terminal import short
from tenfold.selection.postprocessing import Finished, figures
from tenfold.selection.postprocessing.decision import COST

# Groups with too few rows that a sentence names.
MAX_NAMED = 5


def write(path: Path, finished: Finished, test: Dataset) -> list[str]:
    """Write what is served beside the model, and its figures; return sentences on these.

    Args:
        path: of the file.
        finished: the champion.
        test: the test rows.
    """
    found = figures.of(finished, test)
    served = finished.predictor.postprocessing.to_json()
    runtime.write_json(path, {"served": served, "figures": found})
    sayings = {"calibration": _calibration, "decision": _decision, "intervals": _intervals}
    return [line for key, own in found.items() for line in sayings[key](finished, own)]


def _calibration(finished: Finished, found: Mapping[str, Any]) -> Iterator[str]:
    method, gains = found["method"], found["gains"]
    if method is not None:
        changes = [_change(found[rows], ("log_loss", "ece")) for rows in ("cross_fitted", "test")]
        yield (
            f"probabilities are calibrated ({method}): {changes[0]}, cross-fitted; "
            f"{changes[1]}, on the test rows (ece: expected calibration error)"
        )
    elif not gains:
        yield f"no calibration: {found['why_none']}"
    else:
        best = max(gains, key=lambda name: gains[name]["mean"])
        gain, before = gains[best], found["cross_fitted"]["log_loss"]["before"]
        yield (
            f"no calibration: {best} does not surely help: log_loss {short(before)} would become "
            f"{short(before - gain['mean'])} (less by {short(gain['low'])} to "
            f"{short(gain['high'])}, a 95 % interval), cross-fitted"
        )


def _decision(finished: Finished, found: Mapping[str, Any]) -> Iterator[str]:
    declared, rule = finished.declared.decision, finished.predictor.postprocessing.decision
    assert isinstance(declared, Decision)
    said, name = "the class that costs least is answered", COST
    if isinstance(rule, Threshold):
        label = finished.predictor.schema.classes[rule.positive]
        name = COST if declared.costs is not None else declared.metric or "f1"
        why = "as declared" if declared.threshold else f"the best for {name.replace('_', ' ')}"
        said = f"{label} is answered from a probability of {short(rule.threshold)} on, {why}"
    changes = [
        f"{_change(found[rows], (name,))}, {where}"
        for rows, where in (("cross_fitted", "cross-fitted"), ("test", "on the test rows"))
        if rows in found
    ]
    yield f"{said}: {'; '.join(changes)}"


def _intervals(finished: Finished, found: Mapping[str, Any]) -> Iterator[str]:
    if "why_none" in found:
        yield f"no intervals: {found['why_none']}"
        return
    test = found["test"]
    size = (
        f"{short(test['mean_width'])} wide"
        if "mean_width" in test
        else f"{short(test['mean_size'])} classes"
    )
    kind = "sets" if "mean_size" in test else f"intervals ({found['method']})"
    yield (
        f"{found['coverage']:.4g} {kind}: {size} on average, and hold {short(test['held'])} of the "
        f"{test['rows']} test rows"
    )
    few = found["fell_back"]
    if few:
        by = finished.predictor.postprocessing.conformal.by
        named = ", ".join(f"{value} ({n})" for value, n in list(few.items())[:MAX_NAMED])
        more = f" and {len(few) - MAX_NAMED} more" if len(few) > MAX_NAMED else ""
        yield (
            f"values of {by} with too few {finished.known.units.name} for {found['coverage']:.4g} "
            f"have what all rows have: {named}{more}"
        )


def _change(scores: Mapping[str, Mapping[str, float]], names: tuple[str, ...]) -> str:
    return ", ".join(
        f"{name} {short(scores[name]['before'])} becomes {short(scores[name]['after'])}"
        for name in names
    )
