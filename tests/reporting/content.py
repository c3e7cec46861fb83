"""All that a report shows, of a small experiment whose every text holds HTML."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.inspection import Inspection
from tenfold.inspection.importance import Importance
from tenfold.inspection.partial_dependence import Dependence
from tenfold.inspection.segments import Segment
from tenfold.metrics import Task
from tenfold.reporting import curves, inspection_rows, page
from tenfold.reporting.column_profiles import Bar, ColumnProfile
from tenfold.reporting.configurations import Member, Setting
from tenfold.reporting.page import PageContent
from tenfold.reporting.rejected_rows import Rejected
from tests.reporting.candidates import CLASSES, EVIL, METRIC, candidates, experiment, on_test_rows

COLUMN = f"{EVIL} column"


def inspected(task: Task) -> Inspection:
    n_classes = len(CLASSES[task])
    shape = (2, n_classes) if n_classes else (2,)
    mean = np.full(shape, 0.5)
    suspects: list[dict[str, Any]] = [
        {"row": 7, "given": 1.5, "predicted": 99.0, "spreads": 12.5}
        if not n_classes
        else {"row": 7, "given": "no", "likelier": EVIL, "probability_given": 0.01,
              "probability_likelier": 0.99}
    ]  # fmt: skip
    return Inspection(
        "out-of-fold rows",
        120,
        5,
        METRIC[task],
        [Importance("x", 0.3, 0.2, 0.4), Importance(COLUMN, 0.0, float("nan"), float("nan"))],
        [
            Dependence("x", "number", [0.0, 1.0], mean, mean - 0.1, mean + 0.1),
            Dependence(COLUMN, "category", ["a", EVIL], mean, mean - 0.1, mean + 0.1),
        ],
        [Segment(f"{COLUMN} is {EVIL}", 30, 0.5, 0.4, 0.6, 0.2)],
        suspects,
        3,
        [f"{COLUMN!r} carries the champion"],
    )


@cache
def content(task: Task = "binary", *, looked_at: bool = True) -> PageContent:
    """The content of a page, with curves as they are written and read."""
    with tempfile.TemporaryDirectory() as folder:
        return made(Path(folder), task, looked_at=looked_at)


def made(tmp_path: Path, task: Task, *, looked_at: bool) -> PageContent:
    """The same, anew."""
    found = candidates(tmp_path, task)
    own = inspected(task) if looked_at else None
    asked, folder, metric = experiment(task), tmp_path / "plots", METRIC[task]
    curves.write(folder, found, on_test_rows(task), asked, None, own)
    interval = {"low": 0.75, "high": 0.95}
    better = {"mean": 0.1, "low": 0.05, "high": 0.15, "p": 0.001}
    cleaned = {
        "read": 150, "kept": 123, "rejected": {f"require: {EVIL}": 27},
        "dropped_columns": {EVIL: "one value only"},
        "columns": {"x": {"type": "double", "missing": 1, "distinct": 99}, COLUMN: {}},
        "odd_cells": [f"{EVIL} is odd"],
    }  # fmt: skip
    split = {
        "strategy": "random", "rows": {"train": 120, "test": 3, "left_out": 0},
        "folds": [40, 40, 40], "copies": 90, "copies_are": "independent",
        "dropped_columns": {"remark": "free text"}, "classes": list(CLASSES[task]),
        "audit": [{"check": "id_like", "sentence": f"{EVIL} looks like an id"}],
    }  # fmt: skip
    return PageContent(
        experiment=asked,
        results={"champion": "mlp", "cv": {metric: 0.9}, "test": {metric: 0.875}},
        scores=dict(found.board.cv),
        verdict={
            "sentences": [
                "mlp beats all others", f"{EVIL} is behind", f"mlp: {metric} 0.9",
                f"no calibration: {EVIL}",
            ],
            "better_by": {"linear": better},
            "test": {"rows": 3, "intervals": {metric: interval}},
        },
        cleaned=cleaned,
        split=split,
        curves={name: page.read_rows(folder / f"{name}.csv") for name in curves.COLUMNS},
        inspection=inspection_rows.described(own) if own else None,
        columns=[
            ColumnProfile("x", "double", 1, 99, "0 to 1", [Bar(1.0, "0 to 1: 9")]),
            ColumnProfile(COLUMN, "text", 0, 2, EVIL, [Bar(0.5, f"{EVIL}: 5"), Bar(1.0, "b: 10")]),
        ],
        rejected=[Rejected(f"require: {EVIL}", 27, [f"line 3: x = {EVIL}"])],
        members=[
            Member("mlp", 1.0, [Setting("dropout", 0.5, 0.0, True)],
                   [Setting("note", EVIL, EVIL, False)], [f"dead units: {EVIL}"]),
        ],
        tried={"dummy": 1, "linear": 3, "mlp": 3},
        data_digest="0123456789abcdef0123",
    )  # fmt: skip
