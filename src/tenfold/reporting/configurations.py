"""The configurations that a champion is made of: what differs from the defaults first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from tenfold import models, runtime
from tenfold.params import ENSEMBLE
from tenfold.params.search_space import flat
from tenfold.reporting.outputs import Outputs
from tenfold.tuning import kept

if TYPE_CHECKING:
    from tenfold.params import Params


@dataclass(frozen=True)
class Setting:
    """A parameter by its dotted name, its value, and its default."""

    name: str
    value: Any
    default: Any
    tuned: bool


@dataclass(frozen=True)
class Member:
    """One configuration, alone or within an ensemble.

    Attributes:
        name: `mlp`, or `mlp.1` for the first runner-up.
        weight: of its prediction.
        changed: settings that differ from the default or were tuned.
        others: all other settings.
        findings: what went wrong in training, in words.
    """

    name: str
    weight: float
    changed: list[Setting]
    others: list[Setting]
    findings: list[str]


def members(outputs: Outputs, candidate: str, experiment: Params) -> list[Member]:
    """What a family or the ensemble is made of, the greatest weight first."""
    parts: list[dict[str, Any]] = [{"family": candidate, "runner_up": 0, "weight": 1.0}]
    if candidate == ENSEMBLE:
        parts = runtime.read_json(outputs.ensemble / "weights.json")["members"]
    ordered = sorted(parts, key=lambda part: -part["weight"])
    return [_member(outputs, part, experiment) for part in ordered]


def _member(outputs: Outputs, part: Mapping[str, Any], experiment: Params) -> Member:
    family, number = part["family"], part["runner_up"]
    described = kept.read(outputs.cross_validate / family)[number].described
    schema = models.parameters(family)
    defaults = schema.defaults(experiment.task)
    usual = flat({name: _plain(value) for name, value in defaults.items()})
    # A parameter whose default depends on the task is null where it is left out.
    left_out = {name for name, field in schema.model_fields.items() if field.default is None}
    settings = [
        Setting(
            name,
            usual.get(name) if value is None and name in left_out else value,
            usual.get(name),
            name in described["tuned"],
        )
        for name, value in sorted(flat(described["parameters"]).items())
    ]
    changed = [one for one in settings if one.tuned or one.value != one.default]
    others = [one for one in settings if one not in changed]
    name = f"{family}.{number}" if number else family
    return Member(name, part["weight"], changed, others, described["findings"])


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value
