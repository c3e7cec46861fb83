"""Whether this machine has the devices that params.yaml asks for, before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenfold import models, params
from tenfold.models.shared.network_checks import check_devices, runs_anywhere
from tenfold.models.shared.network_parameters import NetworkParameters
from tenfold.params import Params

RESULTS = Path("outputs/cross_validate")
# DVC's own record of what each stage was last run with.
LOCK, PARAMS = Path("dvc.lock"), Path("params.yaml")


def checked(experiment: Params) -> Params:
    """The experiment, if the networks that will be trained find their devices here.

    Raises:
        UserError: if they do not.
    """
    if networks_to_train(experiment):
        check_devices(experiment.trainer.model_dump())
    return experiment


def to_search(experiment: Params) -> list[str]:
    """The families without results; those that have some may have got them on another machine."""
    asked = networks_to_train(experiment)
    return [name for name in experiment.models if name in asked or not (RESULTS / name).exists()]


def networks_to_train(experiment: Params) -> list[str]:
    """The networks that need certain devices and have no results by these options."""
    if runs_anywhere(experiment.trainer.model_dump()):
        return []
    networks = [
        name for name in experiment.models if issubclass(models.parameters(name), NetworkParameters)
    ]
    recorded = params.read_yaml(LOCK)["stages"] if LOCK.exists() else {}
    declared = params.read_yaml(PARAMS).get("trainer")
    return [
        name
        for name in networks
        if not (RESULTS / name).exists() or _trainer_of(recorded, name) != declared
    ]


def _trainer_of(stages: Any, family: str) -> Any:
    """What `trainer:` was when DVC last ran a family's search."""
    stage = stages.get(f"cross_validate@{family}", {})
    return stage.get("params", {}).get(PARAMS.name, {}).get("trainer")
