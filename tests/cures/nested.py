"""Refusals of nested cross-validation."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from pipelines import clean, split
from tenfold import models, params
from tenfold.selection import nested
from tests.cures.refusals import Change, refusal


class Reached(Exception):
    """The first stage of the first fold would run."""


def _reached(folder: Path, words: object) -> None:
    raise Reached


def run_nested() -> None:
    """Clean, split, and begin nested cross-validation."""
    experiment = params.load(models)
    if not any(declared.get("init_from") for declared in experiment.models.values()):
        with contextlib.redirect_stdout(io.StringIO()):
            clean.main()
            split.main()
    with contextlib.suppress(Reached):
        list(nested.run(experiment, 1, _reached, Path("scratch")))


CASES = [
    refusal(
        "nested cross-validation of two folds",
        Change(
            "needs a fold whose training rows hold two other folds, but there are 2",
            {"split.n_splits": 2},
            run=run_nested,
        ),
        Change("set split.n_splits to 3 or more", {"split.n_splits": 3}),
    ),
    refusal(
        "nested cross-validation from a model that has seen the rows",
        Change(
            "models.mlp.init_from starts from a model that may have seen the rows",
            {"models": {"mlp": {"init_from": "elsewhere"}}, "split.n_splits": 3},
            run=run_nested,
        ),
        Change("remove it", {"models": {"mlp": {}}}),
    ),
]
