"""What `tenfold init` and one `dvc repro` reach on tables with fixed test rows.

Run from the project's root: `python benchmarks/quality.py FOLDER`, where each CSV of the folder has
its features, `target` and `part` (train or test). For every table and seed a project is made by
`tenfold init` in a temporary folder and run as a user runs it; the clock covers the whole
`dvc repro`. `--set` changes its params.yaml, so that a part can be left out. With `--projects` the
projects are kept in a folder, and a run with `--set` starts from a copy of the finished one, with
the same plan, so that DVC runs only the stages that the change touches:
`--projects kept --set select_model.ensemble=off --label "no ensemble"`. Results join those of
earlier runs in benchmarks/results/quality.json; `--report` prints them as tables.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tenfold import dataset, metrics, runtime
from tenfold.models.shared import predictor

RESULTS = Path(__file__).parent / "results" / "quality.json"
# The figure that peers report: mean squared error, or the area under the ROC curve.
FIGURE = {"regression": "mse", "binary": "auroc", "multiclass": "auroc"}
N_LATENCIES = 30
# The name of what init writes, unchanged.
LABEL = "tenfold"


def main() -> None:
    options = arguments()
    if options.projects:
        options.projects.mkdir(parents=True, exist_ok=True)
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    if options.report:
        print("\n".join(report(results)))
        return
    for table in sorted(options.folder.glob("*.csv")):
        if options.tables and table.stem not in options.tables:
            continue
        for seed in options.seeds:
            with tempfile.TemporaryDirectory() as folder:
                found = run(options.projects or Path(folder), table, seed, options)
            print(f"{options.label}, {table.stem}, seed {seed}: {json.dumps(found)}", flush=True)
            here = results.setdefault(options.label, {}).setdefault(table.stem, {})
            here[str(seed)] = found
            RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n", "utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="of the tables")
    parser.add_argument("--tables", nargs="+", help="names without .csv; by default all")
    parser.add_argument("--seeds", nargs="+", type=int, default=[7])
    parser.add_argument("--init", nargs="*", default=[], help="more options of tenfold init")
    parser.add_argument("--set", nargs="*", default=[], help="key.of.params=value as YAML")
    parser.add_argument("--label", default=LABEL, help="the name of these results")
    parser.add_argument("--projects", type=Path, help="where projects are kept")
    parser.add_argument("--report", action="store_true", help="print what was measured")
    options = parser.parse_args()
    if not options.report and not (options.folder and options.folder.is_dir()):
        parser.error(f"name the folder of the tables, but got {options.folder}")
    return options


def run(folder: Path, table: Path, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """One project: seconds of init and of dvc repro, scores, size and latency of the champion."""
    # Programs of the same environment come first.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "DVC_SITE_CACHE_DIR": str(folder.resolve() / ".dvc-site")}
    project = folder / f"{table.stem} {seed} {options.label}"
    finished = folder / f"{table.stem} {seed} {LABEL}"
    init = 0.0
    if finished.exists() and finished != project:
        shutil.copytree(finished, project, symlinks=True)
    else:
        command = ["tenfold", "init", str(table.resolve()), "--target", "target", project.name]
        init = _timed([*command, *options.init], folder, env)
    _change(project / "params.yaml", {"seed": seed} | dict(map(_setting, options.set)))
    repro = _timed(["dvc", "repro", "--quiet"], project, env)
    return {"init_seconds": init, "repro_seconds": repro, **read(project)}


def read(project: Path) -> dict[str, Any]:
    """The scores of every family and of the champion, and what the champion costs."""
    outputs = project / "outputs"
    summary = runtime.read_json(outputs / "metrics.json")
    scores = runtime.read_json(outputs / "scores.json")
    champion = summary["champion"]
    models = {folder.name: folder / "model" for folder in sorted((outputs / "train").iterdir())}
    if (outputs / "ensemble" / "model").is_dir():
        models["ensemble"] = outputs / "ensemble" / "model"
    served = predictor.load(models[champion])
    test = dataset.read(outputs / "split" / "test.parquet", served.schema)
    figure = FIGURE[served.schema.task]
    latencies = []
    for number in range(N_LATENCIES):
        start = time.perf_counter()
        served.predict(test.X.iloc[[number]])
        latencies.append(time.perf_counter() - start)
    size = sum(file.stat().st_size for file in models[champion].rglob("*") if file.is_file())
    return {
        "champion": champion,
        "cv": {name: own[figure]["mean"] for name, own in scores.items()},
        "figure": figure,
        "milliseconds_one_row": round(1000 * statistics.median(latencies), 1),
        "model_megabytes": round(size / 1e6, 2),
        "test": {
            name: metrics.scores([figure], test.y, predictor.load(model).predict(test.X))[figure]
            for name, model in models.items()
        },
    }


def report(results: Mapping[str, Any]) -> list[str]:
    """Markdown: for each table the champion of every label, then the families of the first."""
    lines = [
        "| table | run | champion | test | cv | dvc repro | one row | size |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for table in sorted({table for tables in results.values() for table in tables}):
        for label, tables in results.items():
            if table in tables:
                lines.append(f"| {table} | {label} | {_row(list(tables[table].values()))} |")
    families = sorted(
        {
            family
            for tables in results.values()
            for seeds in tables.values()
            for found in seeds.values()
            for family in found["test"]
        }
    )
    lines += ["", f"| table | {' | '.join(families)} |", f"| --- |{' --- |' * len(families)}"]
    label = next(iter(results), "")
    for table, seeds in results.get(label, {}).items():
        cells = [_mean([s["test"].get(family) for s in seeds.values()]) for family in families]
        lines.append(f"| {table} | {' | '.join(cells)} |")
    return lines


def _row(found: list[dict[str, Any]]) -> str:
    champions = ", ".join(dict.fromkeys(one["champion"] for one in found))
    cells = [
        champions,
        f"{found[0]['figure']} {_mean([one['test'][one['champion']] for one in found])}",
        _mean([one["cv"][one["champion"]] for one in found]),
        f"{statistics.mean(one['repro_seconds'] for one in found):.0f} s",
        f"{statistics.mean(one['milliseconds_one_row'] for one in found):.0f} ms",
        f"{statistics.mean(one['model_megabytes'] for one in found):.1f} MB",
    ]
    return " | ".join(cells)


def _mean(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.mean(known):.5g}" if known else ""


def _timed(command: list[str], folder: Path, env: Mapping[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return round(time.perf_counter() - start, 1)


def _setting(text: str) -> tuple[str, Any]:
    key, _, value = text.partition("=")
    return key, YAML(typ="safe").load(value)


def _change(path: Path, settings: Mapping[str, Any]) -> None:
    """Set dotted keys of a YAML file; null removes one."""
    yaml = YAML()
    document = yaml.load(path)
    for dotted, value in settings.items():
        *parents, last = dotted.split(".")
        section = document
        for name in parents:
            section = section.setdefault(name, {})
        if value is None:
            section.pop(last, None)
        else:
            section[last] = value
    yaml.dump(document, path)


if __name__ == "__main__":
    main()
