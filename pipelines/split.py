"""Stage split: the clean table -> training rows with their fold, test rows, and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tenfold import params, roles, runtime, splitting


def main() -> None:
    """Part the clean table by the rules of `split:` and write `outputs/split/`."""
    experiment = params.load()
    table = pq.read_table("outputs/clean/table.parquet")
    parts = splitting.split(
        table,
        experiment.data.target,
        experiment.task,
        experiment.split,
        experiment.metrics,
        experiment.seed,
    )
    cleaned = runtime.read_json(Path("outputs/clean/report.json"))
    features, dropped = roles.choose(
        parts.report["features"], experiment.preprocessing, table.column
    )
    report = parts.report | {
        "dropped_columns": dropped,
        "features": features,
        "missing_values": cleaned["missing_values"],
    }
    with runtime.directory(Path("outputs/split")) as out:
        pq.write_table(parts.train, out / "train.parquet", compression="zstd")
        pq.write_table(parts.test, out / "test.parquet", compression="zstd")
        runtime.write_json(out / "report.json", report)
    print(summary(report))


def summary(report: dict[str, Any]) -> str:
    """The sizes of the parts, for a person."""
    rows, sizes = report["rows"], report["folds"]
    lines = [
        f"{rows['train']} rows to train on, {rows['test']} for the last test",
        f"{len(sizes)} folds of {min(sizes)} to {max(sizes)} rows",
        f"{len(report['features']['numeric'])} numeric features, "
        f"{len(report['features']['categorical'])} categorical, "
        f"{len(report['features']['dates'])} dates",
    ]
    lines += [f"  column {name} dropped: {why}" for name, why in report["dropped_columns"].items()]
    for label in report["classes"]:
        train, test = (report["class_counts"][part][str(label)] for part in ("train", "test"))
        lines.append(f"  class {label}: {train} to train on, {test} for the test")
    return "\n".join(lines)


if __name__ == "__main__":
    runtime.run("split", main)
