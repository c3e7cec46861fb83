"""Stage clean: the source table -> clean rows, rejected rows with reasons, and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tenfold.runtime.program as program
from tenfold import runtime

OUT = Path("outputs/clean")


def main() -> None:
    """Read the source, apply the rules of `clean:` and write `outputs/clean/`.

    DVC cannot watch a database, so this always runs, and looks before it imports what takes long.
    """
    values = runtime.checked_params()
    if values and is_current(values, runtime.source_digests(values["data"]["path"])):
        return
    from tenfold import cleaning, models, params, sources
    from tenfold.reporting import terminal
    from tenfold.tuning import machine

    seen = runtime.params_fingerprint()
    experiment = machine.checked(params.load(models))
    values = experiment.model_dump(mode="json")
    runtime.note_checked(values, seen)
    source = sources.fingerprint(experiment.data)
    if is_current(values, source):
        return
    with runtime.directory(OUT) as out:
        report = cleaning.clean(experiment.data, experiment.clean, experiment.task, out)
        runtime.write_json(out / "report.json", report)
    runtime.custom_code.write_digests(values["models"], values["metrics"][0])
    runtime.stamp("clean", inputs(values, source), OUT)
    print(terminal.clean_summary(experiment.data.path, report))


def is_current(values: dict[str, Any], source: list[str] | None) -> bool:
    """Whether the outputs need not be made again; those that belong to families follow these."""
    for stage in ("cross_validate", "train"):  # select_model depends on all that is there.
        runtime.remove_undeclared(Path("outputs", stage), values["models"])
    current = runtime.is_current("clean", inputs(values, source), OUT)
    if current:
        runtime.custom_code.write_digests(values["models"], values["metrics"][0])
        print(f"{values['data']['path']}: unchanged")
    return current


def inputs(values: dict[str, Any], source: list[str] | None) -> list[Any] | None:
    """All that the outputs depend on; None if only reading the source tells."""
    read = values["data"] | {"positive_class": None}
    return source and [source, values["task"], read, values["clean"]]


if __name__ == "__main__":
    program.run("clean", main)
