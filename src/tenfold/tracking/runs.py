"""One run per family with a child run per trial, found by the fingerprint of their results."""

from __future__ import annotations

import contextlib
import functools
import getpass
import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from tenfold.reporting.results import Champion, ExperimentResults, FamilyResults

FINGERPRINT = "tenfold.fingerprint"
CHAMPION = "tenfold.champion"


def family_run(
    client: MlflowClient, experiment: str, results: ExperimentResults, family: FamilyResults
) -> str:
    """Find the finished run of these results, or log it; return its id."""
    found = client.search_runs(
        [experiment],
        f"tags.`{FINGERPRINT}` = '{family.fingerprint}' AND attributes.status = 'FINISHED'",
        max_results=1,
    )
    if found:
        run_id = str(found[0].info.run_id)
        _log_scores(client, run_id, family)
        return run_id
    _discard_unfinished(client, experiment, family.fingerprint)
    tags = {
        FINGERPRINT: family.fingerprint,
        "tenfold.family": family.name,
        "dvc.stage": family.stage,
        "mlflow.source.name": "dvc.yaml",
        **_origin(),
    }
    if family.findings:
        tags["mlflow.note.content"] = "\n".join(f"- {finding}" for finding in family.findings)
    run_id = _create_run(client, experiment, family.name, tags)
    _log_scores(client, run_id, family)
    metrics = [
        (_curve(name), value, int(row["epoch"]))
        for row in family.history
        for name, value in row.items()
        if name != "epoch"
    ]
    _log(client, run_id, metrics, results.parameters | family.parameters)
    _log_dataset(client, run_id, results.data)
    for file in family.files:
        client.log_artifact(run_id, str(file), "plots" if file.suffix == ".png" else None)
    for trial in family.trials:
        _log_trial(client, experiment, run_id, family, trial)
    client.set_terminated(run_id, "FINISHED")
    return run_id


def _log_scores(client: MlflowClient, run_id: str, family: FamilyResults) -> None:
    """Log the cross-validated scores that are new to a run: a metric may be added afterwards."""
    known = client.get_run(run_id).data.metrics
    metrics = []
    for name, summary in family.scores.items():
        key = f"cv/{_key(name)}"
        if known.get(key) == summary["mean"]:
            continue
        metrics += [(f"{key}_fold", value, fold) for fold, value in enumerate(summary["folds"])]
        if summary["sd"] is not None:
            metrics.append((f"{key}_sd", summary["sd"], 0))
        # The last one: where it is known, so are the others.
        metrics.append((key, summary["mean"], 0))
    if metrics:
        client.log_dict(run_id, family.scores, "scores.json")
        _log(client, run_id, metrics)


def _key(metric: str) -> str:
    """A metric's name as MLflow takes it, which knows no @.

    >>> _key("precision@0.3")
    'precision_at_0.3'
    """
    return metric.replace("@", "_at_")


def _curve(name: str) -> str:
    """Name a metric of the learning curve; MLflow groups charts by the part before the slash.

    >>> _curve("val_loss"), _curve("gradient_norm_2"), _curve("dead_units")
    ('val/loss', 'gradient_norm/2', 'dead_units')
    """
    if name.endswith("_units"):
        return name
    head, _, tail = name.rpartition("_")
    return f"{head}/{tail}"


def end_interrupted(client: MlflowClient, experiment: str) -> None:
    """Mark as FAILED the runs that a killed process left RUNNING."""
    interrupted = "tags.`tenfold.family` LIKE '%' AND attributes.status = 'RUNNING'"
    for run in client.search_runs([experiment], interrupted):
        client.set_terminated(run.info.run_id, "FAILED")


def mark_champion(client: MlflowClient, experiment: str, run_id: str) -> None:
    """Tag the champion's run, and remove the tag from all others, removed families included."""
    for run in client.search_runs([experiment], f"tags.`{CHAMPION}` = 'true'"):
        if run.info.run_id != run_id:
            client.set_tag(run.info.run_id, CHAMPION, "false")
    client.set_tag(run_id, CHAMPION, "true")


