"""Experiment files, and what refuses them says."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import pytest

from tenfold import models, params
from tenfold.runtime import UserError
from tests.project import ROOT

FILES = [ROOT / "params.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]


MINIMAL: dict[str, Any] = {
    "name": "minimal",
    "task": "binary",
    "seed": 0,
    "metrics": ["auroc"],
    "data": {"path": "t.csv", "target": "y"},
    "clean": {},
    "split": {},
    "audit": {},
    "preprocessing": {},
    "tune": {},
    "train": {},
    "trainer": {},
    "models": {"dummy": {}},
    "select_model": {"registered_model_name": "minimal"},
}


SECTIONS = ["clean", "split", "audit", "preprocessing", "tune", "train", "trainer"]


# What a person who never heard of pydantic should not have to read.
JARGON = re.compile(
    r"pydantic|type=|https?://|Input should|validation|ctx|dictionary|constrained|\[key\]|"
    r"\.(int|float|bool|str)\b|NoneType"
)


def declare(changes: dict[str, Any]) -> dict[str, Any]:
    """The minimal experiment with some keys, given by dotted names, replaced."""
    document = deepcopy(MINIMAL)
    for name, value in changes.items():
        *parents, key = name.split(".")
        node = document
        for parent in parents:
            node = node.setdefault(parent, {})
        node[key] = value
    return document


def refusal(document: Any) -> str:
    with pytest.raises(UserError) as refused:
        params.parse(document, models)
    message = str(refused.value)
    assert message.startswith("params.yaml")
    assert not JARGON.search(message), message
    return message
