"""What `tenfold nested` says and writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenfold import runtime
from tenfold.params import Params
from tenfold.reporting import outputs
from tenfold.reporting.outputs import Outputs
from tenfold.reporting.terminal import short
from tenfold.runtime import UserError
from tenfold.selection import nested
from tenfold.selection.nested import OuterFold, RunStage


def run(experiment: Params, n_folds: int | None, run_stage: RunStage) -> Iterator[str]:
    """Run nested cross-validation, a line for each fold; write outputs/nested.json.

    Args:
        experiment: params.yaml, whose results stand in outputs/.
        n_folds: how many folds, evenly chosen; all by default.
        run_stage: runs a stage in a folder.

    Raises:
        UserError: if outputs/ holds no results of this params.yaml.
    """
    out = Outputs()
    made_from = _made_from(experiment, out)
    metric, scratch = experiment.metrics[0], runtime.scratch("nested", made_from)
    found: list[OuterFold] = []
    for own in nested.run(experiment, n_folds, run_stage, scratch):
        found.append(own)
        yield (
            f"fold {own.number}: {own.champion} is chosen by {metric} {short(own.expected)}, and "
            f"has {short(own.scores[metric])} on the rows of the fold"
        )
    summary = nested.summary(found)
    said = nested.sentence(
        summary[metric], metric, dict(Counter(own.champion for own in found).most_common())
    )
    described = {"made_from": made_from, "folds": [asdict(own) for own in found]}
    runtime.write_json(out.nested, described | {"scores": summary, "sentence": said})
    runtime.discard(scratch)
    yield said


def sentences(out: Outputs) -> list[str]:
    """The result in words, if nested cross-validation was run on the results of today."""
    if not out.nested.exists():
        return []
    written = runtime.read_json(out.nested)
    current = outputs.stamp(out)[0] == written["made_from"]
    return [written["sentence"]] if current else []


def _made_from(experiment: Params, out: Outputs) -> str:
    """The fingerprint of what the results in outputs/ were made from."""
    needed: list[Path] = [out.stamp, *(out.train / name for name in experiment.models)]
    if all(path.exists() for path in needed):
        values: dict[str, Any] = experiment.model_dump(mode="json")
        fingerprint = outputs.inputs_fingerprint(values, out)
        if outputs.stamp(out)[0] == fingerprint:
            return fingerprint
    raise UserError(
        "nested cross-validation repeats an experiment that has results, but outputs/ has none of "
        "this params.yaml: run `dvc repro` first"
    )
