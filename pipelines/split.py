"""Stage split: the clean table -> training rows, their folds, test rows, and a report."""

from __future__ import annotations

from pathlib import Path

from tenfold import params, runtime, splitting


def main() -> None:
    """Part the clean table by the rules of `split:` and write `outputs/split/`."""
    experiment = params.load()
    with runtime.directory(Path("outputs/split")) as out:
        report = splitting.split(
            Path("outputs/clean/table.parquet"),
            out,
            experiment.data.target,
            experiment.task,
            experiment.split,
            experiment.metrics,
            experiment.seed,
        )
        cleaned = runtime.read_json(Path("outputs/clean/report.json"))
        report |= {"missing_values": cleaned["missing_values"]}
        runtime.write_json(out / "report.json", report)
    print(splitting.summary(report))


if __name__ == "__main__":
    runtime.run("split", main)
