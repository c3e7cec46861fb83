"""The audit measured: planted leaks found and missed, false alarms on honest tables.

Run from the project's root: `python benchmarks/audit.py`. Real tables join from a folder:
`python benchmarks/audit.py --tables folder`, with california_housing.csv, titanic.csv and
adult.csv in it. The tables go into docs/audit.md, between the marks.
"""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.model_selection import train_test_split

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.planted_faults import PLANTED_FAULTS, PlantedFault, Trial
from tenfold import audit, cleaning
from tenfold.audit import Finding
from tenfold.dataset import ROW
from tenfold.metrics import Task
from tenfold.params import Audit, Clean, Data
from tenfold.runtime import derive_seed

DOCUMENT = Path(__file__).parents[1] / "docs" / "audit.md"
MARK = "<!-- measured by benchmarks/audit.py -->"
SEED = 7
SPLITS = 20
# A leak that no sampled training row contradicts is a copy.
STRONGER = {"leak": "target_copy"}
BUNDLED: dict[str, Task] = {
    "breast_cancer": "binary",
    "wine": "multiclass",
    "diabetes": "regression",
}
BUNDLED_HONEST: dict[str, Task] = BUNDLED | {"iris": "multiclass", "digits": "multiclass"}
# file: target, task, texts that mean missing
REAL: dict[str, tuple[str, Task, list[str]]] = {
    "california_housing": ("median_house_value", "regression", [""]),
    "titanic": ("Survived", "binary", [""]),
    "adult": ("income", "binary", ["", "?"]),
}


@dataclass(frozen=True)
class Table:
    """An honest table, as stage clean leaves it."""

    name: str
    frame: pd.DataFrame
    target: str
    task: Task

    def trial(self, *seed: Any, split: int = SEED) -> Trial:
        """The table, a fifth of its rows held out at random, of each class alike."""
        strata = None if self.task == "regression" else self.frame[self.target]
        chance = derive_seed(split, "split", "test")
        n_test = round(0.2 * len(self.frame))
        held_out = train_test_split(
            np.arange(len(self.frame)), test_size=n_test, stratify=strata, random_state=chance
        )[1]
        in_test = np.isin(np.arange(len(self.frame)), held_out)
        draw = np.random.default_rng(derive_seed(self.name, *seed))
        return Trial(self.frame, self.target, self.task, in_test, draw)

    @functools.cached_property
    def known(self) -> set[tuple[str, tuple[str, ...]]]:
        """What the audit says of it while nothing is planted: checks and their columns."""
        return {(found.check, found.columns) for found in look(self.trial())}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tables", type=Path, help="folder of the real tables")
    options = parser.parse_args()
    honest = [bundled(name) for name in BUNDLED_HONEST]
    real = list(real_tables(options.tables)) if options.tables else []
    planted = [table for table in honest if table.name in BUNDLED] + real
    text = "\n".join([*alarms([*honest, *real]), "", *plants(planted)])
    print(text)
    before, _, after = DOCUMENT.read_text(encoding="utf-8").split(MARK)
    DOCUMENT.write_text(f"{before}{MARK}\n\n{text}\n\n{MARK}{after}", encoding="utf-8")


def bundled(name: str) -> Table:
    """A table that comes with scikit-learn."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    frame = pd.DataFrame(bunch.data, columns=[str(column) for column in bunch.feature_names])
    frame = frame.assign(target=bunch.target).drop_duplicates(ignore_index=True)
    return Table(name, frame, "target", BUNDLED_HONEST[name])


def real_tables(folder: Path) -> Iterator[Table]:
    """Tables nobody here wrote, cleaned by the stage's own rules."""
    for name, (target, task, missing) in REAL.items():
        with tempfile.TemporaryDirectory() as out:
            data = Data(path=str(folder / f"{name}.csv"), target=target)
            cleaning.clean(data, Clean(missing_values=missing), task, Path(out))
            frame = pq.read_table(Path(out) / "table.parquet").to_pandas().drop(columns=ROW)
        yield Table(name, frame, target, task)


def look(trial: Trial, rules: Audit | None = None) -> list[Finding]:
    """The audit of a trial."""
    frame = trial.frame.assign(**{ROW: np.arange(len(trial.frame))})
    return audit.audit(
        pa.Table.from_pandas(frame, preserve_index=False),
        trial.target,
        trial.task,
        trial.in_test,
        rules or Audit(),
        groups=trial.groups,
        time=trial.time,
        seed=SEED,
    )


def verdict(table: Table, name: str, plant: PlantedFault) -> tuple[bool, list[Finding]]:
    """Whether what was planted is found, and what else is that the honest table does not show."""
    trial = plant.make(table.trial(name))
    added = set(trial.frame.columns) - set(table.frame.columns)
    expected = plant.expected(table.task)
    new = [found for found in look(trial) if (found.check, found.columns) not in table.known]
    hits = [found for found in new if found.check in (expected, STRONGER.get(expected or ""))]
    hit = any(not added or added & set(found.columns) for found in hits)
    # A second word about the same column is no false alarm.
    other = [found for found in new if found not in hits and not added & set(found.columns)]
    return hit, other


def alarms(tables: list[Table]) -> Iterator[str]:
    """What the audit says of honest tables, and what else it says of other random splits."""
    yield f"| honest table | rows | features | errors | warnings | in {SPLITS} other splits |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for table in tables:
        found = look(table.trial())
        errors = sum(finding.level == "error" for finding in found)
        said = [f"`{f.check}`: {', '.join(f.columns) or 'rows'}" for f in found]
        others = {
            (one.check, one.columns)
            for split in range(SPLITS)
            for one in look(table.trial(split=split + 100))
        }
        new = sorted(f"`{check}`" for check, _ in others - table.known)
        more = ", ".join(new) or "nothing else"
        rows, columns = len(table.frame), len(table.frame.columns) - 1
        shown = "; ".join(said) or "none"
        yield f"| {table.name} | {rows} | {columns} | {errors} | {shown} | {more} |"


def plants(tables: list[Table]) -> Iterator[str]:
    """What the audit says of each plant in each table it fits."""
    yield f"| planted | must be seen by | {' | '.join(table.name for table in tables)} |"
    yield "| --- | --- |" + " --- |" * len(tables)
    found = missed = false = 0
    for name, plant in PLANTED_FAULTS.items():
        cells, checks = [], set()
        for table in tables:
            if table.task not in plant.tasks:
                cells.append("")
                continue
            hit, other = verdict(table, name, plant)
            checks.add(plant.expected(table.task))
            found, missed = found + hit, missed + (not hit)
            false += len(other)
            beside = "".join(f", beside `{finding.check}`" for finding in other)
            cells.append(("found" if hit else "**missed**") + beside)
        expected = " or ".join(f"`{check}`" for check in sorted(filter(None, checks)))
        expected = expected or "no check can, yet"
        yield f"| {plant.words} | {expected} | {' | '.join(cells)} |"
    yield ""
    yield f"{found} found, {missed} missed, {false} other findings that nothing planted explains."


if __name__ == "__main__":
    main()
