"""The experiment file: its schema, its checks and their messages, its JSON Schema."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from tenfold import models, search_space
from tenfold.metrics import METRICS, Task
from tenfold.runtime import Refused

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\- ]*$", max_length=100)]
Text = Annotated[str, StringConstraints(min_length=1)]


class Section(BaseModel):
    """A part of params.yaml: unknown keys are errors, and no value is silently converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Data(Section):
    """Where the table is and which column is predicted."""

    path: Text = Field(description="CSV, TSV, Parquet or JSON (lines or an array), by its ending.")
    target: Text = Field(description="The column to predict.")
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = Field(
        None, description="Between the columns of a CSV; found by looking when absent."
    )


class Clean(Section):
    """Row-local rules, so that nothing can leak from row to row."""

    missing_values: list[str] = Field([""], description="Texts that mean: no value.")
    types: dict[str, Literal["integer", "double", "text"]] = Field(
        {}, description="Column types; a row with a cell that does not fit is rejected."
    )
    drop_duplicates: bool = Field(True, description="Reject exact copies of an earlier row.")
    drop_missing_target: bool = Field(True, description="Reject rows without a target.")
    require: list[Text] = Field(
        [], description="SQL predicates of one row; a row for which one is false is rejected."
    )
    drop_columns: list[Text] = Field([], description="Columns no model may see.")
    max_missing: float = Field(
        1.0, ge=0, le=1, description="Drop columns with a greater share of missing cells."
    )


class Split(Section):
    """The hold-out test rows, and the folds of the rest."""

    test_size: float = Field(0.2, gt=0, lt=1, description="Share of rows kept for the last test.")
    n_splits: int = Field(10, ge=2, description="Folds of cross-validation.")


class Numeric(Section):
    """How numeric columns reach every family."""

    impute: Literal["median", "mean", "most_frequent"] = "median"
    indicator: bool = Field(False, description="Add a 0/1 column where a value was missing.")
    scale: Literal["standard", "min_max", "robust", "none"] = "standard"


class Categorical(Section):
    """How categorical columns reach every family."""

    encode: Literal["one_hot", "ordinal"] = "one_hot"
    min_frequency: int = Field(
        1, ge=1, description="Categories seen in fewer rows share one rare bucket."
    )


class Preprocessing(Section):
    """Everything that is fitted, and therefore fitted inside each fold."""

    numeric: Numeric = Numeric()
    categorical: Categorical = Categorical()


class Tune(Section):
    """The search over every `{low, high}` and `{choices}` of a family."""

    n_trials: int = Field(15, ge=1, description="Configurations tried per tuned family.")
    sampler: Literal["tpe", "random"] = "tpe"
    generation_size: int = Field(
        5, ge=1, description="Configurations asked for at once, before any is scored."
    )


class Trainer(Section):
    """Handed to Lightning's Trainer, for the network families."""

    max_epochs: int = Field(100, ge=1)
    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    devices: Literal[1] = 1
    precision: Literal["32-true", "64-true", "bf16-mixed"] = "32-true"


class SelectModel(Section):
    """Where the champion goes."""

    registered_model_name: Name = Field(description="Its name in the MLflow registry.")


class Run(Section):
    """Where and how loudly things run; no stage depends on it and no result may."""

    progress: Literal["auto", "on", "off"] = Field("auto", description="auto: on a terminal.")


