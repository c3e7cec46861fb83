"""The experiment file: its schema, its checks and their messages, its JSON Schema."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from tenfold import messages, models, search_space
from tenfold.messages import nearest
from tenfold.metrics import METRICS, Task
from tenfold.models import Surroundings
from tenfold.params.audit import Audit
from tenfold.params.cleaning import Cast, Clean
from tenfold.params.data import Data
from tenfold.params.preprocessing import Categorical, Column, Dates, Numeric, Preprocessing
from tenfold.params.section import Name, Section
from tenfold.params.splitting import Split
from tenfold.params.splitting import check as check_split
from tenfold.params.training import Run, SelectModel, Train, Trainer, Tune
from tenfold.runtime import Refused

__all__ = [
    "Audit",
    "Cast",
    "Categorical",
    "Clean",
    "Column",
    "Data",
    "Dates",
    "Numeric",
    "Params",
    "Preprocessing",
    "Run",
    "SelectModel",
    "Split",
    "Train",
    "Trainer",
    "Tune",
    "json_schema",
    "load",
    "parse",
    "picture",
    "read_yaml",
]


class Params(Section):
    """The whole experiment.

    DVC tracks the sections by name, so each must be there; `clean: {}` takes all its defaults.
    """

    name: Name = Field(description="The MLflow experiment.")
    task: Task
    seed: int = Field(ge=0, lt=2**31, description="All randomness follows from it.")
    metrics: list[str] = Field(
        min_length=1, description="All are recorded; the first tunes and decides."
    )
    data: Data
    clean: Clean
    split: Split
    audit: Audit
    preprocessing: Preprocessing
    tune: Tune
    train: Train
    trainer: Trainer
    models: dict[str, dict[str, Any]] = Field(
        min_length=1, description="Family: its parameters, fixed or {low, high} or {choices}."
    )
    select_model: SelectModel
    run: Run = Run()

    @field_validator(
        "clean", "split", "audit", "preprocessing", "tune", "train", "trainer", mode="before"
    )
    @classmethod
    def _bare_sections(cls, value: Any) -> Any:
        """`tune:` with nothing behind it means all defaults."""
        return {} if value is None else value

    @field_validator("models", mode="before")
    @classmethod
    def _bare_families(cls, value: Any) -> Any:
        """`dummy:` with nothing behind it means all defaults."""
        if isinstance(value, Mapping):
            return {name: {} if declared is None else declared for name, declared in value.items()}
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Params:
        _check_metrics(self.metrics, self.task)
        check_split(self.split, self.task, self.data.target, self.clean.drop_columns)
        trainer = self.trainer
        surroundings = Surroundings(
            self.task,
            next((scale for scale in self.preprocessing.scales if scale != "standard"), "standard"),
            trainer.max_epochs,
            "max_epochs" in trainer.model_fields_set,
        )
        for family, declared in self.models.items():
            _check_family(family, declared, surroundings)
            _check_start(family, declared, self.select_model.registered_model_name)
        if self.data.target in self.clean.drop_columns:
            raise ValueError(
                f"clean.drop_columns must not hold data.target, but got {self.data.target!r}: "
                "remove it there"
            )
        return self


def picture(experiment: Params, n_features: int) -> list[int] | None:
    """The shape that a family declares of rows that are pictures, if all columns are pixels."""
    for declared in experiment.models.values():
        shape = declared.get("shape")
        if isinstance(shape, list) and len(shape) == 3 and math.prod(shape) == n_features:
            return shape
    return None


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check an experiment file.

    Raises:
        Refused: naming every key that breaks a rule, its value and the nearest valid name.
    """
    return parse(read_yaml(path), str(path))


