"""A refusal as data: what provokes it, the words of its message, and the cures these words name."""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from tenfold import models, params, runtime
from tenfold.scaffolding import check
from tests.bad_input.making import N, X, Y, as_csv
from tests.bad_input.outcomes import Content
from tests.cures import sites

# In place of a value: the key is taken out of params.yaml, or the file is not there.
REMOVED: Any = object()

SOUND: dict[str, Any] = {
    "name": "cures",
    "task": "binary",
    "seed": 0,
    "metrics": ["accuracy"],
    "data": {"path": "t.csv", "target": "y"},
    "clean": {},
    "split": {"test_size": 0.25, "n_splits": 2},
    "audit": {},
    "preprocessing": {},
    "tune": {},
    "train": {},
    "trainer": {},
    "models": {"dummy": {}},
    "select_model": {"registered_model_name": "cures"},
}


def check_experiment() -> None:
    """Run `tenfold check`: clean, split, audit, and what families refuse before they train."""
    check.check(params.load(models))


@dataclass(frozen=True)
class Change:
    """What somebody changes, and the words of a message that go with it.

    Attributes:
        says: words of the refusal that the change provokes, or that name the change as a cure.
        params: dotted key of params.yaml -> its value, or REMOVED.
        files: name -> content, or REMOVED; params.yaml may be one, in place of all of `params`.
        environment: variable -> its value.
        run: what is run then, if it is another command line.
    """

    says: str
    params: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Content] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    run: Callable[[], object] | None = None


@dataclass(frozen=True)
class Refusal:
    """A message, and one change for every cure that it names."""

    name: str
    provoked_by: Change
    cures: tuple[Change, ...]


def refusal(name: str, provoked_by: Change, *cures: Change) -> Refusal:
    """A refusal with one cure or more."""
    assert cures, f"{name}: a refusal without a cure is a dead end"
    return Refusal(name, provoked_by, cures)


@dataclass(frozen=True)
class State:
    """All that a command reads."""

    params: Mapping[str, Any]
    files: Mapping[str, Content]
    environment: Mapping[str, str]
    run: Callable[[], object]

    def changed(self, change: Change) -> State:
        """The state after somebody's change."""
        document = copy.deepcopy(dict(self.params))
        for key, value in change.params.items():
            *parents, last = key.split(".")
            section = functools.reduce(
                lambda node, name: node.setdefault(name, {}), parents, document
            )
            if value is REMOVED:
                section.pop(last, None)
            else:
                section[last] = copy.deepcopy(value)
        files = {**self.files, **change.files}
        return replace(
            self,
            params=document,
            files={name: content for name, content in files.items() if content is not REMOVED},
            environment={**self.environment, **change.environment},
            run=change.run or self.run,
        )


COLUMNS: dict[str, Sequence[Any]] = {
    "x": X,
    "z": ["red", "green", "blue"] * 4,
    "g": [f"g{number // 2}" for number in range(N)],
    "t": [f"2024-01-{number:02d}" for number in range(1, N + 1)],
    "f": ["test", "test", *["1", "1", "2", "2", "1"] * 2],
    "y": Y,
}
START = State(SOUND, {"t.csv": as_csv(COLUMNS)}, {}, check_experiment)


def table(**columns: Any) -> dict[str, str]:
    """The table with other columns, or without those that are REMOVED."""
    changed = {**COLUMNS, **columns}
    return {
        "t.csv": as_csv({name: cells for name, cells in changed.items() if cells is not REMOVED})
    }


def database(path: Path) -> None:
    """The table as table t of an SQLite database."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE t ({', '.join(COLUMNS)})")
        places = ", ".join("?" * len(COLUMNS))
        rows = zip(*COLUMNS.values(), strict=True)
        connection.executemany(f"INSERT INTO t VALUES ({places})", rows)


def message(state: State) -> str | None:
    """What a state's command refuses."""
    return outcome(state).message


@dataclass(frozen=True)
class Outcome:
    """The message of a refusal, or None; and the places in the source that made messages."""

    message: str | None
    made_at: frozenset[sites.Place]
    problems: frozenset[str]


def outcome(state: State) -> Outcome:
    """Run a state's command in a new folder; once for all states that are alike."""
    key = (
        json.dumps(state.params, default=repr),
        tuple(sorted((name, repr(content)) for name, content in state.files.items())),
        tuple(sorted(state.environment.items())),
        state.run,
    )
    if key not in _outcomes:
        _outcomes[key] = _run(state)
    return _outcomes[key]


_outcomes: dict[Any, Outcome] = {}


def _run(state: State) -> Outcome:
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, state.environment),
        sites.recorded() as recorded,
    ):
        # YAML's word for what JSON cannot say.
        Path("params.yaml").write_text(json.dumps(state.params).replace("Infinity", ".inf"))
        for name, content in state.files.items():
            if callable(content):
                content(Path(name))
            else:
                Path(name).parent.mkdir(parents=True, exist_ok=True)
                Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
        message = None
        try:
            state.run()
        except runtime.UserError as error:
            message = str(error)
            recorded.add(error)
    return Outcome(message, frozenset(recorded.places), frozenset(recorded.problems))
