"""params.schema.json: it is up to date, and it says the same as the check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tenfold import models, params
from tests.params.documents import FILES, declare, refusal
from tests.params.json_schema import schema_accepts
from tests.project import ROOT


def test_the_checked_in_schema_is_up_to_date() -> None:
    expected = json.dumps(params.json_schema(models), indent=2, sort_keys=True)
    found = (ROOT / "params.schema.json").read_text(encoding="utf-8")
    assert found.strip() == expected


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_schema_accepts_every_experiment_in_the_repository(path: Path) -> None:
    assert schema_accepts(params.read_yaml(path))


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"nmae": 1},
        {"data.delimter": ","},
        {"models.mpl": {}},
        {"models.mlp": {"drpout": 0.1}},
        {"models.mlp": {"dropout": {"low": 0, "high": 1, "setp": 1}}},
        {"models.mlp": {"activation": "tahn"}},
        {"models.mlp": {"dropout": 1.5}},
        {"models.cnn": {}},
        {"models.cnn": {"shape": [1, 2]}},
        {"models.cnn": {"shape": [1, 2, 3, 4]}},
        {"models.rnn": {"shape": [1, 0]}},
        {"models.mlp": {"embeddings": {"numeric": "perodic"}}},
        {"train.strategy": "bagging"},
        {"metrics": ["auc"]},
        {"metrics": []},
        {"models": {}},
        {"seed": "7"},
        {"task": "binray"},
    ],
)
def test_the_schema_rejects_what_the_check_refuses(changes: dict[str, Any]) -> None:
    assert schema_accepts(declare({}))
    assert not schema_accepts(declare(changes))
    refusal(declare(changes))


def test_the_schema_lets_every_leaf_of_every_family_be_tuned() -> None:
    families = params.json_schema(models)["properties"]["models"]["properties"]
    assert sorted(families) == models.names()
    for name in models.names():
        properties = families[name]["anyOf"][0].get("properties", {})
        assert set(properties) == set(models.parameters(name).model_fields)
        for leaf in properties.values():
            assert {"$ref": "#/$defs/Range"} in leaf["anyOf"]
            assert {"$ref": "#/$defs/Choices"} in leaf["anyOf"]
