"""`tenfold init`: from a table to a project that runs, every guess explained."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenfold import models, runtime, sources
from tenfold.params import parse, read_yaml
from tenfold.runtime import UserError, nearest
from tenfold.scaffolding import columns, experiment, layout, project
from tenfold.scaffolding.experiment import Findings

# Words in the names of columns whose rows often belong together.
GROUPS = re.compile(r"(^|[^a-z])(id|key|code|group|patient|customer|user|subject|site)($|[^a-z])")
# So many rows a value make a group; so few values make a category.
REPEATED = 2
CATEGORIES = 20
# Of the rows: more than these at the greatest value, and it looks like a cap.
CAPPED = 0.01


def init(
    table: str, target: str, folder: Path, told: Mapping[str, Any], *, force: bool
) -> list[str]:
    """Write a project that learns `target` from `table` into `folder`.

    Args:
        table: what `data.path` may be, seen from here.
        target: the column to predict.
        folder: where to; it is made if there is none.
        told: settings of `data` that need not be guessed.
        force: replace a params.yaml, which is kept beside it.

    Returns:
        What was guessed and written, in words.

    Raises:
        UserError: if the table cannot be read, has no such column, or a file would be replaced.
    """
    path = project.inside(table, folder)
    with project.standing_in(folder):
        runtime.check_folder()
        found = look(path, target, told)
        name = re.sub(r"[^A-Za-z0-9_]+", "_", Path(path.partition(":")[2] or path).stem).strip("_")
        content = experiment.text(name or "experiment", _command(table, target, told), found)
        written = project.write(content, force=force)
        parse(read_yaml(Path("params.yaml")), models)
    return [*said(found), *written]


def _command(table: str, target: str, told: Mapping[str, Any]) -> str:
    """What to type to be told the same again."""
    words = ["tenfold", "init", table, "--target", target]
    for key, value in told.items():
        words += [f"--{key}", ",".join(value) if isinstance(value, list) else value]
    return shlex.join(words)


def look(path: str, target: str, told: Mapping[str, Any]) -> Findings:
    """Read the first rows of a table, and guess what is to be said about it."""
    data, layout_guess = layout.guess(path, target, told)
    source = sources.preview(data, columns.SAMPLE)
    if target not in source.columns:
        headless = layout_guess.reasons.get("header")
        hint = f"; {headless}: name its columns with --columns" if headless else ""
        raise UserError(
            f"--target: {path} has no column {target!r}; {nearest(target, source.columns)}{hint}"
        )
    if len(source.columns) == 1:
        raise UserError(f"{path} has one column, but a table needs a target and a feature")
    columns.sample(source)
    markers, why = columns.markers(source, data.decimal)
    found = columns.look(source, markers, data.decimal)
    task, reason = columns.task_of(source, found, target)
    return Findings(
        data,
        layout_guess,
        task,
        reason,
        columns.n_rows(source),
        found,
        why,
        0 if task == "regression" else columns.rarest(source, found[target].cell),
        _cap(source, found, target) if task == "regression" else None,
        [name for name, column in found.items() if name != target and _is_group(name, column)],
        [name for name, column in found.items() if column.formats or column.kind == "date"],
        columns.n_copies(source),
    )


def said(found: Findings) -> list[str]:
    """The guesses that matter most, a line each."""
    lines = [f"task: {found.task} ({found.reason})"]
    for key, value in found.layout.settings.items():
        lines.append(f"data.{key}: {value} ({found.layout.reasons[key]})")
    if found.markers:
        lines.append(f"missing values: {', '.join(found.markers)}")
    dates = [name for name, column in found.columns.items() if column.formats]
    lines += [f"dates: {', '.join(dates)}"] if dates else []
    dropped = [name for name, _ in experiment.drops(found)]
    lines += [f"dropped: {', '.join(dropped)}"] if dropped else []
    return lines


def _is_group(name: str, column: columns.Column) -> bool:
    """Whether rows that share a value of the column may belong together."""
    if column.kind not in ("integer", "text") or column.formats or column.is_id:
        return False
    telling = GROUPS.search(re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()) is not None
    return telling and column.distinct > CATEGORIES and column.present >= REPEATED * column.distinct


def _cap(source: sources.Source, found: dict[str, columns.Column], target: str) -> float | None:
    top, count, below = columns.top_value(source, found[target].cell)
    return top if count > CAPPED * found[target].rows and count > 10 * below else None
