"""The address of MLflow's store, the client that reaches it, and its errors in our words."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold import runtime
from tenfold.tracking import database, descriptions, views

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from tenfold.reporting.results import ExperimentResults

# Makes MLflow's UI open the experiment as one of models, with columns for metrics.
KIND = {"mlflow.experimentKind": "custom_model_development"}


def root() -> Path:
    """The project's folder; in `dvc exp run --temp` the original, as the other is deleted."""
    return Path(os.environ.get("DVC_ROOT") or Path.cwd()).resolve()


def in_temporary_folder() -> bool:
    """Whether this is a DVC experiment outside of the workspace (`--temp` or `--queue`)."""
    return root() != Path.cwd().resolve() and Path(".dvc").is_dir()


def uri() -> str:
    """Where runs go: `MLFLOW_TRACKING_URI`, or SQLite under the project's `mlruns/`."""
    given = os.environ.get("MLFLOW_TRACKING_URI")
    if not given:
        return own_uri()
    if given.startswith("sqlite:///"):
        # A relative path is relative to the project, wherever an experiment runs.
        return f"sqlite:///{root() / given.removeprefix('sqlite:///')}"
    return given


def own_uri() -> str:
    """The store inside the project, used unless the environment names another."""
    return f"sqlite:///{root() / 'mlruns' / 'mlflow.db'}"


def environment() -> dict[str, str]:
    """The environment variables with which MLflow's commands find this store."""
    return {
        **os.environ,
        # MLflow looks for its servers on PATH, and the environment may not be active.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "MLFLOW_TRACKING_URI": uri(),
        "MLFLOW_REGISTRY_URI": uri(),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def connect() -> MlflowClient:
    """A client of the store, which is created on the first call.

    Raises:
        runtime.UserError: if its address is wrong, or it is damaged.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # By default MLflow tries for minutes to reach a server that is down.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    ensure_store()

    import mlflow

    _silence()
    # The registry resolves model URIs through the global address, not the client's.
    mlflow.set_tracking_uri(uri())
    mlflow.set_registry_uri(uri())
    with user_errors("cannot connect to", "Correct MLFLOW_TRACKING_URI"):
        return mlflow.MlflowClient()


def ensure_store() -> None:
    """Create the project's own store if it is missing or half-made.

    Raises:
        runtime.UserError: if it is damaged, or cannot be created.
    """
    if uri() == own_uri():
        _silence()
        path = Path(own_uri().removeprefix("sqlite:///"))
        database.ensure(path, root() / runtime.SCRATCH / "locks" / "store.lock")


def _silence() -> None:
    """Let MLflow report only errors; those of its database are raised, too."""
    for name, level in {
        "mlflow": logging.ERROR,
        "mlflow.models.model": logging.ERROR,
        "mlflow.store.db.utils": logging.CRITICAL,
        "alembic.runtime.migration": logging.ERROR,
    }.items():
        logging.getLogger(name).setLevel(level)


def experiment(client: MlflowClient, name: str) -> str:
    """Find, restore or create the experiment; return its id."""
    found = client.get_experiment_by_name(name)
    if found is not None and found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    own_store = uri() == own_uri()
    location = (root() / "mlruns" / "artifacts").as_uri() if own_store else None
    if found is not None and own_store and found.artifact_location != location:
        # MLflow stores absolute paths: the project has moved, and they lead to its old place.
        client.rename_experiment(found.experiment_id, f"{name} (moved, {found.experiment_id})")
        found = None
    if found is None:
        with unless_there():
            client.create_experiment(name, artifact_location=location, tags=KIND)
        found = client.get_experiment_by_name(name)
        assert found is not None
    return str(found.experiment_id)


def describe(client: MlflowClient, experiment: str, results: ExperimentResults) -> None:
    """Say in words what the experiment has found, and keep the views that MLflow's UI opens on."""
    known = client.get_experiment(experiment)
    tags = views.saved(results, known.creation_time or 0)
    if descriptions.may_replace(known.tags.get(descriptions.NOTE)):
        tags[descriptions.NOTE] = descriptions.experiment(results)
    for key, value in (KIND | tags).items():
        if known.tags.get(key) != value:
            client.set_experiment_tag(experiment, key, value)


def page(name: str | None) -> str:
    """The part of an address behind the server's that opens an experiment's leaderboard.

    Args:
        name: of the experiment; None if it is not known, which means the latest.

    Returns:
        "" if none has been published.
    """
    client = connect()
    with user_errors("cannot read", "Correct MLFLOW_TRACKING_URI"):
        shown = client.search_experiments(
            filter_string=f"tags.`{views.TAG}{views.LEADERBOARD}` LIKE '%'",
            order_by=["last_update_time DESC"],
        )
    named = [known for known in shown if known.name == name] or shown
    return views.address(named[0].experiment_id) if named else ""


@contextlib.contextmanager
def unless_there() -> Iterator[None]:
    """Ignore the error of creating what already exists."""
    try:
        yield
    except mlflow_error() as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


@contextlib.contextmanager
def user_errors(prefix: str, cure: str) -> Iterator[None]:
    """Turn an error of MLflow into a sentence of ours, which shows no password.

    Args:
        prefix: what failed.
        cure: what to do about it, unless the store is damaged.
    """
    try:
        yield
    except (mlflow_error(), OSError) as error:
        reason = " ".join(str(error).split("[SQL:")[0].split())
        damage = "disk image is malformed" in reason or "file is not a database" in reason
        if damage and uri() == own_uri():
            raise database.damaged(Path(own_uri().removeprefix("sqlite:///")), reason) from None
        raise runtime.UserError(runtime.masked(f"{prefix} {uri()}: {reason}. {cure}")) from None


def mlflow_error() -> type[Any]:
    """MLflow's exception, imported when needed."""
    from mlflow.exceptions import MlflowException

    return MlflowException
