"""From guesses to the text of a params.yaml that explains itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.metrics import Task
from tenfold.params import Data
from tenfold.runtime import shown
from tenfold.scaffolding.columns import ISO, Column
from tenfold.scaffolding.layout import Guess

METRICS: dict[Task, list[str]] = {
    "regression": ["mse", "mae", "r2"],
    "binary": ["auroc", "log_loss", "accuracy", "brier"],
    "multiclass": ["log_loss", "auroc", "accuracy", "brier"],
}
# With a greater share of copies, rows are taken to agree by chance.
MOST_COPIES = 0.1
# A column with fewer of its cells filled is dropped.
MOST_MISSING = 0.6
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ()/.%-]*[A-Za-z0-9_)%]|[A-Za-z]")
# What YAML takes for something else than a text.
WORDS = {"true", "false", "yes", "no", "on", "off", "null", "nan", "inf", "y", "n"}


@dataclass(frozen=True)
class Findings:
    """All that was found out about a table.

    Attributes:
        data: how it is read, and `layout` why.
        task: what is predicted, and `reason` why.
        rows: that were looked at.
        columns: each as its cells show it.
        markers: texts that mean no value -> why.
        rarest: rows of the rarest class; 0 for regression.
        capped: the target's greatest value, if so many rows have it that it looks like a cap.
        groups, times: columns that may part the rows.
        copies: rows that are copies of another one.
    """

    data: Data
    layout: Guess
    task: Task
    reason: str
    rows: int
    columns: Mapping[str, Column]
    markers: Mapping[str, str]
    rarest: int
    capped: float | None
    groups: Sequence[str]
    times: Sequence[str]
    copies: int


def text(name: str, command: str, found: Findings) -> str:
    """The whole file."""
    chapters = [
        _head(name, command, found),
        _data(found),
        _clean(found),
        _split(found),
        _audit(),
        _preprocessing(found),
        _models(found),
        f"select_model:\n  registered_model_name: {_scalar(name)}",
    ]
    return "\n\n".join(chapters) + "\n"


def _head(name: str, command: str, found: Findings) -> str:
    return f"""\
# yaml-language-server: $schema=params.schema.json
# Written by
#   {shown(command)}
# Every guess says why: change what is wrong, ask `tenfold check`, and run `dvc repro`.

name: {_scalar(name)}    # the MLflow experiment
task: {found.task}    # {shown(found.reason)}
seed: 7    # all randomness follows from it
metrics: {_flow(METRICS[found.task])}    # all are recorded; the first tunes and decides"""


def _data(found: Findings) -> str:
    lines = ["data:", f"  path: {_scalar(found.data.path)}"]
    lines.append(f"  target: {_scalar(found.data.target)}")
    for key, value in found.layout.settings.items():
        lines.append(f"  {key}: {_flow(value)}    # {shown(found.layout.reasons[key])}")
    return "\n".join(lines)


def _clean(found: Findings) -> str:
    lines = ["clean:    # row by row; each rejected row is kept with its line and reason"]
    why = "; ".join(found.markers.values()) or "an empty cell"
    lines.append(f"  missing_values: {_flow(['', *found.markers])}    # {shown(why)}")
    lines += _doubts(found)
    lines += _sentinels(found)
    lines += _types(found)
    lines.append(_duplicates(found))
    lines.append("  drop_missing_target: true")
    if found.capped is not None:
        target = found.data.target
        lines.append(
            f"  # require: ['{_sql(shown(target))} < {found.capped:g}']    # many rows have "
            f"exactly {found.capped:g}: a cap?"
        )
    lines += _drops(found)
    lines.append(f"  max_missing: {MOST_MISSING}    # emptier columns are dropped")
    lines.append("  max_rejected: 0.2    # stop, if more of the rows are rejected")
    return "\n".join(lines)


def _duplicates(found: Findings) -> str:
    """Copies are mistakes where they are few; many are rows that happen to agree."""
    if found.copies <= MOST_COPIES * found.rows:
        return "  drop_duplicates: true"
    share = f"{found.copies / found.rows:.0%} of the rows are copies of another one"
    return f"  drop_duplicates: false    # {share}, too many for mistakes"


def _doubts(found: Findings) -> list[str]:
    return [
        f"  # {' '.join(column.doubtful)} in {_scalar(name)}: taken for a category; if it means no "
        "value, add it above"
        for name, column in found.columns.items()
        if column.doubtful
    ]


