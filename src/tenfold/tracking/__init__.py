"""The only door to MLflow, whose runs and models are written from the stages' outputs.

Runs and model versions are found by the fingerprint of what they show, so publishing twice
changes nothing, and a lost store is rebuilt by publishing again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tenfold import runtime
from tenfold.reporting import outputs
from tenfold.reporting.outputs import Outputs
from tenfold.tracking import registry, runs, store
from tenfold.tracking.registry import ALIAS, is_published, load_model, require_model
from tenfold.tracking.store import environment, page, uri

if TYPE_CHECKING:
    from tenfold.reporting.results import ExperimentResults

__all__ = [
    "ALIAS",
    "environment",
    "is_published",
    "is_shown",
    "load_model",
    "page",
    "publish",
    "require_model",
    "uri",
]


def is_shown(params: Mapping[str, Any], out: Outputs) -> bool:
    """Whether outputs and registry show an experiment already, by the values of its params.yaml."""
    fingerprint = outputs.inputs_fingerprint(params, out)
    registered = params["select_model"]["registered_model_name"]
    return outputs.are_made_from(fingerprint, out) and is_published(registered, fingerprint)


def publish(results: ExperimentResults) -> str:
    """Show results in MLflow and move the alias to their champion; say what was done.

    Every run is marked FAILED until all of it is logged, so that none is ever left RUNNING. The
    version is created after its files, and the alias moves last.

    Raises:
        runtime.UserError: if the store does not take them.
    """
    lock = runtime.lock(store.root() / runtime.SCRATCH / "locks" / "publish.lock", wait=True)
    cure = "Put that right, then run `tenfold publish`"
    with lock, store.user_errors("cannot publish to", cure):
        client = store.connect()
        experiment = store.experiment(client, results.experiment)
        runs.end_interrupted(client, experiment)
        found = {
            family.name: runs.family_run(client, experiment, results, family)
            for family in results.families
        }
        run_id = found[results.champion.family]
        runs.log_test(client, run_id, results.champion)
        if store.in_temporary_folder():
            runs.mark_candidates(client, found)
        else:
            runs.show_standings(client, experiment, results, found)
            store.describe(client, experiment, results)
        return registry.promote(client, experiment, results, run_id)
