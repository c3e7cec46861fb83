"""Rule `cost_aware`: which candidates are within the declared cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tenfold.metrics import summarise
from tenfold.models.shared.ensemble import Part
from tenfold.params.training import SelectModel
from tenfold.runtime import UserError
from tenfold.selection import cost_limits
from tenfold.selection.comparison import Scoreboard
from tenfold.selection.ensemble import Ensemble
from tests import ensembles
from tests.bags import table

LINEAR, MLP, ENSEMBLE = 0.7, 0.8, 0.9
BOARD = Scoreboard(
    {
        name: summarise([{"auroc": score}, {"auroc": score + 0.01}])
        for name, score in (("linear", LINEAR), ("mlp", MLP), ("ensemble", ENSEMBLE))
    },
    "auroc",
    0.5,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder outputs/train of two families."""
    folder = tmp_path_factory.mktemp("train")
    mlp, linear, _ = ensembles.trained("binary")
    for own in (mlp, linear):
        (folder / own.family / "model").mkdir(parents=True)
        own.save(folder / own.family / "model")
    return folder


def megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def within(trained: Path, **limits: Any) -> tuple[list[str], list[str]]:
    """The candidates that are left, and the notes."""
    combined = Ensemble(
        [Part("linear", 0, 0.5), Part("mlp", 0, 0.5)],
        [trained / "linear" / "model", trained / "mlp" / "model"],
    )
    declared = SelectModel(rule="cost_aware", registered_model_name="m", **limits)
    board, notes = cost_limits.affordable(BOARD, declared, combined, trained, table(3))
    return list(board.cv), notes


@pytest.mark.slow
def test_a_limit_in_megabytes_leaves_the_smaller_models(trained: Path) -> None:
    linear, mlp = (megabytes(trained / name / "model") for name in ("linear", "mlp"))
    names, notes = within(trained, max_megabytes=mlp)
    assert names == ["linear", "mlp"]
    assert len(notes) == 1
    assert notes[0].startswith("note: ensemble is beyond the cost declared under select_model: ")
    assert within(trained, max_megabytes=(linear + mlp) / 2)[0] == ["linear"]
    assert within(trained, max_megabytes=linear + mlp) == ([*BOARD.cv], [])


@pytest.mark.slow
def test_each_declared_limit_counts(trained: Path) -> None:
    assert within(trained, max_milliseconds=1e6)[0] == [*BOARD.cv]
    with pytest.raises(UserError, match="no candidate is within select_model's max_megabytes"):
        within(trained, max_megabytes=1e-6, max_milliseconds=1e6)


@pytest.mark.slow
def test_a_limit_that_none_is_within_is_refused_with_what_each_costs(trained: Path) -> None:
    with pytest.raises(UserError) as refused:
        within(trained, max_milliseconds=1e-6)
    said = str(refused.value)
    assert "max_milliseconds 1e-06: linear 0." in said
    assert "MB" in said
    assert "raise the limit" in said
