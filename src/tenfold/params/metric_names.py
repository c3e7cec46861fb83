"""`metrics:`: names of metrics, tenfold's and the project's own, checked and described."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tenfold.metrics import METRICS, Metric, Task, named, split_name
from tenfold.runtime import UserError, custom_code, nearest

# What may follow a name after an @.
_NUMBER = re.compile(r"0?\.\d+")


def check(names: Sequence[str], task: Task) -> None:
    """Check the names of `metrics:`; the project's own are put into METRICS.

    Raises:
        ValueError: naming the first that is unknown, that does not fit the task or that is there
            twice.
        UserError: if a file of the project's own defines no metric.
    """
    for name in names:
        plain, value = split_name(name)
        if plain not in METRICS and plain in custom_code.names("metrics"):
            METRICS[plain] = _custom_metric(plain)
        if plain not in METRICS:
            known = [*METRICS, *custom_code.names("metrics")]
            raise ValueError(f"metrics: unknown metric {plain!r}; {nearest(plain, set(known))}")
        _check_parameter(name, plain, value)
        if task not in named(name).tasks:
            fitting = [
                _as_written(other) for other, metric in METRICS.items() if task in metric.tasks
            ]
            raise ValueError(
                f"metrics: {name!r} does not fit task {task!r}; choose from {', '.join(fitting)}"
            )
    if len(set(names)) != len(names):
        raise ValueError(
            f"metrics: each must be named once, but got {', '.join(names)}: "
            "remove what is there twice"
        )


def _check_parameter(name: str, plain: str, value: str) -> None:
    parameter = METRICS[plain].parameter
    if parameter is None:
        if plain != name:
            raise ValueError(f"metrics: {plain} takes no number, but got {name!r}: write {plain}")
    elif plain == name:
        if parameter.required:
            raise ValueError(
                f"metrics: {plain} needs a {parameter.name}, but got {name!r}: write, for "
                f"instance, {_as_written(plain)}"
            )
    elif not _NUMBER.fullmatch(value) or not 0 < float(value) < 1:
        raise ValueError(
            f"metrics: the {parameter.name} of {plain} must be a number between 0 and 1, but got "
            f"{name!r}: write, for instance, {plain}@0.3"
        )


def _as_written(name: str) -> str:
    """A name with a number, if it needs one."""
    parameter = METRICS[name].parameter
    return f"{name}@0.9" if parameter is not None and parameter.required else name


def _custom_metric(name: str) -> Metric:
    """The metric that the project's file metrics/<name>.py defines."""
    found = custom_code.load("metrics", name, defines=["METRIC"]).METRIC
    if not isinstance(found, Metric):
        raise UserError(
            f"{custom_code.file_of('metrics', name)}: METRIC must be a tenfold.metrics.Metric, but "
            f"is {type(found).__name__}: write METRIC = Metric(function, direction, tasks)"
        )
    return replace(found, function=_explained(name, found.function))


def _explained(name: str, function: Callable[..., float]) -> Callable[..., float]:
    """The function, whose errors are one message that names the line."""

    def scored(*arguments: Any, **keywords: Any) -> float:
        try:
            return function(*arguments, **keywords)
        except Exception as error:
            raise custom_code.failure(custom_code.file_of("metrics", name), error) from None

    return scored


def json_schema() -> dict[str, Any]:
    """The JSON Schema of one of `metrics:`."""
    with_number = [name for name, metric in METRICS.items() if metric.parameter is not None]
    return {
        "anyOf": [
            {"enum": list(METRICS)},
            {"type": "string", "pattern": f"^({'|'.join(with_number)})@{_NUMBER.pattern}$"},
        ]
    }
