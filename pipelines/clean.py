"""Stage clean: the source table -> clean rows, rejected rows with reasons, and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenfold import cleaning, params, runtime


def main() -> None:
    """Read the source, apply the rules of `clean:` and write `outputs/clean/`."""
    experiment = params.load()
    with runtime.directory(Path("outputs/clean")) as out:
        report = cleaning.clean(experiment.data, experiment.clean, experiment.task, out)
        # Whoever scores a file later reads it as this table was read.
        report["missing_values"] = experiment.clean.missing_values
        runtime.write_json(out / "report.json", report)
    print(summary(experiment.data.path, report))


def summary(path: str, report: dict[str, Any]) -> str:
    """What happened to the rows and columns, for a person."""
    rejected = sum(report["rejected"].values())
    lines = [f"{path}: {report['read']} rows read, {report['kept']} kept, {rejected} rejected"]
    lines += [f"  {count:>6}  {reason}" for reason, count in sorted(report["rejected"].items())]
    dropped = sorted(report["dropped_columns"].items())
    lines += [f"  column {column} dropped: {why}" for column, why in dropped]
    lines += [f"  note: {remark}" for remark in report["remarks"]]
    return "\n".join(lines)


if __name__ == "__main__":
    runtime.run("clean", main)
