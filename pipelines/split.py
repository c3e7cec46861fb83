"""Stage split: the clean table -> training rows, their folds, test rows, and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tenfold import audit, params, roles, runtime, splitting

TABLE = Path("outputs/clean/table.parquet")


def main() -> None:
    """Part the clean table by the rules of `split:`, audit it and write `outputs/split/`."""
    experiment = params.load()
    with runtime.directory(Path("outputs/split")) as out:
        report = splitting.split(
            TABLE,
            out,
            experiment.data.target,
            experiment.task,
            experiment.split,
            experiment.metrics,
            experiment.seed,
        )
        cleaned = runtime.read_json(Path("outputs/clean/report.json"))
        features, dropped = roles.choose(report["features"], experiment.preprocessing, _column)
        report |= {
            "dropped_columns": dropped,
            "features": features,
            "missing_values": cleaned["missing_values"],
            "reading": cleaned["reading"],
        }
        findings = audit.audit_files(TABLE, out / "test.parquet", experiment)
        audit.refuse(findings)
        report["audit"] = [finding.to_json() for finding in findings]
        runtime.write_json(out / "report.json", report)
    print("\n".join([splitting.summary(report), *map(str, findings)]))


def _column(name: str) -> Any:
    return pq.read_table(TABLE, columns=[name])[name]


if __name__ == "__main__":
    runtime.run("split", main)
