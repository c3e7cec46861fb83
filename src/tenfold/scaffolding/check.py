"""`tenfold check`: whether an experiment can run, told in seconds and without training anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenfold import cleaning, runtime, sources, splitting
from tenfold.params import Params, search_space
from tenfold.reporting import terminal
from tenfold.splitting.split_and_audit import split_and_audit

# Rows of a larger table that are looked at; its rarest cells may lie behind them.
ROWS = 100_000
# From how many bytes on a table is larger.
LARGE = 50_000_000
# Family: seconds of one fit on two cores, and more for each cell of its table; roughly.
SECONDS = {
    "dummy": (0.002, 0.0),
    "linear": (0.02, 1e-6),
    "random_forest": (0.12, 4e-5),
    "hist_gradient_boosting": (0.07, 4e-6),
    "mlp": (0.1, 2.4e-5),
    "resnet": (0.3, 1e-4),
    "cnn": (0.5, 2e-4),
    "rnn": (0.5, 2e-4),
}


def check(experiment: Params) -> list[str]:
    """Clean, split and audit the table, or the first rows of a large one, and throw it away.

    Returns:
        What would happen, in words.

    Raises:
        UserError: whatever a stage before the first training would refuse.
    """
    limit = ROWS if sources.size(experiment.data) > LARGE else None
    with runtime.temporary("check") as folder:
        out = Path(folder)
        cleaned = cleaning.clean(
            experiment.data, experiment.clean, experiment.task, out, limit=limit
        )
        split, findings = split_and_audit(out / cleaning.TABLE, out, experiment)
    first = [f"only the first {ROWS} rows were looked at"] if limit else []
    return [
        terminal.clean_summary(experiment.data.path, cleaned),
        *first,
        splitting.summary(split),
        *map(str, findings),
        *fits(experiment, split),
    ]


def fits(experiment: Params, split: dict[str, Any]) -> list[str]:
    """How many models are fitted, and about how long that takes on two cores."""
    n_columns = sum(map(len, split["features"].values()))
    total, seconds, lines = 0, 0.0, []
    for family, declared in experiment.models.items():
        tuned = bool(search_space.declarations(declared))
        n_trials = experiment.tune.n_trials if tuned else 1
        n_fits = n_trials * len(split["folds"])
        fixed, per_cell = SECONDS.get(family, (0.0, 0.0))
        cells = [rows * n_columns for rows in split["learnt_from"]]
        own = n_trials * sum(fixed + per_cell * n for n in cells)
        lines.append(f"  {family}: {n_fits} fits, about {_duration(own)}")
        total, seconds = total + n_fits, seconds + own
    return [f"{total} fits, very roughly {_duration(seconds)} on two cores:", *lines]


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