class Params(Section):
    """The whole experiment."""

    name: Name = Field(description="The MLflow experiment.")
    task: Task
    seed: int = Field(0, ge=0, lt=2**31)
    metrics: list[str] = Field(
        min_length=1, description="All are recorded; the first tunes and decides."
    )
    data: Data
    clean: Clean = Clean()
    split: Split = Split()
    preprocessing: Preprocessing = Preprocessing()
    tune: Tune = Tune()
    trainer: Trainer = Trainer()
    models: dict[str, dict[str, Any]] = Field(
        min_length=1, description="Family: its parameters, fixed or {low, high} or {choices}."
    )
    select_model: SelectModel
    run: Run = Run()

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
        for family, declared in self.models.items():
            _check_family(family, declared, self.task)
        if self.data.target in self.clean.drop_columns:
            raise ValueError(
                f"clean.drop_columns must not hold data.target, but got {self.data.target!r}: "
                "remove it there"
            )
        return self


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
        raise Refused(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None


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
        problems = [_explain(problem) for problem in error.errors()]
        raise Refused("\n       ".join(f"{source}: {problem}" for problem in problems)) from None


def nearest(name: object, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest match and the list."""
    options = sorted(known)
    close = difflib.get_close_matches(str(name), options, n=1, cutoff=0.5)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{guess}(known: {', '.join(options)})"


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


def _check_family(family: str, declared: Mapping[str, Any], task: Task) -> None:
    """Check a family's declaration at both ends of every range and for every choice."""
    if family not in models.names():
        raise ValueError(f"models: unknown family {family!r}; {nearest(family, models.names())}")
    schema = models.parameters(family)
    try:
        space = search_space.leaves(declared)
        for values in search_space.extremes(space):
            schema.model_validate(search_space.substitute(declared, values)).check_task(task)
        search_space.distributions(space, schema)
    except ValidationError as error:
        problem = error.errors()[0]
        raise ValueError(_explain(problem, ("models", family), schema)) from None
    except ValueError as error:
        raise ValueError(f"models.{family}: {error}") from None


def _explain(
    problem: Mapping[str, Any],
    prefix: tuple[str, ...] = (),
    schema: type[BaseModel] = Params,
) -> str:
    """One validation problem as: where, the rule, the value, the cure."""
    location = [str(part) for part in problem["loc"]]
    where = ".".join([*prefix, *location])
    value = problem["input"]
    match problem["type"]:
        case "extra_forbidden":
            return f"unknown key {where!r}; {nearest(location[-1], _keys(schema, location[:-1]))}"
        case "missing":
            return f"{where!r} is required: add it"
        case "value_error":
            message = str(problem["ctx"]["error"])
            return f"{where}: {message}" if where else message
        case "literal_error":
            expected = problem["ctx"]["expected"]
            names = [name.strip(" '") for name in re.split(r",| or ", expected)]
            close = difflib.get_close_matches(str(value), names, n=1, cutoff=0.5)
            guess = f"; did you mean {close[0]!r}?" if close else ""
            return f"{where} must be {expected}, but got {value!r}{guess}"
        case "model_type":
            return f"{where} must be a mapping of keys to values, but got {value!r}"
    rule = problem["msg"]
    if rule.startswith("Input should "):
        return f"{where} must {rule.removeprefix('Input should ')}, but got {value!r}"
    return f"{where}: {rule[0].lower()}{rule[1:]}, but got {value!r}"


def _keys(schema: type[BaseModel], location: list[str]) -> list[str]:
    """The keys a section may have, found by walking the schema."""
    for part in location:
        field = schema.model_fields.get(part)
        kinds = (field.annotation, *get_args(field.annotation)) if field else ()
        sections = [
            kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)
        ]
        if not sections:
            return []
        schema = sections[0]
    return list(schema.model_fields)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of params.yaml, so that editors complete and check it."""
    schema = Params.model_json_schema()
    definitions = schema["$defs"]
    for tunable in (search_space.Range, search_space.Choices):
        definitions[tunable.__name__] = tunable.model_json_schema()
    families = {}
    for family in models.names():
        described = models.parameters(family).model_json_schema()
        definitions.update(described.pop("$defs", {}))
        for key, leaf in described.get("properties", {}).items():
            described["properties"][key] = {
                "anyOf": [leaf, {"$ref": "#/$defs/Range"}, {"$ref": "#/$defs/Choices"}]
            }
        families[family] = {"anyOf": [described, {"type": "null"}]}
    schema["properties"]["models"] |= {"properties": families, "additionalProperties": False}
    schema["properties"]["metrics"]["items"] = {"enum": list(METRICS)}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
