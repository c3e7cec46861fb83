"""Devices that this machine lacks are named before anything runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tenfold import models, params
from tenfold.params import Params
from tenfold.runtime import UserError
from tenfold.tuning import machine
from tests.cures.refusals import SOUND

# A machine that has one has no use for it here.
ABSENT: dict[str, Any] = {"accelerator": "mps"}
NETWORK: dict[str, Any] = {"models": {"dummy": {}, "mlp": {}}}


def experiment(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Params:
    monkeypatch.chdir(folder)
    Path("params.yaml").write_text(json.dumps({**SOUND, **changes}))
    return params.load(models)


def finished(**trainer: Any) -> None:
    """Leave behind what DVC does after a search by these options."""
    Path("outputs/cross_validate/mlp").mkdir(parents=True)
    written = {"params": {"params.yaml": {"trainer": trainer}}}
    Path("dvc.lock").write_text(json.dumps({"stages": {"cross_validate@mlp": written}}))


def test_a_device_that_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = experiment(tmp_path, monkeypatch, **NETWORK, trainer=ABSENT)
    with pytest.raises(UserError, match="this machine cannot serve accelerator: mps"):
        machine.checked(own)
    assert machine.to_search(own) == ["dummy", "mlp"]


def test_results_of_another_machine_need_no_device_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = experiment(tmp_path, monkeypatch, **NETWORK, trainer=ABSENT)
    finished(**ABSENT)
    assert machine.checked(own) is own
    assert machine.to_search(own) == ["dummy"]


def test_results_by_other_options_will_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = experiment(tmp_path, monkeypatch, **NETWORK, trainer=ABSENT)
    finished()
    with pytest.raises(UserError, match="this machine cannot serve accelerator: mps"):
        machine.checked(own)
    assert machine.to_search(own) == ["dummy", "mlp"]


@pytest.mark.parametrize("changes", [{**NETWORK, "trainer": {}}, {"trainer": ABSENT}])
def test_what_asks_for_no_device_is_not_looked_at(
    changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = experiment(tmp_path, monkeypatch, **changes)
    assert machine.checked(own) is own
