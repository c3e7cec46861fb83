"""`tenfold init`: from a table to a project that runs, every guess explained."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenfold import runtime
from tenfold.scaffolding import experiment, guesses, project, trial


def init(
    table: str, target: str, folder: Path, given: Mapping[str, Any], *, force: bool
) -> list[str]:
    """Write a project that learns `target` from `table` into `folder`.

    Args:
        table: what `data.path` may be, relative to the current folder.
        target: the column to predict.
        folder: of the project; it is made if there is none.
        given: settings of `data` that need not be guessed.
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
        command = _command(table, target, given)

        def settle(table: guesses.GuessedTable) -> tuple[str, str]:
            return trial.settle(
                lambda n: experiment.render(name or "experiment", command, table, n),
                table.n_splits,
            )

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
        written = project.write(text, force=force)
    return [*guessed.summary(), *(f"check: {line}" for line in said), *written]


def _command(table: str, target: str, given: Mapping[str, Any]) -> str:
    """The command line that gives the same settings."""
    words = ["tenfold", "init", table, "--target", target]
    for key, value in given.items():
        words += [f"--{key}", ",".join(value) if isinstance(value, list) else value]
    return shlex.join(words)