def read_yaml(path: Path) -> Any:
    """Read YAML 1.2, as DVC does (so that 1e-4 is a number).

    Raises:
        Refused: if there is no such file or it is not YAML.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise Refused(f"there is no file {path} in {Path.cwd()}: run this in the project") from None
    except UnicodeDecodeError as error:
        raise Refused(f"{path} must be UTF-8 text: {error}") from None
    except YAMLError as error:
        # ruamel's advice to its programmers comes behind an empty line.
        reason = " ".join(str(error).split("\n\n")[0].split())
        reason = reason.replace('"<unicode string>"', str(path))
        raise Refused(f"{path} is not valid YAML: {reason}") from None


def parse(document: Any, source: str = "params.yaml") -> Params:
    """Check an experiment given as plain data.

    Raises:
        Refused: as `load` does.
    """
    if not isinstance(document, Mapping):
        raise Refused(f"{source} must hold a mapping of keys to values, but is {document!r}")
    try:
        return Params.model_validate(dict(document))
    except ValidationError as error:
        problems = messages.explain(error, document, Params)
        raise Refused("\n       ".join(f"{source}: {problem}" for problem in problems)) from None


def _check_metrics(names: list[str], task: Task) -> None:
    for name in names:
        if name not in METRICS:
            raise ValueError(f"metrics: unknown metric {name!r}; {nearest(name, METRICS)}")
        if task not in METRICS[name].tasks:
            fitting = [other for other, metric in METRICS.items() if task in metric.tasks]
            raise ValueError(
                f"metrics: {name!r} does not fit task {task!r}; choose from {', '.join(fitting)}"
            )
    if len(set(names)) != len(names):
        raise ValueError(f"metrics: each must be named once, but got {', '.join(names)}")


def _check_family(family: str, declared: Mapping[str, Any], surroundings: Surroundings) -> None:
    """Check a family's declaration at both ends of every range and for every choice."""
    if family not in models.names():
        raise ValueError(f"models: unknown family {family!r}; {nearest(family, models.names())}")
    schema = models.parameters(family)
    space: search_space.Space = {}
    for name, leaf in search_space.declarations(declared).items():
        kind = search_space.kind(leaf)
        with _refused(leaf, kind, ("models", family, *name.split("."))):
            space[name] = kind.model_validate(leaf)
    if "init_from" in space:
        raise ValueError(
            f"models.{family}.init_from cannot be tuned: name one model, or declare the family in "
            "two experiments"
        )
    for values in search_space.extremes(space):
        configuration = search_space.substitute(declared, values)
        with _refused(configuration, schema, ("models", family)):
            checked = schema.model_validate(configuration)
        try:
            checked.check(surroundings)
        except ValueError as error:
            raise ValueError(f"models.{family}: {error}") from None
    for name, range_ in space.items():
        step = getattr(range_, "step", None)
        if isinstance(step, float) and search_space.is_integer(schema, name):
            raise ValueError(f"models.{family}.{name}.step must be an integer, but got {step}")


def _check_start(family: str, declared: Mapping[str, Any], registered: str) -> None:
    """A model's successors must not start from it: it has seen the rows that validate them."""
    start = declared.get("init_from")
    own = (f"models:/{registered}@", f"models:/{registered}/")
    if isinstance(start, str) and start.startswith(own):
        raise ValueError(
            f"models.{family}.init_from must not be this experiment's own model, which has seen "
            f"the rows that validate it, but got {start!r}: name a model of other rows"
        )


@contextlib.contextmanager
def _refused(document: Any, schema: type[BaseModel], prefix: tuple[str, ...]) -> Iterator[None]:
    """Turn a schema's complaints into one ValueError, which pydantic passes on as it is."""
    try:
        yield
    except ValidationError as error:
        raise ValueError(messages.explain(error, document, schema, prefix)[0]) from None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of params.yaml, so that editors complete and check it."""
    schema = Params.model_json_schema()
    definitions = schema["$defs"]
    for tunable in (search_space.Range, search_space.Choices):
        definitions[tunable.__name__] = tunable.model_json_schema()
    families = {}
    for family in models.names():
        described = models.parameters(family).model_json_schema()
        nested = described.pop("$defs", {})
        for section in (described, *nested.values()):
            for key, leaf in section.get("properties", {}).items():
                section["properties"][key] = {
                    "anyOf": [leaf, {"$ref": "#/$defs/Range"}, {"$ref": "#/$defs/Choices"}]
                }
        definitions.update(nested)
        families[family] = {"anyOf": [described, {"type": "null"}]}
    schema["properties"]["models"] |= {"properties": families, "additionalProperties": False}
    schema["properties"]["metrics"]["items"] = {"enum": list(METRICS)}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
