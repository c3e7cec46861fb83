"""`tenfold check`: whether an experiment can run, in seconds and without training anything."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from tenfold import cleaning, models, runtime, sources, splitting, tracking
from tenfold.audit import Finding
from tenfold.dataset import Schema
from tenfold.dataset.profile import ColumnCounts
from tenfold.params import Params, SearchSpace
from tenfold.reporting import terminal
from tenfold.scaffolding import costs, portfolio
from tenfold.splitting.split_and_audit import split_and_audit
from tenfold.tuning import before_training, machine

# Of a file with more bytes, only the first rows are read.
MAX_BYTES = 50_000_000
MAX_ROWS = 100_000


def check(experiment: Params) -> list[str]:
    """Clean, split and audit the table, or the first rows of a large one, in a temporary folder.

    Returns:
        Lines that tell what the stages would do.

    Raises:
        UserError: whatever a stage before the first training would refuse.
    """
    limit = row_limit(experiment)
    cleaned, split, findings = look(experiment, limit=limit)
    pending = machine.to_search(experiment)
    schema = Schema.from_report(
        split | {key: cleaned[key] for key in ("missing_values", "reading")}
    )
    flags = [name for name in schema.numeric if _counts(cleaned, name).is_flag]
    before_training.check(experiment, pending, schema, tracking.load_model, flags)
    first = [f"only the first {limit} rows were read"] if limit else []
    return [
        terminal.clean_summary(experiment.data.path, cleaned),
        *first,
        splitting.summary(split),
        *map(str, findings),
        *_training_forecast(experiment, split),
    ]


def _counts(cleaned: dict[str, Any], column: str) -> ColumnCounts:
    facts, rows = cleaned["columns"][column], cleaned["kept"]
    return ColumnCounts(facts["type"], rows, rows - facts["missing"], facts["distinct"])


def row_limit(experiment: Params) -> int | None:
    """How many rows of a large table are read."""
    return MAX_ROWS if sources.size(experiment.data) > MAX_BYTES else None


def look(
    experiment: Params, *, limit: int | None
) -> tuple[dict[str, Any], dict[str, Any], list[Finding]]:
    """The reports of clean and split, and what the audit found.

    Raises:
        UserError: as `check` does.
    """
    with runtime.TemporaryFolder("check") as folder:
        out = Path(folder)
        cleaned = cleaning.clean(
            experiment.data, experiment.clean, experiment.task, out, limit=limit
        )
        return cleaned, *split_and_audit(out / cleaning.TABLE, out, experiment)


def look_quickly(experiment: Params, *, limit: int) -> None:
    """Clean and split the first rows, without the audit.

    Raises:
        UserError: as `check` does of these rows alone.
    """
    with runtime.TemporaryFolder("check") as folder:
        out = Path(folder)
        cleaning.clean(experiment.data, experiment.clean, experiment.task, out, limit=limit)
        splitting.split(out / cleaning.TABLE, out, splitting.SplitSettings.of(experiment))


def _training_forecast(experiment: Params, split: dict[str, Any]) -> list[str]:
    """How many models will be fitted, and about how long that takes on two cores."""
    size = costs.Size(split["learnt_from"], sum(map(len, split["features"].values())))
    total, seconds, lines = 0, portfolio.STAGES_SECONDS, []
    for family, declared in experiment.models.items():
        space = SearchSpace(declared, models.parameters(family))
        n_trials = space.n_trials(experiment.tune.n_trials)
        n_fits = n_trials * len(split["folds"])
        own = portfolio.FAMILY_SECONDS + costs.forecast(family, declared, n_trials, size)
        discrete = space.leaves and math.isfinite(space.size)
        tried = f" ({terminal.tried_of(n_trials, space.size)})" if discrete else ""
        lines.append(f"  {family}: {n_fits} fits{tried}, about {portfolio.duration(own)}")
        total, seconds = total + n_fits, seconds + own
    spent = portfolio.duration(seconds)
    return [f"{total} fits, very roughly {spent} with all stages on two cores:", *lines]
