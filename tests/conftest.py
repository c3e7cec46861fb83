"""What all tests share: the environment, finished projects, and which tests are slow."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.project import SMALL, Project, new_project, shared

# Two workers have two cores: threads that wait for each other cost more than they bring.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# A shell that runs the tests in the background has them, and all they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Machines differ, and a first example imports much.
settings.register_profile("tenfold", deadline=None)
settings.load_profile("tenfold")
# Whoever asks for one of these starts a project or a server.
SLOW_FIXTURES = {"project", "finished", "line", "digits", "server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow whatever starts a project or a server."""
    for item in items:
        if SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Project]:
    """Make a fresh project that has run nothing; keywords change params.yaml."""

    def make(**changes: Any) -> Project:
        return new_project(tmp_path / "project", **changes)

    return make


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after one `dvc repro` with a small budget; for reading only."""

    def build(root: Path) -> None:
        project = new_project(root, store=False, **SMALL)
        project.repro()
        project.commit()

    return shared(tmp_path_factory, "finished", build)


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The textbook's line, with its own budget; for reading only."""

    def build(root: Path) -> None:
        project = new_project(root)
        shutil.copy2(project / "examples/line.yaml", project / "params.yaml")
        project.repro()

    return shared(tmp_path_factory, "line", build)


@pytest.fixture
def again(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the finished project to change; MLflow has not seen it yet."""
    copied = finished.copy(tmp_path / "again")
    copied.add_empty_store()
    yield copied


@pytest.fixture
def without_store(finished: Project, tmp_path: Path) -> Project:
    """The same, and MLflow has no store yet."""
    return finished.copy(tmp_path / "again")
