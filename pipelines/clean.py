"""Stage clean: the source table -> clean rows, rejected rows with reasons, and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tenfold.runtime.program as program
from tenfold import cleaning, models, params, runtime, sources
from tenfold.reporting import terminal

OUT = Path("outputs/clean")
OF_FAMILIES = [Path("outputs/cross_validate"), Path("outputs/train")]


def main() -> None:
    """Read the source, apply the rules of `clean:` and write `outputs/clean/`.

    DVC always runs this stage, since it cannot watch a pattern, a database or a bundled table. So
    this is also where what is left of a family that was removed from params.yaml goes.
    """
    experiment = params.load(models)
    for folder in OF_FAMILIES:  # select_model depends on all that is there.
        runtime.remove_undeclared(folder, experiment.models)
    source = sources.fingerprint(experiment.data)
    inputs: Any = source and [
        source,
        experiment.task,
        experiment.data.model_dump(mode="json"),
        experiment.clean.model_dump(mode="json"),
    ]
    if runtime.is_current("clean", inputs, OUT):
        print(f"{experiment.data.path}: unchanged")
        return
    with runtime.directory(OUT) as out:
        report = cleaning.clean(experiment.data, experiment.clean, experiment.task, out)
        runtime.write_json(out / "report.json", report)
    if inputs:
        runtime.stamp("clean", inputs, OUT)
    print(terminal.clean_summary(experiment.data.path, report))


if __name__ == "__main__":
    program.run("clean", main)
