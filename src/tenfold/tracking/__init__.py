"""The only door to MLflow: everything there is projected from the outputs of the stages.

Runs and model versions are found by the fingerprint of what they show, so publishing twice
changes nothing, and a lost store is rebuilt by publishing again.
"""

from __future__ import annotations

from tenfold import runtime
from tenfold.reporting.results import ExperimentResults
from tenfold.tracking import registry, runs, store
from tenfold.tracking.registry import ALIAS, is_published, load_model, require_model
from tenfold.tracking.store import environment, uri

__all__ = [
    "ALIAS",
    "environment",
    "is_published",
    "load_model",
    "publish",
    "require_model",
    "uri",
]


def publish(results: ExperimentResults) -> str:
    """Show results in MLflow and move the alias to their champion; return its version.

    Every run is marked FAILED until all of it is logged, so that none is ever left RUNNING. The
    version is created after its files, and the alias moves last.
    """
    with runtime.lock(store.root() / runtime.SCRATCH / "locks" / "publish.lock", wait=True):
        client = store.connect()
        experiment = store.experiment(client, results.experiment)
        runs.end_interrupted(client, experiment)
        champion = results.champion
        found = {
            family.name: runs.family_run(client, experiment, results, family)
            for family in results.families
        }
        run_id = found[champion.family]
        runs.mark_champion(client, experiment, run_id)
        known = client.get_run(run_id).data.metrics
        test = {f"test/{name}": score for name, score in champion.test.items()}
        runs.log(client, run_id, [(key, s, 0) for key, s in test.items() if known.get(key) != s])
        for file in champion.files:
            client.log_artifact(run_id, str(file))
        return registry.promote(client, experiment, results, run_id)
