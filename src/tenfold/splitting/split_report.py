"""The report of a split, and its summary for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import roles
from tenfold.dataset.folds import TRAIN, VAL
from tenfold.metrics import Task
from tenfold.params import Split
from tenfold.splitting.feasibility import count_codes
from tenfold.splitting.split_columns import feature_names
from tenfold.splitting.strategy import SplitColumns, Times, TrainTestSplit

# What scores mean where rows are equal in all features.
COPIES = {
    "together": "each is kept on the side of the first, so all scores are of rows that were not "
    "learnt from (split.copies: together)",
    "independent": "they are drawn like any others, so scores are of rows such as were learnt "
    "from, not of new combinations of features (split.copies: independent)",
    "parted": "the given column puts some of them in another part, where scores are of rows that "
    "were learnt from",
}


def report(
    schema: Any,
    task: Task,
    rules: Split,
    strategy: str,
    columns: SplitColumns,
    parts: TrainTestSplit,
) -> dict[str, Any]:
    """Sizes, classes, groups and times of the parts, for later stages and people."""
    names = feature_names(schema, columns.target, rules)
    described: dict[str, Any] = {
        "strategy": strategy,
        "rows": {
            "train": int(parts.in_train.sum()),
            "test": int(parts.in_test.sum()),
            "left_out": parts.left_out,
        },
        "folds": parts.folds.count(VAL),
        "learnt_from": parts.folds.count(TRAIN),
        "copies": columns.n_copies,
        "classes": list(columns.classes),
        "features": roles.of(schema, names),
        "target": columns.target,
        "task": task,
    }
    if columns.n_copies:
        tied = not columns.copies.all_different
        described["copies_are"] = "together" if tied else "independent"
        if columns.n_parted:
            described |= {"copies_are": "parted", "parted_copies": columns.n_parted}
    sides = {"train": parts.in_train, "test": parts.in_test}
    if columns.classes:
        described["class_counts"] = {
            side: _class_counts(columns.y[rows], columns.classes) for side, rows in sides.items()
        }
    if columns.groups is not None:
        groups = columns.groups
        described["groups"] = {side: len(np.unique(groups[rows])) for side, rows in sides.items()}
        counts = np.bincount(groups)
        largest = int(np.argmax(counts))
        name = columns.labels[largest]
        described["largest_group"] = {"name": name, "rows": int(counts[largest])}
    if columns.times is not None:
        times = columns.times
        described["times"] = {side: _range(times, rows) for side, rows in sides.items()}
    if columns.groups is not None and columns.times is not None:
        described["left_out"] = _left_out(columns.groups, columns.times, parts)
    return described


def _class_counts(codes: NDArray[Any], classes: Sequence[Any]) -> dict[str, int]:
    counts = count_codes(codes, len(classes)).tolist()
    return dict(zip(map(str, classes), counts, strict=True))


def _range(times: Times, rows: NDArray[np.bool_]) -> list[Any]:
    own = times.values[rows]
    return [times.shown(own.min()), times.shown(own.max())]


def _left_out(groups: NDArray[np.int64], times: Times, parts: TrainTestSplit) -> dict[str, int]:
    """Why rows are in neither part of a split by groups and time: how many each."""
    neither = ~(parts.in_train | parts.in_test)
    tested = np.isin(groups, groups[parts.in_test])
    later = times.values >= times.values[parts.in_test].min()
    return {
        "later rows of groups to train on": int((neither & later).sum()),
        "earlier rows of test groups": int((neither & ~later & tested).sum()),
        "rows in the gap": int((neither & ~later & ~tested).sum()),
    }


def summary(report: dict[str, Any]) -> str:
    """The report in a few lines."""
    rows, sizes = report["rows"], report["folds"]
    left_out = f", {rows['left_out']} left out between them" if rows["left_out"] else ""
    if "left_out" in report:
        reasons = [f"{n} {why}" for why, n in report["left_out"].items() if n]
        left_out = f", {rows['left_out']} left out: {', '.join(reasons)}" if reasons else ""
    asked = "new groups" if "groups" in report else ""
    if "times" in report:
        asked = f"later rows{' of ' if asked else ''}{asked}"
    lines = [
        f"{rows['train']} rows to train on, {rows['test']} for the last test{left_out}",
        f"{len(sizes)} folds of {min(sizes)} to {max(sizes)} rows, {report['strategy']}"
        + (f": scores are of {asked}" if asked else ""),
        f"{len(report['features']['numeric'])} numeric features, "
        f"{len(report['features']['categorical'])} categorical, "
        f"{len(report['features']['dates'])} dates",
    ]
    lines += [f"  column {name} dropped: {why}" for name, why in report["dropped_columns"].items()]
    if report["copies"]:
        lines.append(copies(report))
    for side, count in report.get("groups", {}).items():
        lines.append(f"  {side}: {count} groups")
    largest = report.get("largest_group", {"rows": 0})
    if max(sizes) >= largest["rows"] > 2 * sum(sizes) / len(sizes):
        lines.append(
            f"  note: group {largest['name']!r} alone has {largest['rows']} rows: folds beside its "
            "own are small, and their scores count as much"
        )
    for side, (first, last) in report.get("times", {}).items():
        lines.append(f"  {side}: {first} to {last}")
    for label in report["classes"]:
        train, test = (report["class_counts"][part][str(label)] for part in ("train", "test"))
        unknown = "" if test else ": test scores say nothing of it"
        lines.append(f"  class {label}: {train} to train on, {test} for the test{unknown}")
    return "\n".join(lines)


def copies(report: Mapping[str, Any]) -> str:
    """What scores mean where rows are equal in all features; empty if none are."""
    if not report["copies"]:
        return ""
    return (
        f"{report['copies']} rows are equal to an earlier one in all features: "
        f"{COPIES[report['copies_are']]}"
    )