def log_test(client: MlflowClient, run_id: str, champion: Champion) -> None:
    """Log the champion's scores on the test rows, if they are new, and its report."""
    known = client.get_run(run_id).data.metrics
    scores = {f"test/{_key(name)}": score for name, score in champion.test.items()}
    _log(client, run_id, [(key, s, 0) for key, s in scores.items() if known.get(key) != s])
    for file in champion.files:
        client.log_artifact(run_id, str(file))


def _log_trial(
    client: MlflowClient, experiment: str, parent: str, family: FamilyResults, trial: dict[str, Any]
) -> None:
    tags = {
        "mlflow.parentRunId": parent,
        "tenfold.family": family.name,
        "dvc.stage": f"cross_validate@{family.name}",
        **_origin(),
    }
    run_id = _create_run(client, experiment, f"{family.name} trial {trial['trial']}", tags)
    scores = {f"{name}_{part}" for name in family.scores for part in ("mean", "sd")}
    metrics = [
        (f"cv/{_key(key.removesuffix('_mean'))}", float(value), 0)
        for key, value in trial.items()
        if key in scores and value
    ]
    tuned = {k: v for k, v in trial.items() if k not in scores | {"trial", "state"}}
    _log(client, run_id, metrics, tuned)
    finished = "FINISHED" if trial["state"] == "complete" else "FAILED"
    client.set_terminated(run_id, finished)


def _create_run(client: MlflowClient, experiment: str, name: str, tags: Mapping[str, str]) -> str:
    """Create a run that is FAILED until it is complete, in case this process dies."""
    run = client.create_run(experiment, tags=dict(tags), run_name=name)
    client.set_terminated(run.info.run_id, "FAILED")
    return str(run.info.run_id)


def _discard_unfinished(client: MlflowClient, experiment: str, fingerprint: str) -> None:
    """Delete the incomplete runs, and their children, that a killed process left."""
    left = client.search_runs([experiment], f"tags.`{FINGERPRINT}` = '{fingerprint}'")
    for run in left:
        parent = run.info.run_id
        for child in client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{parent}'"):
            client.delete_run(child.info.run_id)
        client.delete_run(parent)


def _log(
    client: MlflowClient,
    run_id: str,
    metrics: Sequence[tuple[str, float, int]] = (),
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Log metrics (key, value, step) and parameters to a run, finished or not."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    points = [Metric(key, value, now, step) for key, value, step in metrics]
    params = [Param(key, str(value)) for key, value in (parameters or {}).items()]
    # A tracking server takes at most 1,000 metrics and 100 parameters in one request.
    for start in range(0, max(len(points), len(params)), 100):
        client.log_batch(run_id, points[start : start + 100], params[start : start + 100])


def _log_dataset(client: MlflowClient, run_id: str, data: Mapping[str, Any]) -> None:
    """Log the clean table as a dataset: name, digest, columns, number of rows."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    columns = [
        {"name": name, "type": kind, "required": True} for name, kind in data["columns"].items()
    ]
    dataset = Dataset(
        name=data["name"],
        digest=data["digest"][:36],  # MLflow keeps no more.
        source_type="local",
        source=json.dumps({"uri": data["path"]}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": data["rows"]}),
    )
    context = InputTag("mlflow.data.context", "training")
    client.log_inputs(run_id, datasets=[DatasetInput(dataset, tags=[context])])


@functools.cache
def _origin() -> dict[str, str]:
    """User, commit and DVC experiment of a run, as tags that MLflow's UI shows."""
    tags = {"mlflow.source.type": "PROJECT"}
    # A container may run as a user without a name, on a machine without git.
    with contextlib.suppress(OSError, KeyError, ImportError):
        tags["mlflow.user"] = getpass.getuser()
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        tags["mlflow.source.git.commit"] = subprocess.check_output(
            ["git", "rev-parse", "HEAD"], stderr=subprocess.DEVNULL, text=True
        ).strip()
    if "DVC_EXP_NAME" in os.environ:
        tags["dvc.experiment"] = os.environ["DVC_EXP_NAME"]
    return tags
