"""The experiment file: its schema, its checks and their messages, its JSON Schema."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from tenfold import messages, models, search_space
from tenfold.messages import nearest
from tenfold.metrics import METRICS, Task
from tenfold.models import Surroundings
from tenfold.runtime import Refused

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\- ]*$", max_length=100)]
Text = Annotated[str, StringConstraints(min_length=1)]


class Section(BaseModel):
    """A part of params.yaml: unknown keys are errors, and no value is silently converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _bare_keys(cls, value: Any, info: ValidationInfo) -> Any:
        """`require:` with nothing behind it means the default."""
        field = cls.model_fields[info.field_name or ""]
        return value if value is not None or field.is_required() else field.get_default()


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


class Train(Section):
    """The last fit of a network family; the classical rivals always learn from all rows."""

    strategy: Literal["bag", "refit"] = Field(
        "bag",
        description="bag: keep the folds' networks, which answer as one; refit: train one "
        "network on all rows, for the median of the folds' best epochs.",
    )


class Trainer(Section):
    """Handed to Lightning's Trainer, for the network families."""

    max_epochs: int = Field(100, ge=1)
    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    devices: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        1, description="Processes, or GPUs; several share every network's batches."
    )
    strategy: Literal["auto", "ddp"] = Field("auto", description="auto: ddp for several devices.")
    precision: Literal["32-true", "64-true", "bf16-mixed"] = "32-true"
    accumulate_grad_batches: int = Field(
        1, ge=1, description="Batches whose gradients make one step."
    )
    compile: bool = Field(False, description="torch.compile the networks.")


class SelectModel(Section):
    """Where the champion goes."""

    registered_model_name: Name = Field(description="Its name in the MLflow registry.")


class Run(Section):
    """Where and how loudly things run; no stage depends on it and no result may."""

    progress: Literal["auto", "on", "off"] = Field("auto", description="auto: on a terminal.")


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
    preprocessing: Preprocessing
    tune: Tune
    train: Train
    trainer: Trainer
    models: dict[str, dict[str, Any]] = Field(
        min_length=1, description="Family: its parameters, fixed or {low, high} or {choices}."
    )
    select_model: SelectModel
    run: Run = Run()

    @field_validator("clean", "split", "preprocessing", "tune", "train", "trainer", mode="before")
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
        trainer = self.trainer
        surroundings = Surroundings(
            self.task,
            self.preprocessing.numeric.scale,
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
