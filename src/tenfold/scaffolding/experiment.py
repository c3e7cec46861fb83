"""params.yaml of a new project: the template `params.yaml.j2`, filled with what was guessed."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from tenfold.metrics import Task
from tenfold.runtime import shown
from tenfold.scaffolding.guesses import GuessedTable

METRICS: dict[Task, list[str]] = {
    "regression": ["mse", "mae", "r2"],
    "binary": ["auroc", "log_loss", "accuracy", "brier"],
    "multiclass": ["log_loss", "auroc", "accuracy", "brier"],
}


def render(name: str, command: str, table: GuessedTable) -> str:
    """The text of params.yaml; comments explain every guess.

    Args:
        name: of the experiment and of the registered model.
        command: what was typed.
        table: what was guessed.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"shown": shown, "sql": _sql_name, "yaml": _yaml}
    template = resources.files("tenfold.scaffolding").joinpath("params.yaml.j2").read_text("utf-8")
    return environment.from_string(template).render(
        name=name, command=command, table=table, metrics=METRICS[table.task]
    )


def _yaml(value: Any) -> str:
    """A value as YAML on one line; text that YAML could take for something else is quoted."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, Mapping):
        if set(value) == {"type"}:
            return _yaml(value["type"])
        return f"{{{', '.join(f'{_yaml(key)}: {_yaml(one)}' for key, one in value.items())}}}"
    if not isinstance(value, str):
        return _dumped(value)
    text = _dumped(value)
    quoted = text.startswith("'") or not re.match("[A-Za-z_]", text)
    is_text = isinstance(value, str)
    return _dumped(DoubleQuotedScalarString(value)) if quoted and is_text else text


def _dumped(scalar: Any) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedSeq

    yaml = YAML()
    yaml.width = 1_000_000
    listed = CommentedSeq([scalar])
    listed.fa.set_flow_style()
    text = io.StringIO()
    yaml.dump(listed, text)
    return text.getvalue().strip()[1:-1]


def _sql_name(column: str) -> str:
    return column if re.fullmatch(r"[A-Za-z_]\w*", column) else f'"{column}"'
