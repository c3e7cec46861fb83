"""params.yaml of a new project: the template `params.yaml.j2`, filled with what was guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

from tenfold.metrics import Task
from tenfold.runtime import shown
from tenfold.scaffolding.flow_yaml import flow
from tenfold.scaffolding.guesses import GuessedTable
from tenfold.scaffolding.portfolio import Portfolio, duration
from tenfold.sources import text

METRICS: dict[Task, list[str]] = {
    "regression": ["mse", "mae", "r2"],
    "binary": ["auroc", "log_loss", "accuracy", "brier"],
    "multiclass": ["log_loss", "auroc", "accuracy", "brier"],
}

# More than any family of a portfolio has configurations, so that each is tried.
N_TRIALS = 10


@dataclass(frozen=True)
class Heading:
    """The name of the experiment and of the registered model, and what was typed."""

    name: str
    command: str
    seconds: float


def render(heading: Heading, table: GuessedTable, n_splits: int, portfolio: Portfolio) -> str:
    """The text of params.yaml; comments explain every guess.

    Args:
        heading: its name and origin.
        table: what was guessed.
        n_splits: how many folds there are.
        portfolio: the families.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "duration": duration,
        "shown": shown,
        "sql": _sql_name,
        "yaml": flow,
    }
    template = resources.files("tenfold.scaffolding").joinpath("params.yaml.j2").read_text("utf-8")
    return environment.from_string(template).render(
        name=heading.name,
        command=heading.command,
        seconds=heading.seconds,
        portfolio=portfolio,
        n_trials=N_TRIALS,
        table=table,
        n_splits=n_splits,
        rare=_without(table),
        metrics=METRICS[table.task],
    )


def _without(table: GuessedTable) -> str:
    """SQL: whether a row is of none of the classes that are left out."""
    left_out = table.target.left_out
    values = ", ".join(left_out if table.target.are_numbers else map(text, left_out))
    return f"{_sql_name(table.data.target)} NOT IN ({values})"


def _sql_name(column: str) -> str:
    return column if re.fullmatch(r"[A-Za-z_]\w*", column) else f'"{column}"'