def _sentinels(found: Findings) -> list[str]:
    own = {
        name: column.cell.markers[-1]
        for name, column in found.columns.items()
        if len(column.cell.markers) > 1 + len(found.markers)
    }
    if not own:
        return []
    lines = ["  column_missing_values:    # one number far below all others"]
    for name, sentinel in own.items():
        lines.append(f"    {_scalar(name)}: {_flow(['', *found.markers, sentinel])}")
    return lines


def _types(found: Findings) -> list[str]:
    lines = []
    for name, column in found.columns.items():
        if not column.formats:
            continue
        first, *others = column.formats
        cast = "date" if first == ISO else f"{{type: date, format: {json.dumps(first)}}}"
        also = f", but so does {' and '.join(others)}: check" if others else ""
        lines.append(f"    {_scalar(name)}: {cast}    # {first} fits every cell{also}")
    return ["  types:", *lines] if lines else []


def _drops(found: Findings) -> list[str]:
    lines = [f"    - {_scalar(name)}    # {reason}" for name, reason in drops(found)]
    return ["  drop_columns:", *lines] if lines else ["  drop_columns: []"]


def drops(found: Findings) -> Iterator[tuple[str, str]]:
    """The columns that no model should see, and why."""
    for name, column in found.columns.items():
        if name == found.data.target or name in found.groups:
            continue
        if column.present == 0:
            reason = "no value in any row"
        elif column.distinct == 1 and column.missing == 0:
            reason = "the same value in every row"
        elif column.is_id:
            reason = "another value in every row: an id says nothing about new rows"
        elif column.is_free_text:
            reason = f"free text: {column.distinct} different values in {column.present} rows"
        else:
            continue
        yield name, reason


def _split(found: Findings) -> str:
    folds = n_splits(found)
    lines = [
        "split:",
        "  test_size: 0.2    # seen once, by the champion",
        f"  n_splits: {folds}    # folds of cross-validation",
    ]
    for name in found.groups:
        lines.append(
            f"  # {_scalar(name)} has several rows a value; if they belong together (one patient, "
            f"one customer): strategy: grouped, group: {_scalar(name)}"
        )
    for name in found.times:
        lines.append(
            f"  # if the model will predict what comes later: strategy: time, time: {_scalar(name)}"
        )
    return "\n".join(lines)


def n_splits(found: Findings) -> int:
    """Ten folds of a small table, five of a larger one, fewer where a class is rare."""
    folds = 10 if found.rows <= 5_000 else 5
    if found.task == "regression":
        return max(2, min(folds, int(found.rows * 0.8) // 2))
    return max(2, min(folds, int(found.rarest * 0.8)))


def _preprocessing(found: Findings) -> str:
    return """\
preprocessing:    # fitted inside each fold, the same for every family
  numeric: {impute: median, scale: standard}
  categorical: {encode: one_hot, min_frequency: 5}"""


def _audit() -> str:
    return "audit: {}    # leaks and poor columns; each check is error, warn or off"


def _models(found: Findings) -> str:
    trials = 15 if found.rows <= 2_000 else 10 if found.rows <= 5_000 else 5
    batch = 64 if found.rows <= 5_000 else 256
    return f"""\
tune:
  n_trials: {trials}    # configurations per tuned family, each cross-validated

train:
  strategy: auto

trainer:
  max_epochs: 100
  accelerator: auto    # a GPU where there is one

models:    # a plain value is fixed, a range or choices are tuned
  dummy: {{}}
  linear:
    alpha: {{low: 0.001, high: 100.0, log: true}}
  random_forest:
    n_estimators: 100
    min_samples_leaf: {{choices: [1, 3, 10]}}
  hist_gradient_boosting:
    max_iter: 200
    learning_rate: {{low: 0.03, high: 0.3, log: true}}
    max_leaf_nodes: {{low: 8, high: 63, log: true}}
  mlp:
    n_blocks: {{low: 1, high: 3}}
    d_block: {{choices: [64, 128]}}
    dropout: {{low: 0.0, high: 0.3}}
    learning_rate: {{low: 0.0005, high: 0.01, log: true}}
    batch_size: {batch}
    patience: 10"""


# Chapter: YAML


def _scalar(value: str) -> str:
    """A text as YAML takes it back; what could be something else is quoted."""
    if PLAIN.fullmatch(value) and value.lower() not in WORDS and ": " not in value:
        return value
    return _quoted(value)


def _flow(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    return _quoted(value)


def _quoted(value: Any) -> str:
    """As JSON, which is YAML where every odd character is escaped."""
    return json.dumps(value, ensure_ascii=not str(value).isprintable())


def _sql(column: str) -> str:
    return column if re.fullmatch(r"[A-Za-z_]\w*", column) else f'"{column}"'
