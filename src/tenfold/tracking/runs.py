"""One run per family with a child run per trial, found by the fingerprint of their results."""

from __future__ import annotations

import contextlib
import functools
import getpass
import itertools
import json
import os
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tenfold import runtime
from tenfold.tracking import descriptions, views
from tenfold.tracking.descriptions import NOTE
from tenfold.tracking.standings import CANDIDATE, ROLE, SCORE, SUPERSEDED, VERDICT, standings
from tenfold.tracking.views import metric_key

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from tenfold.reporting.results import Champion, ExperimentResults, FamilyResults

FINGERPRINT = "tenfold.fingerprint"
FAMILY = "tenfold.family"
EXPERIMENT = "dvc.experiment"
# What earlier versions tagged the champion with.
OLD_CHAMPION = "tenfold.champion"


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
        known = found[0].info
        _log_scores(client, known.run_id, family)
        if family.timing:  # A run of an earlier version lasted as long as its publication.
            _finish(client, known.run_id, known.start_time, family.timing)
        return str(known.run_id)
    _discard_unfinished(client, experiment, family.fingerprint)
    tags = {
        FINGERPRINT: family.fingerprint,
        FAMILY: family.name,
        "dvc.stage": family.stage,
        "mlflow.source.name": "dvc.yaml",
        **_origin(),
    }
    names = {run.info.run_name for run in _published(client, experiment)}
    name = _free_name(_name(family.name, tags), names)
    run_id = _create_run(client, experiment, name, tags, family.timing)
    _log_scores(client, run_id, family)
    curve = [
        (_curve(name), value, int(row["epoch"]))
        for row in family.history
        for name, value in row.items()
        if name != "epoch"
    ]
    _log(client, run_id, curve, results.parameters | family.parameters)
    _log_dataset(client, run_id, results.data)
    for file in family.files:
        client.log_artifact(run_id, str(file), "plots" if file.suffix == ".png" else None)
    for trial in family.trials:
        _log_trial(client, experiment, run_id, name, family, trial)
    if family.timing:
        _finish(client, run_id, _milliseconds(family.timing.start), family.timing)
    else:
        client.update_run(run_id, "FINISHED")
    return run_id


def _name(family: str, tags: Mapping[str, str]) -> str:
    """A run's name: the family's, and the DVC experiment's if it is of one."""
    return f"{family} ({tags[EXPERIMENT]})" if EXPERIMENT in tags else family


