"""Run the stages clean and split on a case, and hold what they leave against what they read."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow.parquet as pq

from pipelines import clean, split
from tenfold import runtime
from tenfold.cleaning import duplicates
from tenfold.dataset import FOLD, ROW
from tests.bad_input.outcomes import Case

METRICS = {"regression": ["mse"], "binary": ["accuracy"], "multiclass": ["accuracy"]}


@dataclass
class Ended:
    """How the stages ended: with a refusal, or with reports and tables.

    Attributes:
        stage: the one that refused, or the last.
        lines: what the reports say, a line each.
        rows: of the clean table, by number.
        parts: the rows of training and test, in their order.
    """

    stage: str = "clean"
    refusal: str | None = None
    lines: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    parts: list[dict[str, Any]] = field(default_factory=list)

    def cells(self, column: str) -> list[Any]:
        """A column of the training and test rows together."""
        return [row[column] for row in self.parts]

    def lost(self) -> list[str]:
        """Rows and columns that no file and no line of the report accounts for."""
        found = []
        read, kept = self.report["read"], self.report["kept"]
        rejected = pq.read_table("outputs/clean/rejected.parquet").to_pylist()
        if read != kept + len(rejected) or len(rejected) != sum(self.report["rejected"].values()):
            found.append(f"{read} read, {kept} kept, {len(rejected)} rejected")
        if not all(row["tenfold_reason"] for row in rejected):
            found.append("a rejected row without a reason")
        numbers = [row[ROW] for row in self.parts + rejected]
        if len(self.parts) != kept or len(set(numbers)) != read:
            found.append(f"{len(self.parts)} of {kept} rows in training and test")
        named = {*self.report["columns"], *self.report["dropped_columns"]}
        source = [name for name in rejected_columns() if not name.startswith("tenfold_")]
        return found + [f"column {name!r}" for name in source if name not in named]


def rejected_columns() -> list[str]:
    """The columns of the source, as the rejected rows hold them."""
    return list(pq.read_schema("outputs/clean/rejected.parquet").names)


def write(case: Case, file: str) -> None:
    """Write a case's file and its params.yaml here."""
    content, _ = case.forms()[file]
    if isinstance(content, str | bytes):
        Path(file).write_bytes(content.encode() if isinstance(content, str) else content)
    else:
        content(Path(file))
    params: dict[str, Any] = {
        "name": "bad",
        "task": case.task,
        "seed": 0,
        "metrics": list(case.metrics) or METRICS[case.task],
        "data": {"path": file, "target": "y", **case.data},
        "clean": dict(case.clean),
        "split": {"test_size": 0.25, "n_splits": 2, **case.split},
        "audit": {},
        "preprocessing": {},
        "tune": {},
        "train": {},
        "trainer": {},
        "models": {"dummy": {}},
        "select_model": {"registered_model_name": "bad"},
    }
    Path("params.yaml").write_text(json.dumps(params))


def end(case: Case, file: str) -> Ended:
    """Run both stages here, as far as they go."""
    write(case, file)
    ended = Ended()
    try:
        with _meddled(case, Path(file)):
            clean.main()
        ended.stage = "split"
        split.main()
    except runtime.UserError as refused:
        ended.refusal = str(refused)
        return ended
    ended.report = runtime.read_json(Path("outputs/clean/report.json"))
    ended.lines = list(lines(ended.report, runtime.read_json(Path("outputs/split/report.json"))))
    ended.parts = sorted(
        (
            {name: cell for name, cell in row.items() if name != FOLD}
            for part in ("train", "test")
            for row in pq.read_table(f"outputs/split/{part}.parquet").to_pylist()
        ),
        key=lambda row: int(row[ROW]),
    )
    return ended


@contextlib.contextmanager
def _meddled(case: Case, path: Path) -> Iterator[None]:
    """While somebody does to the file what the case says."""

    def meddling(called: Callable[..., Any], meanwhile: Callable[[Path], None]) -> Any:
        def call(*given: Any) -> Any:
            meanwhile(path)
            return called(*given)

        return call

    with contextlib.ExitStack() as stack:
        for module, name, meanwhile in (
            # The package's own name for it is the function.
            (import_module("tenfold.cleaning.clean"), "judge", case.before_judging),
            (duplicates, "reject", case.before_writing),
        ):
            if meanwhile:
                changed = meddling(getattr(module, name), meanwhile)
                stack.enter_context(mock.patch.object(module, name, changed))
        yield


def lines(cleaned: dict[str, Any], parted: dict[str, Any]) -> list[str]:
    """What two reports say, a line a fact."""
    found = [f"{count} rejected: {reason}" for reason, count in cleaned["rejected"].items()]
    found += [f"{count} mended: {what}" for what, count in cleaned["mended"].items()]
    found += [f"dropped: {name!r}: {why}" for name, why in cleaned["dropped_columns"].items()]
    found += [f"note: {remark}" for remark in cleaned["remarks"]]
    found += [
        f"{name!r} is {facts['type']}, {facts['missing']} missing, {facts['distinct']} distinct"
        for name, facts in cleaned["columns"].items()
    ]
    found += [f"audit: {one['sentence']}" for one in parted["audit"]]
    found += [f"dropped: {name!r}: {why}" for name, why in parted["dropped_columns"].items()]
    return [*found, f"classes: {parted['classes']}"]
