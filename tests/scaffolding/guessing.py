"""A table to guess from, and what `tenfold init` makes of it and `tenfold check` says then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from tenfold import models, params
from tenfold.scaffolding import check, experiment, guesses, portfolio
from tenfold.scaffolding.project import working_in

WORDS = ["red", "green", "blue"]


def table(n: int = 120) -> pd.DataFrame:
    draw = np.random.default_rng(3)
    size = draw.normal(size=n).round(3)
    return pd.DataFrame(
        {
            "customer_id": np.arange(1000, 1000 + n),
            "colour": draw.choice(WORDS, n),
            "size": size,
            "price": (3 * size + draw.normal(size=n)).round(4),
            "bought": (size + draw.normal(size=n) > 0).astype(int),
        }
    )


def known_to_dvc() -> Path:
    """The project's folder, where DVC is not started, which takes seconds."""
    Path("project/.dvc").mkdir(parents=True, exist_ok=True)
    return Path("project")


def guess(frame: pd.DataFrame | str, target: str, *columns: str) -> guesses.GuessedTable:
    """What is guessed of a table; project/params.yaml says it, and no other file is made."""
    if isinstance(frame, str):
        Path("t.csv").write_text(frame)
    else:
        frame.to_csv("t.csv", index=False)
    settings = {"columns": list(columns)} if columns else {}
    with working_in(Path("project")):
        found = guesses.guess("../t.csv", target, settings)
        Path("params.yaml").write_text(rendered(found))
    return found


def rendered(table: guesses.GuessedTable) -> str:
    """params.yaml of what was guessed."""
    rough = portfolio.rough(table.size(table.n_splits), portfolio.SECONDS)
    heading = experiment.Heading("t", "tenfold init", portfolio.SECONDS)
    return experiment.render(heading, table, table.n_splits, rough)


def guessed(frame: pd.DataFrame | str, target: str, *columns: str) -> dict[str, Any]:
    """params.yaml of a table, as plain data."""
    guess(frame, target, *columns)
    document: dict[str, Any] = YAML(typ="safe").load(Path("project/params.yaml").read_text())
    return document


def said_of(frame: pd.DataFrame, target: str) -> str:
    """What init prints of a table."""
    return "\n".join(guess(frame, target).summary())


def checked() -> str:
    """What `tenfold check` says of the project."""
    with working_in(Path("project")):
        return "\n".join(check.check(params.load(models)))
