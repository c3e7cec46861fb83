"""Stage split: the clean table -> training rows with their fold, test rows, and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tenfold import audit, params, runtime, splitting
from tenfold.dataset import ROW

TABLE = "outputs/clean/table.parquet"


def main() -> None:
    """Part the clean table by the rules of `split:`, audit it and write `outputs/split/`."""
    experiment = params.load()
    table = pq.read_table(TABLE)
    parts = splitting.split(
        table,
        experiment.data.target,
        experiment.task,
        experiment.split,
        experiment.metrics,
        experiment.seed,
    )
    in_test = np.isin(table[ROW].to_numpy(), parts.test[ROW].to_numpy())
    target, rules = experiment.data.target, experiment.audit
    findings = audit.audit(TABLE, target, experiment.task, in_test, rules, seed=experiment.seed)
    audit.refuse(findings)
    cleaned = runtime.read_json(Path("outputs/clean/report.json"))
    report = parts.report | {"missing_values": cleaned["missing_values"]}
    report["audit"] = [finding.to_json() for finding in findings]
    with runtime.directory(Path("outputs/split")) as out:
        pq.write_table(parts.train, out / "train.parquet", compression="zstd")
        pq.write_table(parts.test, out / "test.parquet", compression="zstd")
        runtime.write_json(out / "report.json", report)
    print("\n".join([summary(report), *map(str, findings)]))


def summary(report: dict[str, Any]) -> str:
    """The sizes of the parts, for a person."""
    rows, sizes = report["rows"], report["folds"]
    lines = [
        f"{rows['train']} rows to train on, {rows['test']} for the last test",
        f"{len(sizes)} folds of {min(sizes)} to {max(sizes)} rows",
        f"{len(report['features']['numeric'])} numeric features, "
        f"{len(report['features']['categorical'])} categorical",
    ]
    for label in report["classes"]:
        train, test = (report["class_counts"][part][str(label)] for part in ("train", "test"))
        lines.append(f"  class {label}: {train} to train on, {test} for the test")
    return "\n".join(lines)


if __name__ == "__main__":
    runtime.run("split", main)
