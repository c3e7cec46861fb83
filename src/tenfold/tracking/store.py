"""Where MLflow's store is, and how this project reaches it."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Makes MLflow's UI open the experiment as one of models, with columns for metrics.
KIND = {"mlflow.experimentKind": "custom_model_development"}


def root() -> Path:
    """The project's own folder, also inside `dvc exp run --temp`, whose folder is deleted."""
    return Path(os.environ.get("DVC_ROOT") or Path.cwd()).resolve()


def uri() -> str:
    """Where runs go: `MLFLOW_TRACKING_URI`, or SQLite under the project's `mlruns/`."""
    given = os.environ.get("MLFLOW_TRACKING_URI")
    if not given:
        return own_uri()
    if given.startswith("sqlite:///"):
        # A relative path is the project's, not that of the folder an experiment runs in.
        return f"sqlite:///{root() / given.removeprefix('sqlite:///')}"
    return given


def shown_uri() -> str:
    """Where runs go, without a password."""
    return re.sub(r"//[^/@]*@", "//***@", uri())


def own_uri() -> str:
    """The store inside the project, used unless the environment names another."""
    return f"sqlite:///{root() / 'mlruns' / 'mlflow.db'}"


def environment() -> dict[str, str]:
    """The environment in which MLflow's own commands find this project's store."""
    return {
        **os.environ,
        # MLflow starts its servers by name, also where nobody activated the environment.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "MLFLOW_TRACKING_URI": uri(),
        "MLFLOW_REGISTRY_URI": uri(),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def connect() -> MlflowClient:
    """A client of the store, which is created on the first call."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    if uri() == own_uri():
        (root() / "mlruns").mkdir(exist_ok=True)

    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    for name in ("mlflow.store.db.utils", "alembic.runtime.migration", "mlflow.models.model"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # The registry resolves model URIs through the global address, not the client's.
    mlflow.set_tracking_uri(uri())
    mlflow.set_registry_uri(uri())
    return mlflow.MlflowClient()


def experiment(client: MlflowClient, name: str) -> str:
    """The experiment's id; it is created, restored, or set aside if the project has moved."""
    found = client.get_experiment_by_name(name)
    if found is not None and found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    own_store = uri() == own_uri()
    location = (root() / "mlruns" / "artifacts").as_uri() if own_store else None
    if found is not None and own_store and found.artifact_location != location:
        # MLflow stores absolute paths, and these lead to where the project was before.
        client.rename_experiment(found.experiment_id, f"{name} (moved, {found.experiment_id})")
        found = None
    if found is None:
        with unless_there():
            client.create_experiment(name, artifact_location=location, tags=KIND)
        found = client.get_experiment_by_name(name)
        assert found is not None
    return str(found.experiment_id)


@contextlib.contextmanager
def unless_there() -> Iterator[None]:
    """Pass over the error of creating what already exists."""
    try:
        yield
    except mlflow_error() as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def mlflow_error() -> type[Any]:
    """MLflow's exception, imported when needed."""
    from mlflow.exceptions import MlflowException

    return MlflowException
