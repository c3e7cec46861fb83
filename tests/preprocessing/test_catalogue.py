"""Every choice stands in docs/preprocessing.md, with tests that exist."""

from __future__ import annotations

import ast
import re
from typing import Any, get_args

import pytest

from tenfold.params.preprocessing import Encode, Impute, Part, Scale
from tests.project import ROOT

TESTS = ROOT / "tests"
PAGE = (TESTS.parent / "docs" / "preprocessing.md").read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    """The rows of all tables, cell by cell, without their heads."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


@pytest.mark.parametrize(
    ("key", "choices"), [("impute: ", Impute), ("scale: ", Scale), ("encode: ", Encode), ("", Part)]
)
def test_every_choice_has_a_row(key: str, choices: Any) -> None:
    assert {f"`{key}{choice}`" for choice in get_args(choices)} <= {row[0] for row in rows()}


@pytest.mark.slow
def test_every_row_names_a_test_that_exists() -> None:
    for row in rows():
        assert re.fullmatch(r"`\w+/test_\w+\.py::test_\w+`", row[-1]), row
    for file, test in re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE):
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
