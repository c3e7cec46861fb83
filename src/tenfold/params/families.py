"""`models:`: each family's parameters, checked by the family's own schema.

The schemas are passed in, so that this package imports no family.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from tenfold.metrics import Task
from tenfold.params import messages, search_space
from tenfold.runtime import nearest

# The candidate that select_model makes of all families, which none of them may be called.
ENSEMBLE = "ensemble"


@dataclass(frozen=True)
class ExperimentContext:
    """Settings of the experiment that a family's parameters may depend on.

    `epochs_declared`: whether `max_epochs` is declared rather than the default.
    """

    task: Task
    scale: str
    max_epochs: int
    epochs_declared: bool


class Families(Protocol):
    """All model families: the package `tenfold.models`."""

    def names(self) -> list[str]:
        """Every family, sorted."""
        ...

    def parameters(self, name: str) -> Any:
        """The schema of a family's parameters: a pydantic model with a method `check`."""
        ...


def check_family(
    families: Families, family: str, declared: Mapping[str, Any], context: ExperimentContext
) -> None:
    """Check a family's parameters at both ends of every range and for every choice."""
    if family == ENSEMBLE:
        raise ValueError(
            f"models: a family must not be called {ENSEMBLE!r}, which is the weighted mean of all "
            f"families: name it otherwise, and set the mean under select_model.{ENSEMBLE}"
        )
    if family not in families.names():
        raise ValueError(f"models: unknown family {family!r}; {nearest(family, families.names())}")
    schema = families.parameters(family)
    space: search_space.Space = {}
    for name, leaf in search_space.declarations(declared).items():
        kind = search_space.kind(leaf)
        with _as_value_error(leaf, kind, ("models", family, *name.split("."))):
            space[name] = kind.model_validate(leaf)
    if "init_from" in space:
        raise ValueError(
            f"models.{family}.init_from cannot be tuned: name one model, or declare the family in "
            "two experiments"
        )
    idle: dict[str, str] | None = None
    for values in search_space.extremes(space):
        configuration = search_space.substitute(declared, values)
        with _as_value_error(configuration, schema, ("models", family)):
            checked = schema.model_validate(configuration)
        try:
            checked.check(context)
        except ValueError as error:
            raise ValueError(f"models.{family}: {error}") from None
        here = checked.without_effect()
        known = here if idle is None else idle
        idle = {name: why for name, why in known.items() if name in here}
    for name in space:
        if idle and name in idle:
            raise ValueError(
                f"models.{family}.{name} is tuned but has no effect: {idle[name]}: leave it out"
            )
    for name, range_ in space.items():
        step = getattr(range_, "step", None)
        if isinstance(step, float) and search_space.is_integer(schema, name):
            raise ValueError(f"models.{family}.{name}.step must be an integer, but got {step}")


def check_init_from(family: str, declared: Mapping[str, Any], registered: str) -> None:
    """Refuse to start from this experiment's own model: it has seen the rows that validate it."""
    init_from = declared.get("init_from")
    own = (f"models:/{registered}@", f"models:/{registered}/")
    if isinstance(init_from, str) and init_from.startswith(own):
        raise ValueError(
            f"models.{family}.init_from must not be this experiment's own model, which has seen "
            f"the rows that validate it, but got {init_from!r}: name a model of other rows"
        )


@contextlib.contextmanager
def _as_value_error(
    document: Any, schema: type[BaseModel], prefix: tuple[str, ...]
) -> Iterator[None]:
    """Raise the errors of a schema as one ValueError, whose text pydantic passes on."""
    try:
        yield
    except ValidationError as error:
        raise ValueError("; ".join(messages.explain(error, document, schema, prefix))) from None


def family_schemas(families: Families) -> tuple[dict[str, Any], dict[str, Any]]:
    """The JSON Schema of every family, any value of which may be tuned, and its definitions."""
    definitions: dict[str, Any] = {
        tunable.__name__: tunable.model_json_schema()
        for tunable in (search_space.Range, search_space.Choices)
    }
    described_families = {}
    for family in families.names():
        described = families.parameters(family).model_json_schema()
        nested = described.pop("$defs", {})
        for section in (described, *nested.values()):
            for key, leaf in section.get("properties", {}).items():
                section["properties"][key] = {
                    "anyOf": [leaf, {"$ref": "#/$defs/Range"}, {"$ref": "#/$defs/Choices"}]
                }
        definitions.update(nested)
        described_families[family] = {"anyOf": [described, {"type": "null"}]}
    return described_families, definitions
