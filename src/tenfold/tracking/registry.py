"""The registered model: a version per champion, and an alias on the current one."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlparse

import tenfold
from tenfold import runtime
from tenfold.tracking import descriptions
from tenfold.tracking.runs import FINGERPRINT
from tenfold.tracking.standings import CANDIDATE, CHAMPION, ROLE, SUPERSEDED
from tenfold.tracking.store import (
    connect,
    in_temporary_folder,
    mlflow_error,
    own_uri,
    root,
    unless_there,
    uri,
    user_errors,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from tenfold.reporting.results import Champion, ExperimentResults

ALIAS = "champion"
PUBLICATION = "tenfold.publication"
# What every served model imports, beside its family's own; pinned to what trained it.
REQUIREMENTS = (
    "duckdb",
    "filelock",
    "mlflow",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "pytorch-lightning",
    "safetensors",
    "scikit-learn",
    "scipy",
    "skops",
    "torch",
)


def is_published(registered_model: str, fingerprint: str) -> bool:
    """Whether the champion in the registry is that of the results with `fingerprint`.

    SQLite is asked directly, in 15 ms, because MLflow's client takes two seconds to start. Any
    error means no: publishing reports it.
    """
    if not uri().startswith("sqlite:///"):
        client = connect()
        with contextlib.suppress(mlflow_error()):
            found = client.get_model_version_by_alias(registered_model, ALIAS)
            return bool(found.tags.get(PUBLICATION) == fingerprint)
        return False
    query = """
        SELECT version.storage_location
        FROM registered_model_aliases AS alias
        JOIN model_versions AS version USING (name, version)
        JOIN model_version_tags AS tag USING (name, version)
        JOIN runs ON runs.run_uuid = version.run_id
        JOIN experiments AS experiment USING (experiment_id)
        WHERE alias.name = ? AND alias.alias = ? AND tag.key = ? AND tag.value = ?
            AND experiment.lifecycle_stage = 'active'
    """
    path = quote(uri().removeprefix("sqlite:///"))
    values = (registered_model, ALIAS, PUBLICATION, fingerprint)
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            return any(_exists(location) for (location,) in store.execute(query, values))
    except sqlite3.Error:
        return False


def load_model(model_uri: str) -> Any:
    """Load a registered model for prediction in this process.

    Raises:
        tenfold.runtime.UserError: if there is no such model.
    """
    connect()
    import mlflow

    with _loading(model_uri):
        return mlflow.pyfunc.load_model(model_uri)


def require_model(model_uri: str) -> None:
    """Find a registered model without loading it.

    Raises:
        tenfold.runtime.UserError: if there is no such model.
    """
    connect()
    import mlflow

    with _loading(model_uri):
        mlflow.models.get_model_info(model_uri)


def _loading(model_uri: str) -> contextlib.AbstractContextManager[None]:
    return user_errors(
        f"cannot load {model_uri!r} from", "Run `dvc repro` first, or name another model"
    )


def promote(client: MlflowClient, experiment: str, results: ExperimentResults, run_id: str) -> str:
    """Register the champion of run `run_id`, then move the alias to it; say what was done.

    An experiment in a temporary folder leaves the workspace alone, and so the alias.
    """
    name = results.registered_model
    number = _version(client, experiment, results, run_id)
    if in_temporary_folder():
        if ROLE not in client.get_model_version(name, number).tags:
            client.set_model_version_tag(name, number, ROLE, CANDIDATE)
        return (
            f"models:/{name}/{number} is registered; @{ALIAS} stays where it is, since this "
            "experiment runs outside of the workspace"
        )
    client.set_model_version_tag(name, number, PUBLICATION, results.fingerprint)
    _show_roles(client, results, number)
    client.set_registered_model_alias(name, ALIAS, number)
    return f"models:/{name}@{ALIAS} is version {number}"


def _show_roles(client: MlflowClient, results: ExperimentResults, champion: str) -> None:
    """Describe the registered model and its champion; say of all versions what they are."""
    name = results.registered_model
    for version in client.search_model_versions(f"name = '{name}'"):
        role = CHAMPION if str(version.version) == champion else SUPERSEDED
        if role == CHAMPION or version.tags.get(ROLE) != CANDIDATE:
            client.set_model_version_tag(name, version.version, ROLE, role)
    described = client.get_model_version(name, champion)
    text = descriptions.version(results)
    if descriptions.may_replace(described.description) and described.description != text:
        client.update_model_version(name, champion, text)
    known, text = (
        client.get_registered_model(name).description,
        descriptions.registered_model(results),
    )
    if descriptions.may_replace(known) and known != text:
        client.update_registered_model(name, text)


def _version(client: MlflowClient, experiment: str, results: ExperimentResults, run_id: str) -> str:
    """Find the version of these model files, or upload and register them; return its number."""
    name, champion = results.registered_model, results.champion
    own = [champion.served] if champion.served else []
    model = runtime.fingerprint(champion.fingerprint, champion.max_unseen, *own)
    with unless_there():
        client.create_registered_model(name)
    for known in client.search_model_versions(f"name = '{name}'"):
        # A version of a moved project has lost its files.
        if known.tags.get(FINGERPRINT) == model and _has_files(client, name, known.version):
            return str(known.version)
    logged = _log_model(client, experiment, champion, run_id)
    created = client.create_model_version(
        name, source=f"models:/{logged}", run_id=run_id, tags={FINGERPRINT: model}
    )
    versions = json.dumps([{"name": name, "version": created.version}])
    client.set_logged_model_tags(logged, {"mlflow.modelVersions": versions})
    return str(created.version)


def _log_model(client: MlflowClient, experiment: str, champion: Champion, run_id: str) -> str:
    """Upload the champion as a pyfunc with a copy of tenfold's code; return its id."""
    from importlib.metadata import version

    import mlflow
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    from tenfold import models
    from tenfold.models.shared import assembling
    from tenfold.serving import pyfunc

    own = [package for name in champion.members for package in models.requirements(name)]
    logged = client.create_logged_model(experiment, name=champion.family, source_run_id=run_id)
    with tempfile.TemporaryDirectory() as folder:
        path, data = Path(folder) / "model", champion.model
        if champion.served:
            data = Path(folder) / "data"
            assembling.with_postprocessing(data, champion.model, champion.served)
        mlflow.pyfunc.save_model(
            str(path),
            mlflow_model=Model(
                artifact_path=logged.artifact_location,
                run_id=run_id,
                model_uuid=logged.model_id,
                model_id=logged.model_id,
            ),
            loader_module="tenfold.serving.pyfunc",
            data_path=str(data),
            code_paths=[str(Path(tenfold.__file__).parent)],
            signature=pyfunc.signature(champion.schema),
            input_example=champion.example,
            model_config={"max_unseen": champion.max_unseen},
            pip_requirements=[
                f"{package}=={_public(version(package))}"
                for package in (*REQUIREMENTS, *dict.fromkeys(own))
            ],
        )
        client.log_model_artifacts(logged.model_id, str(path))
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    return str(logged.model_id)


def _public(number: str) -> str:
    """A version without its local part, such as torch's `+cpu`, which no registry has."""
    return number.partition("+")[0]


def _has_files(client: MlflowClient, name: str, number: str) -> bool:
    return _exists(client.get_model_version_download_uri(name, number))


def _exists(location: str) -> bool:
    """Whether a local folder holds a model; of other places we assume so.

    A path of the project's own store must lie in the project, not in the one it was copied from.
    """
    parsed = urlparse(location)
    if parsed.scheme not in ("", "file"):
        return True
    path = Path(unquote(parsed.path))
    if uri() == own_uri() and not path.is_relative_to(root() / "mlruns"):
        return False
    return (path / "MLmodel").is_file()
