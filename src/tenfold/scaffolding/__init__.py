"""`tenfold init`: from a table to a project that runs, every guess explained."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenfold import models, runtime
from tenfold.params import parse_text
from tenfold.scaffolding import experiment, guesses, portfolio, project, trial
from tenfold.scaffolding.portfolio import SECONDS

# So few folds where the time is too short for more.
FEWEST_FOLDS = 3


def init(
    table: str,
    target: str,
    folder: Path,
    given: Mapping[str, Any],
    *,
    seconds: float = SECONDS,
    force: bool = False,
) -> list[str]:
    """Write a project that learns `target` from `table` into `folder`.

    Args:
        table: what `data.path` may be, relative to the current folder.
        target: the column to predict.
        folder: of the project; it is made if there is none.
        given: settings of `data` that need not be guessed.
        seconds: that a whole `dvc repro` may take.
        force: replace a params.yaml, which is kept beside it.

    Returns:
        Lines that tell what was guessed and written.

    Raises:
        UserError: if the table cannot be read, has no such column, or a file would be replaced.
    """
    path = project.relative_path(table, folder)
    with project.working_in(folder):
        runtime.check_folder()
        guessed = guesses.guess(path, target, given)
        name = re.sub(r"[^A-Za-z0-9_]+", "_", Path(path.partition(":")[2] or path).stem).strip("_")
        heading = experiment.Heading(
            name or "experiment", _command(table, target, given, seconds), seconds
        )

        def settle(table: guesses.GuessedTable) -> tuple[str, str]:
            def render(n_splits: int) -> str:
                rough = portfolio.rough(table.size(n_splits), seconds)
                return experiment.render(heading, table, n_splits, rough)

            return trial.settle(render, table.n_splits)

        text, refusal = settle(guessed)
        said = []
        if refusal and guessed.honest:
            # The rows may be too few of something for that split, and not for another.
            plain = replace(guessed, honest=None)
            other_text, other_refusal = settle(plain)
            if not other_refusal:
                said.append(f"{guessed.honest.unused}: that is refused so far: {refusal}")
                guessed, text, refusal = plain, other_text, ""
        if refusal:
            said.append(f"tenfold check refuses this so far: {refusal}")
        else:
            tried = parse_text(text, models)
            most = tried.split.n_splits
            is_fixed = guessed.published is not None and guessed.published.names_folds
            folds = [most] if is_fixed or most <= FEWEST_FOLDS else [most, FEWEST_FOLDS]
            n_splits, best = portfolio.plan(tried, guessed.size, folds, seconds)
            text = experiment.render(heading, guessed, n_splits, best)
            said += best.summary(seconds)
        written = project.write(text, force=force)
    return [*guessed.summary(), *(f"check: {line}" for line in said), *written]


def _command(table: str, target: str, given: Mapping[str, Any], seconds: float) -> str:
    """The command line that gives the same settings."""
    words = ["tenfold", "init", table, "--target", target]
    for key, value in given.items():
        words += [f"--{key}", ",".join(value) if isinstance(value, list) else value]
    if seconds != SECONDS:
        words += ["--time", f"{seconds:g}s"]
    return shlex.join(words)
