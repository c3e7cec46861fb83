"""Clean and split a large CSV: tenfold, pandas with the same rules, and DuckDB's bare copy.

Run from the project's root: `python benchmarks/cleaning.py` (`--rows 10000 100000` for less). Each
contender is a process of its own, so that its peak of memory is its own; they take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

RESULTS = Path(__file__).parent / "results" / "cleaning.json"
TARGET, MARKERS, LEAST_AGE = "bought", ["", "NA"], 0


def tenfold_clean(table: Path, out: Path) -> int:
    """Stage clean: types found and confirmed cell by cell, copies, rules, reasons."""
    from tenfold import cleaning
    from tenfold.params import Clean, Data

    rules = Clean(missing_values=MARKERS, require=[f"age >= {LEAST_AGE}"], drop_columns=["id"])
    report = cleaning.clean(Data(path=str(table), target=TARGET), rules, "binary", out)
    return int(report["kept"])


def tenfold_clean_and_split(table: Path, out: Path) -> int:
    """Stages clean and split, with its audit left out."""
    from tenfold import splitting
    from tenfold.params import Split

    kept = tenfold_clean(table, out)
    settings = splitting.SplitSettings(TARGET, "binary", Split(), ["auroc"], 7)
    splitting.split(out / "table.parquet", out, settings)
    return kept


def pandas_same_rules(table: Path, out: Path) -> int:
    """The same rows kept, without a reason for any other."""
    frame = _pandas_rows(table)
    frame.to_parquet(out / "table.parquet")
    return len(frame)


def pandas_same_rules_and_split(table: Path, out: Path) -> int:
    """The same, and a hold-out and ten folds with the classes' shares; equal rows may be parted."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold, train_test_split

    frame = _pandas_rows(table)
    frame.to_parquet(out / "table.parquet")
    train, test = train_test_split(frame, test_size=0.2, stratify=frame[TARGET], random_state=7)
    folds = np.empty(len(train), np.int8)
    splitter = StratifiedKFold(10, shuffle=True, random_state=7)
    for number, (_, held) in enumerate(splitter.split(train, train[TARGET])):
        folds[held] = number
    train.assign(fold=folds).to_parquet(out / "train.parquet")
    test.to_parquet(out / "test.parquet")
    return len(frame)


def _pandas_rows(table: Path) -> Any:
    import pandas as pd

    frame = pd.read_csv(table, na_values=MARKERS, keep_default_na=False)
    frame = frame.drop_duplicates()
    frame = frame[frame[TARGET].notna() & ~(frame["age"] < LEAST_AGE)]
    return frame.drop(columns="id")


def duckdb_bare_copy(table: Path, out: Path) -> int:
    """No rule and no check: what the disk and the parser cost."""
    import duckdb

    copied = duckdb.execute(
        f"COPY (FROM read_csv('{table}')) TO '{out / 'table.parquet'}' (FORMAT parquet)"
    )
    return int(copied.fetchall()[0][0])


def duckdb_bare_copy_and_parts(table: Path, out: Path) -> int:
    """The same, and every row once more in one of two files; nobody draws, no fold is told."""
    import duckdb

    copied = duckdb_bare_copy(table, out)
    for part, share in (("train", "<> 0"), ("test", "= 0")):
        duckdb.execute(
            f"COPY (FROM '{out / 'table.parquet'}' WHERE hash(id) % 5 {share}) "
            f"TO '{out / part}.parquet' (FORMAT parquet)"
        )
    return copied


CONTENDERS: dict[str, Callable[[Path, Path], int]] = {
    "tenfold_clean": tenfold_clean,
    "tenfold_clean_and_split": tenfold_clean_and_split,
    "pandas_same_rules": pandas_same_rules,
    "pandas_same_rules_and_split": pandas_same_rules_and_split,
    "duckdb_bare_copy": duckdb_bare_copy,
    "duckdb_bare_copy_and_parts": duckdb_bare_copy_and_parts,
}


