"""Real projects to test: a copy of this one in its own folder, with its own git, DVC and MLflow."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests import fork_server

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

ROOT = Path(__file__).parent.parent
BINARIES = Path(sys.executable).parent

# What a user's shell, or the DVC stage that runs these tests, must not hand down.
FOREIGN = ("DVC_", "GIT_", "MLFLOW_", "PYTEST_", "PYTHON")

SMALL: dict[str, Any] = {
    "tune": {"n_trials": 2, "generation_size": 2},
    "split": {"n_splits": 3},
    "trainer": {"max_epochs": 4, "accelerator": "cpu"},
    # So few epochs and folds tie with much; these tests look at what the best does.
    "select_model": {"rule": "best"},
    "models": {
        "dummy": {},
        "linear": {"alpha": {"low": 0.01, "high": 10.0, "log": True}},
        "mlp": {
            "n_blocks": 1,
            "d_block": 16,
            "dropout": 0.1,
            "learning_rate": {"low": 0.001, "high": 0.01, "log": True},
            "patience": 3,
        },
    },
}
# What its leaderboard ranks.
CANDIDATES = {*SMALL["models"], "ensemble"}


class Project:
    """One tenfold project on disk, and the commands a user types in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def log(self) -> Path:
        """What the command started last has printed."""
        return self.root.with_suffix(".log")

    def __truediv__(self, name: str) -> Path:
        return self.root / name

    def environment(
        self, extra: Mapping[str, str] | None = None, *, forked: bool = False
    ) -> dict[str, str]:
        """A clean shell's: nothing of the caller's DVC, git or MLflow; tenfold from this copy.

        If `forked`, `python`, `dvc` and `tenfold` run in forks of a process that has their
        libraries in memory.
        """
        threads = {**os.environ, **(extra or {})}.get("OMP_NUM_THREADS", "1")
        # Only Linux tells a fork's client how it ends.
        forks = [fork_server.programs(threads)] if forked and sys.platform == "linux" else []
        programs = [*forks, BINARIES]
        kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
        inside = self.root / ".dvc" / "tmp"
        return {
            **kept,
            "PATH": os.pathsep.join([*map(str, programs), os.environ["PATH"]]),
            "PYTHONPATH": str(self.root / "src"),
            "DVC_SITE_CACHE_DIR": str(inside / "site"),
            "DVC_GLOBAL_CONFIG_DIR": str(inside / "no-global"),
            "DVC_SYSTEM_CONFIG_DIR": str(inside / "no-system"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "a test",
            "GIT_AUTHOR_EMAIL": "test@example.com",
            "GIT_COMMITTER_NAME": "a test",
            "GIT_COMMITTER_EMAIL": "test@example.com",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **(extra or {}),
        }

    def attempt(
        self, *command: str, env: Mapping[str, str] | None = None, forked: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the project, however it ends."""
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(env, forked=forked),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def run(self, *command: str, env: Mapping[str, str] | None = None, forked: bool = True) -> str:
        """Run a command that must succeed; return what it printed."""
        ended = self.attempt(*command, env=env, forked=forked)
        assert ended.returncode == 0, f"{command}:\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def start(
        self, *command: str, env: Mapping[str, str] | None = None, forked: bool = False
    ) -> subprocess.Popen[str]:
        """Start a command in a process group of its own, its output in `log`."""
        with self.log.open("w") as log:
            return subprocess.Popen(
                command,
                cwd=self.root,
                env=self.environment(env, forked=forked),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def stage(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a stage's program as DVC does, without DVC."""
        return self.attempt("python", f"pipelines/{name}.py", *arguments)

    def repro(
        self, *arguments: str, env: Mapping[str, str] | None = None, forked: bool = True
    ) -> list[str]:
        """`dvc repro`; return the stages it ran."""
        return stages_run(self.run("dvc", "repro", *arguments, env=env, forked=forked))

    def process_of(self, stage: str) -> int | None:
        """The process that runs a stage and holds its lock, if one does."""
        lock = self / f".tenfold/locks/{stage}.lock"
        with contextlib.suppress(FileNotFoundError, IndexError), lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read().split()[0])
        return None

    def commit(self) -> None:
        """Commit everything git does not ignore."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", "a test's state")

    def params(self) -> dict[str, Any]:
        """What params.yaml holds."""
        document: dict[str, Any] = YAML(typ="safe").load((self / "params.yaml").read_text())
        return document

    def change(self, **sections: Any) -> None:
        """Put keys of params.yaml; `None` removes one, a mapping is merged into its section.

        `models` is replaced as a whole.
        """
        document = self.params()
        for name, value in sections.items():
            if value is None:
                document.pop(name, None)
            elif isinstance(value, dict) and name != "models":
                document[name] = {**document.get(name, {}), **value}
            else:
                document[name] = value
        with (self / "params.yaml").open("w") as file:
            YAML().dump(document, file)

    def json(self, path: str) -> Any:
        """A JSON file below the project."""
        return json.loads((self / path).read_text())

    def outputs_in_lock(self) -> dict[str, str]:
        """The hash of every output in dvc.lock."""
        stages = YAML(typ="safe").load((self / "dvc.lock").read_text())["stages"]
        return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}

    @property
    def store(self) -> str:
        """The address of the project's own MLflow store."""
        return f"sqlite:///{self.root / 'mlruns' / 'mlflow.db'}"

    def client(self, uri: str | None = None) -> MlflowClient:
        """MLflow's client of a store, the project's own unless another is named."""
        from mlflow import MlflowClient

        return MlflowClient(uri or self.store, uri or self.store)

    def champion(self, uri: str | None = None) -> ModelVersion:
        """The version behind the alias."""
        return self.client(uri).get_model_version_by_alias("breast_cancer", "champion")

    def champion_version(self, uri: str | None = None) -> str:
        """The number of the version behind the alias."""
        return str(self.champion(uri).version)

    def runs(self, query: str = "", uri: str | None = None, name: str | None = None) -> list[Run]:
        """The runs of the project's experiment."""
        client = self.client(uri)
        experiment = client.get_experiment_by_name(name or self.params()["name"])
        assert experiment is not None
        return list(client.search_runs([experiment.experiment_id], query, max_results=1000))

    def family_runs(self, uri: str | None = None) -> dict[str, Run]:
        """The finished runs that stand for a family, not for a trial."""
        finished = self.runs("attributes.status = 'FINISHED'", uri)
        return {
            run.data.tags["tenfold.family"]: run
            for run in finished
            if "tenfold.fingerprint" in run.data.tags
        }

    def add_empty_store(self) -> None:
        """Put a store of MLflow here that has all its tables and no row."""
        (self / "mlruns").mkdir(exist_ok=True)
        (self / "mlruns/mlflow.db").write_bytes(empty_store())

    def copy(self, root: Path, *, mlruns: bool = False) -> Project:
        """The same project elsewhere: with DVC's cache, and with MLflow's store if asked."""
        left = ["tmp", *([] if mlruns else ["mlruns"])]
        shutil.copytree(self.root, root, symlinks=True, ignore=shutil.ignore_patterns(*left))
        return Project(root)


def stages_run(output: str) -> list[str]:
    """The stages that `dvc repro` says it ran."""
    lines = [line for line in output.splitlines() if line.startswith("Running stage '")]
    return [line.split("'")[1] for line in lines]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Look again and again until something is so; a test that waits in vain fails."""
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its relative path."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, if there is one, with its times: bytecode stays valid by its source's."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


@functools.cache
def empty_store() -> bytes:
    """MLflow's store with all its tables and no row; MLflow takes a second to make one."""
    from tenfold.tracking import database

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "mlflow.db"
        database.ensure(store, Path(folder) / "lock")
        return store.read_bytes()


def new_project(root: Path, *, store: bool = True, **changes: Any) -> Project:
    """A fresh clone of this project, as it lies on disk, with params.yaml changed.

    If `store`, it has an empty store of MLflow already. With changes the champion is not inspected.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        # The lock describes outputs that a clone does not have.
        if name != "dvc.lock":
            copy_file(ROOT / name, root / name)
            if name.endswith(".py"):
                bytecode = Path(importlib.util.cache_from_source(name))
                copy_file(ROOT / bytecode, root / bytecode)
    project = Project(root)
    if changes:
        # What the champion has learnt takes seconds, and is asked in tests/inspection.
        project.change(select_model={"inspect": "off"})
        project.change(**changes)
    project.run("git", "init", "--quiet")
    project.commit()
    if store:
        project.add_empty_store()
    return project


def shared(
    tmp_path_factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]
) -> Project:
    """A project that whichever worker of pytest-xdist comes first builds, for all of them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    root, done = folder / name, folder / f"{name}.done"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(root, ignore_errors=True)
            build(root)
            done.touch()
    return Project(root)