def _free_name(wanted: str, taken: Collection[str]) -> str:
    """The name itself, or the first with a number that no other run has.

    >>> _free_name("mlp", ["mlp", "mlp 2"])
    'mlp 3'
    """
    numbered = (f"{wanted} {number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([wanted], numbered) if name not in taken)


def _published(client: MlflowClient, experiment: str) -> list[Run]:
    """The finished runs of families and ensembles, in the order of their start."""
    found: list[Run] = []
    token = None
    while True:
        page = client.search_runs(
            [experiment],
            f"tags.`{FINGERPRINT}` LIKE '%' AND attributes.status = 'FINISHED'",
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        found += page
        token = page.token
        if not token:
            return found


def show_standings(
    client: MlflowClient, experiment: str, results: ExperimentResults, found: Mapping[str, str]
) -> None:
    """Say of every run of the experiment where it stands.

    Args:
        client: of the store.
        experiment: its id.
        results: what outputs/ holds.
        found: candidate -> the id of its run. All other runs are superseded.
    """
    standing = standings(results)
    families = {found[family.name]: family for family in results.families}
    names: set[str] = set()
    for run in _published(client, experiment):
        run_id = run.info.run_id
        name = _free_name(run.info.run_name or run.data.tags[FAMILY], names)
        names.add(name)
        if name != run.info.run_name:  # Earlier versions named all runs of a family alike.
            client.update_run(run_id, name=name)
        if run_id in families:
            family = families[run_id]
            own = standing[family.name]
            if run.data.metrics.get(views.RANK) != own.rank:
                _log(client, run_id, [(views.RANK, own.rank, 0)])
            tags = {ROLE: own.role, SCORE: own.score, VERDICT: own.verdict}
            if descriptions.may_replace(run.data.tags.get(NOTE), family.findings):
                tags[NOTE] = descriptions.run(results, family, own)
            _tag(client, run, tags)
        elif run.data.tags.get(ROLE) != CANDIDATE:
            _tag(client, run, {ROLE: SUPERSEDED, VERDICT: "of results that outputs/ holds no more"})
        if OLD_CHAMPION in run.data.tags:
            client.delete_tag(run_id, OLD_CHAMPION)


def mark_candidates(client: MlflowClient, found: Mapping[str, str]) -> None:
    """Mark the runs of a DVC experiment outside of the workspace, whose champion is not chosen."""
    for run in map(client.get_run, found.values()):
        if ROLE not in run.data.tags:
            _tag(client, run, {ROLE: CANDIDATE, VERDICT: "of a DVC experiment"})


def _tag(client: MlflowClient, run: Run, tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        if run.data.tags.get(key) != value:
            client.set_tag(run.info.run_id, key, value)


def _log_scores(client: MlflowClient, run_id: str, family: FamilyResults) -> None:
    """Log the cross-validated scores that are new to a run: a metric may be added afterwards."""
    known = client.get_run(run_id).data.metrics
    metrics = []
    for name, summary in family.scores.items():
        key = f"cv/{metric_key(name)}"
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
    interrupted = f"tags.`{FAMILY}` LIKE '%' AND attributes.status = 'RUNNING'"
    for run in client.search_runs([experiment], interrupted):
        client.set_terminated(run.info.run_id, "FAILED")


def log_test(client: MlflowClient, run_id: str, champion: Champion) -> None:
    """Log the champion's test scores and intervals, if they are new, and its report."""
    known = client.get_run(run_id).data.metrics
    scores = {f"test/{name}": score for name, score in champion.test.items()} | champion.bounds
    scores = {metric_key(name): score for name, score in scores.items()}
    _log(client, run_id, [(key, s, 0) for key, s in scores.items() if known.get(key) != s])
    for file in champion.files:
        client.log_artifact(run_id, str(file))


def _log_trial(
    client: MlflowClient,
    experiment: str,
    parent: str,
    parent_name: str,
    family: FamilyResults,
    trial: dict[str, Any],
) -> None:
    tags = {
        "mlflow.parentRunId": parent,
        FAMILY: family.name,
        "dvc.stage": f"cross_validate@{family.name}",
        **_origin(),
    }
    name = f"{parent_name} trial {trial['trial']}"
    run_id = _create_run(client, experiment, name, tags, family.timing)
    scores = {f"{name}_{part}" for name in family.scores for part in ("mean", "sd")}
    metrics = [
        (f"cv/{metric_key(key.removesuffix('_mean'))}", float(value), 0)
        for key, value in trial.items()
        if key in scores and value
    ]
    tuned = {k: v for k, v in trial.items() if k not in scores | {"trial", "state"}}
    _log(client, run_id, metrics, tuned)
    client.update_run(run_id, "FINISHED" if trial["state"] == "complete" else "FAILED")


def _create_run(
    client: MlflowClient,
    experiment: str,
    name: str,
    tags: Mapping[str, str],
    timing: runtime.Timing | None,
) -> str:
    """Create a run that is FAILED until it is complete, in case this process dies.

    It starts when its family's search did. A run without an end has no duration, which is what is
    known of results that were made elsewhere, and of single trials.
    """
    start = _milliseconds(timing.start) if timing else None
    run = client.create_run(experiment, start_time=start, tags=dict(tags), run_name=name)
    client.update_run(run.info.run_id, "FAILED")
    return str(run.info.run_id)


def _finish(client: MlflowClient, run_id: str, start: int, timing: runtime.Timing) -> None:
    client.set_terminated(run_id, "FINISHED", end_time=start + _milliseconds(timing.seconds))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


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

    now = _milliseconds(time.time())
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
        tags[EXPERIMENT] = os.environ["DVC_EXP_NAME"]
    return tags
