"""Networks for tables against boosting: the same folds, the same number of trials.

Run from the project's root, with any table:
`python benchmarks/tables.py housing.csv median_house_value regression`.
Each contender is searched by the stage programs themselves, in a folder of its own that is
removed afterwards. The test rows are scored by both last fits, the bag of the folds' networks and
one network refitted on all rows. Results go to benchmarks/results/tables.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "tables.json"
METRICS = {
    "regression": ["mse", "mae", "r2"],
    "binary": ["auroc", "accuracy", "log_loss"],
    "multiclass": ["auroc", "accuracy", "log_loss"],
}
NETWORK: dict[str, Any] = {
    "learning_rate": {"low": 0.001, "high": 0.01, "log": True},
    "weight_decay": {"low": 0.0001, "high": 0.1, "log": True},
    "dropout": {"low": 0.0, "high": 0.3},
    "n_blocks": 2,
    "d_block": 128,
    "batch_size": 256,
    "patience": 8,
    "schedule": "reduce_on_plateau",
    "plateau_patience": 3,
}
EMBEDDINGS = {"numeric": "piecewise_linear", "categorical": "learned", "n_bins": 24}
CONTENDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "hist_gradient_boosting": (
        "hist_gradient_boosting",
        {
            "max_iter": 300,
            "learning_rate": {"low": 0.03, "high": 0.3, "log": True},
            "max_leaf_nodes": {"low": 8, "high": 63, "log": True},
            "l2_regularization": {"low": 0.001, "high": 10.0, "log": True},
        },
    ),
    "mlp": ("mlp", NETWORK),
    "mlp + embeddings": ("mlp", NETWORK | {"embeddings": EMBEDDINGS}),
    "resnet": ("resnet", NETWORK),
    "resnet + embeddings": ("resnet", NETWORK | {"embeddings": EMBEDDINGS}),
}
SCORE = """
import json, sys
from pathlib import Path
from tenfold import dataset, metrics, predictor
found = predictor.load(Path("outputs/train") / sys.argv[1] / "model")
test = dataset.read(Path("outputs/split/test.parquet"), found.schema)
print(json.dumps(metrics.scores(sys.argv[2:], test.y, found.predict(test.X))))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("target")
    parser.add_argument("task", choices=METRICS)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--contenders", nargs="*", default=list(CONTENDERS), choices=CONTENDERS)
    asked = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(asked.contenders):
            found[name] = contend(Path(folder), asked, name, first=number == 0)
            print(f"{asked.table.stem}, {name}: {json.dumps(found[name])}", flush=True)
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    known[asked.table.stem] = known.get(asked.table.stem, {}) | found
    RESULTS.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def contend(folder: Path, asked: argparse.Namespace, name: str, *, first: bool) -> dict[str, Any]:
    """One contender's cross-validated scores, its seconds, and the test scores of its last fits."""
    family, declared = CONTENDERS[name]
    metrics = METRICS[asked.task]
    experiment: dict[str, Any] = {
        "name": "tables",
        "task": asked.task,
        "seed": 7,
        "metrics": metrics,
        "data": {"path": str(asked.table.resolve()), "target": asked.target},
        "clean": {"missing_values": ["", "?", "NA"]},
        "split": {"n_splits": asked.folds},
        "audit": {},
        "preprocessing": {},
        "tune": {"n_trials": asked.trials, "generation_size": asked.trials, "sampler": "random"},
        "train": {},
        "trainer": {"max_epochs": asked.epochs},
        "models": {family: declared},
        "select_model": {"registered_model_name": "tables"},
    }
    _write(folder, experiment)
    if first:
        _stage(folder, "clean")
        _stage(folder, "split")
    start = time.perf_counter()
    _stage(folder, "cross_validate", family)
    seconds = time.perf_counter() - start
    results = folder / "outputs" / "cross_validate" / family / "scores.json"
    scores = json.loads(results.read_text(encoding="utf-8"))
    tests = {}
    for strategy in ("bag", "refit"):
        _write(folder, experiment | {"train": {"strategy": strategy}})
        _stage(folder, "train", family)
        tests[strategy] = json.loads(_run(folder, ["-c", SCORE, family, *metrics]))
    return {
        "cv": {metric: scores[metric]["mean"] for metric in metrics},
        "seconds": round(seconds, 1),
        "test": tests,
    }


def _write(folder: Path, experiment: dict[str, Any]) -> None:
    # JSON is YAML.
    (folder / "params.yaml").write_text(json.dumps(experiment), encoding="utf-8")


def _stage(folder: Path, stage: str, *arguments: str) -> None:
    _run(folder, [str(ROOT / "pipelines" / f"{stage}.py"), *arguments])


def _run(folder: Path, arguments: list[str]) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