def make(path: Path, rows: int) -> None:
    """A table of an id and 20 columns: numbers, words, gaps, markers, days, and some rows twice."""
    import duckdb

    def noise(key: int, values: int) -> str:
        return f"(hash(i * 31 + {key}) % {values})::BIGINT"

    columns = ["i AS id", *(f"{noise(k, 1_000_000)} / 1000 AS x{k}" for k in range(8))]
    columns += [f"{noise(20 + k, 100_000)} AS n{k}" for k in range(4)]
    words = "['red', 'green', 'blue', 'black', 'white']"
    columns += [f"{words}[{noise(30 + k, 5)} + 1] AS c{k}" for k in range(3)]
    columns += [
        f"CASE WHEN {noise(40, 20)} > 0 THEN {noise(41, 10_000)} / 100 END AS gap",
        f"CASE WHEN {noise(42, 50)} = 0 THEN 'NA' ELSE {noise(43, 900)}::VARCHAR END AS marked",
        f"DATE '2020-01-01' + {noise(44, 1000)}::INTEGER AS day",
        f"CASE WHEN {noise(45, 10_000)} = 0 THEN -1 ELSE {noise(46, 90)} END AS age",
        f"CASE WHEN {noise(47, 1000)} = 0 THEN NULL WHEN {noise(48, 3)} = 0 THEN 'yes' ELSE 'no' "
        "END AS bought",
    ]
    # Every ten-thousandth row stands there twice.
    source = f"SELECT i - (i % 10000 = 1)::BIGINT AS i FROM range({rows}) r(i)"
    duckdb.connect().execute(
        f"COPY (SELECT {', '.join(columns)} FROM ({source})) TO '{path}' (FORMAT csv, HEADER)"
    )


def run(name: str, table: Path) -> dict[str, float]:
    """One turn of one contender in a process of its own."""
    with tempfile.TemporaryDirectory(dir=table.parent) as folder:
        command = [sys.executable, __file__, "--turn", name, str(table.resolve()), folder]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        ended = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
    measured: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return measured


def turn(name: str, table: str, folder: str) -> None:
    """Measure one contender; its imports are not counted."""
    import duckdb
    import pandas
    import sklearn.model_selection

    import tenfold.cleaning
    import tenfold.splitting

    assert duckdb and pandas and sklearn and tenfold
    start = time.perf_counter()
    kept = CONTENDERS[name](Path(table), Path(folder))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "kept": kept}))


def measure(rows: int, turns: int, folder: Path, names: list[str]) -> list[dict[str, Any]]:
    """Every contender in turn on one table."""
    table = folder / f"{rows}.csv"
    make(table, rows)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(turns):
        for name, own in found.items():
            own.append(run(name, table))
    size = table.stat().st_size
    table.unlink()
    return [
        {
            "rows": rows,
            "bytes": size,
            "contender": name,
            "seconds": [one["seconds"] for one in own],
            "peak_mib": max(one["peak_mib"] for one in own),
            "kept": int(own[0]["kept"]),
        }
        for name, own in found.items()
    ]


def line(result: dict[str, Any], ours: dict[str, Any]) -> str:
    median = statistics.median(result["seconds"])
    ratio = median / statistics.median(ours["seconds"])
    return (
        f"  {result['contender']:28} {median:8.2f} s  {ratio:5.2f} x tenfold_clean  "
        f"peak {result['peak_mib']:6.0f} MiB  {result['kept']} rows kept"
    )


def main() -> None:
    if sys.argv[1:2] == ["--turn"]:
        turn(*sys.argv[2:5])
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10**4, 10**5, 10**6, 10**7])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=[*CONTENDERS])
    parser.add_argument("--folder", type=Path, help="where there is room for the table")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for rows in options.rows:
            found = measure(rows, options.turns, Path(folder), options.contenders)
            print(f"{rows} rows, {found[0]['bytes'] / 2**20:.0f} MiB")
            print(*(line(result, found[0]) for result in found), sep="\n", flush=True)
            results += found
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
