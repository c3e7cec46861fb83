"""A network family is added by one file: its parameters, its network, and nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tenfold import models, params
from tenfold.metrics import Task
from tenfold.models import Configuration, FoldPredictions
from tenfold.params import ExperimentContext
from tenfold.params.families import check_family
from tests.models.cases import TASKS, data, folds, setting

GATED = '''
"""Network of gated layers."""

from functools import partial

from pydantic import Field

from tenfold.models.shared.network_family import NetworkFamily
from tenfold.models.shared.network_parameters import TableParameters


class Parameters(TableParameters):
    """Layers whose outputs pass a gate."""

    sharpness: float = Field(1.0, gt=0, description="Of the gates.")


def build(layers):
    """`n_blocks` gated layers of `d_block` units."""
    settings = layers.settings
    units = settings.d_block
    apply = partial(add_gated, settings.own["sharpness"])
    return layers.network(
        first=layers.linear(layers.widths, units),
        blocks=[
            layers.block(
                apply,
                linear=layers.linear(units, units),
                activation=layers.activation(),
                gate=layers.linear(units, units),
                dropout=layers.dropout(),
            )
            for _ in range(settings.n_blocks)
        ],
        widths=units,
    )


def add_gated(sharpness, block, x, rows):
    """What the gate lets through, added to what came in."""
    gate = (sharpness * block.gate(x)).sigmoid()
    return x + block.dropout(gate * block.activation(block.linear(x)))


FAMILY = NetworkFamily("gated", build)
'''
DECLARED = {"d_block": 8, "n_blocks": 2, "dropout": 0.1, "sharpness": 2.0, "learning_rate": 0.01}


@pytest.fixture(autouse=True)
def _gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The family's file, found as if it lay in `models/`."""
    folder = tmp_path / "families"
    folder.mkdir()
    (folder / "gated.py").write_text(GATED)
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(folder)])
    yield
    sys.modules.pop("tenfold.models.gated", None)
    vars(models).pop("gated", None)


def test_its_parameters_are_checked_and_described_under_its_name() -> None:
    context = ExperimentContext("binary", "standard", 8, epochs_declared=True)
    tuned = {"sharpness": {"low": 0.5, "high": 2.0}, "embeddings": {"numeric": "periodic"}}
    check_family(models, "gated", DECLARED | tuned, context)
    with pytest.raises(ValueError, match=r"models\.gated\.sharpness"):
        check_family(models, "gated", {"sharpness": 0.0}, context)
    described = params.json_schema(models)["properties"]["models"]["properties"]["gated"]
    assert described["anyOf"][0]["properties"]["sharpness"]["anyOf"][0]["default"] == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_it_is_cross_validated_fitted_saved_and_loaded(task: Task, tmp_path: Path) -> None:
    parameters = models.parameters("gated").model_validate(DECLARED)
    family, X = models.family("gated"), data(task)[0]
    sharper = parameters.model_copy(update={"sharpness": 9.0})
    assert family.shape(sharper) != family.shape(parameters)
    asked = [Configuration(parameters, (1, 2, 3))]
    [found] = family.predict_folds(asked, folds("gated", task), setting(task))
    assert isinstance(found, FoldPredictions)
    assert all(np.isfinite(prediction).all() for prediction in found.predictions)
    fitted = family.fit(parameters, *data(task), 5, setting(task), 4)
    fitted.save(tmp_path)
    loaded = family.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict([X]), fitted.predict([X]))
    assert loaded.draws([X], 3, 0).shape[0] == 3
