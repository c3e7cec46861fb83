"""Every choice stands in docs/training.md, with tests that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tenfold.training.catalogue import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    NORMALIZATIONS,
    NUMERIC_EMBEDDINGS,
    OPTIMIZERS,
    SCHEDULES,
)
from tests.training.folds import FAMILIES

HERE = Path(__file__).parent
PAGE = (HERE.parent.parent / "docs" / "training.md").read_text(encoding="utf-8")

REGISTRIES: dict[str, Iterable[str]] = {
    "Activations": ACTIVATIONS,
    "Architectures": FAMILIES,
    "Embeddings": NUMERIC_EMBEDDINGS,
    "Initializers": INITIALIZERS,
    "Losses": LOSSES,
    "Normalizations": NORMALIZATIONS,
    "Optimizers": OPTIMIZERS,
    "Schedules": SCHEDULES,
}


def tables() -> dict[str, list[list[str]]]:
    """The rows of each chapter's table, cell by cell, without its head."""
    found: dict[str, list[list[str]]] = {}
    for chapter in PAGE.split("\n## ")[1:]:
        title, _, text = chapter.partition("\n")
        lines = [line for line in text.splitlines() if line.startswith("| ")][2:]
        # A bar that belongs to a formula is written as \|.
        found[title] = [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return found


def functions_in(file: str) -> set[str]:
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("chapter", REGISTRIES)
def test_every_choice_has_a_row(chapter: str) -> None:
    rows = {row[0].strip("`") for row in tables()[chapter]}
    assert set(REGISTRIES[chapter]) <= rows


@pytest.mark.slow
def test_every_test_named_exists() -> None:
    named = re.findall(r"`(test_\w+\.py)::(\w+)`", PAGE)
    missing = [f"{file}::{test}" for file, test in named if test not in functions_in(file)]
    assert len(named) > 60
    assert missing == []


def test_every_row_names_its_test() -> None:
    bare = [row for rows in tables().values() for row in rows if "::test_" not in row[-2]]
    assert bare == []


def test_no_difference_written_down_is_larger_than_the_promise() -> None:
    written = [float(row[-1]) for rows in tables().values() for row in rows if row[-1]]
    assert len(written) > 50
    assert max(written) < 1e-9
