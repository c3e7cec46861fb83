"""A table, how it is split, and the parts as they lie on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tenfold import splitting
from tenfold.dataset import ROW, folds
from tenfold.dataset.folds import Folds
from tenfold.metrics import Task
from tenfold.params import Split
from tenfold.splitting import SplitSettings


@dataclass(frozen=True)
class Parts:
    """What the stage wrote."""

    train: Any
    test: Any
    folds: Folds
    report: dict[str, Any]

    def values(self, column: str) -> tuple[Any, Any]:
        """A column of the training and of the test rows."""
        return self.train[column].to_numpy(), self.test[column].to_numpy()

    def sides(self, column: str) -> list[tuple[Any, Any]]:
        """A column of what is learnt from and of what is judged: of every fold, and of the test."""
        train, test = self.values(column)
        numbers = range(self.folds.n)
        within = [(train[self.folds.train(i)], train[self.folds.val(i)]) for i in numbers]
        return [*within, (train, test)]


def table(target: Any, **columns: Any) -> Any:
    """A clean table whose rows differ, unless columns say otherwise."""
    n = len(target)
    features = {"size": np.arange(float(n))} | columns
    return pa.table({ROW: np.arange(2, n + 2), **features, "target": target})


def split_table(
    rows: Any,
    task: Task = "binary",
    metrics: tuple[str, ...] = (),
    seed: int = 0,
    positive_class: bool | int | str | None = None,
    **rules: Any,
) -> Parts:
    """Split a table as the stage does."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        pq.write_table(rows, out / "table.parquet")
        settings = SplitSettings("target", task, Split(**rules), metrics, seed, positive_class)
        report = splitting.split(out / "table.parquet", out, settings)
        train, test = (pq.read_table(out / f"{side}.parquet") for side in ("train", "test"))
        found = folds.read(out / "folds.parquet", train[ROW].to_numpy())
        return Parts(train, test, found, report)


def bytes_of(rows: Any, task: Task = "binary", **rules: Any) -> Mapping[str, bytes]:
    """The files that the stage writes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        pq.write_table(rows, out / "table.parquet")
        (out / "split").mkdir()
        settings = SplitSettings("target", task, Split(**rules))
        splitting.split(out / "table.parquet", out / "split", settings)
        return {file.name: file.read_bytes() for file in sorted((out / "split").iterdir())}
