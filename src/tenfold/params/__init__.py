"""params.yaml: its schema, its checks and their messages, its JSON Schema."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from tenfold.metrics import Task
from tenfold.params import messages, metric_names, postprocessing, starting_points
from tenfold.params.audit import Audit
from tenfold.params.cleaning import Cast, Clean
from tenfold.params.data import Data
from tenfold.params.enumeration import SearchSpace
from tenfold.params.families import (
    ENSEMBLE,
    ExperimentContext,
    Families,
    check_family,
    check_init_from,
    family_schemas,
)
from tenfold.params.preprocessing import (
    Categorical,
    ColumnPreprocessing,
    Dates,
    Numeric,
    Preprocessing,
)
from tenfold.params.section import Name, Section
from tenfold.params.splitting import Split
from tenfold.params.splitting import check as check_split
from tenfold.params.training import Run, SelectModel, Train, Trainer, Tune
from tenfold.runtime import UserError, nearest

__all__ = [
    "ENSEMBLE",
    "Audit",
    "Cast",
    "Categorical",
    "Clean",
    "ColumnPreprocessing",
    "Data",
    "Dates",
    "ExperimentContext",
    "Families",
    "Numeric",
    "Params",
    "Preprocessing",
    "Run",
    "SearchSpace",
    "SelectModel",
    "Split",
    "Train",
    "Trainer",
    "Tune",
    "json_schema",
    "load",
    "parse",
    "parse_text",
    "picture",
    "read_yaml",
]


class Params(Section):
    """The whole experiment.

    Every section must be present, because DVC tracks them by name; `clean: {}` means defaults.
    """

    name: Name = Field(description="The MLflow experiment.")
    task: Task
    seed: int = Field(ge=0, lt=2**31, description="All randomness follows from it.")
    metrics: list[str] = Field(
        min_length=1,
        description="All are recorded; the first tunes and decides, and changing the others trains "
        "nothing again ([docs](metrics.md)).",
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
        """`tune:` without a value means all defaults."""
        return {} if value is None else value

    @field_validator("models", mode="before")
    @classmethod
    def _bare_families(cls, value: Any) -> Any:
        """`dummy:` without a value means all defaults."""
        if isinstance(value, Mapping):
            return {name: {} if declared is None else declared for name, declared in value.items()}
        return value

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Params:
        metric_names.check(self.metrics, self.task)
        check_split(self.split, self.task, self.data.target, self.clean.drop_columns)
        if self.data.positive_class is not None and self.task != "binary":
            raise ValueError(
                f"data.positive_class is one of two classes, but got {self.data.positive_class!r} "
                f"with task {self.task!r}: leave it out"
            )
        transform = self.preprocessing.target.transform
        if transform != "none" and self.task != "regression":
            raise ValueError(
                f"preprocessing.target.transform fits regression, but got {transform!r} with task "
                f"{self.task!r}: leave it out"
            )
        chosen = self.select_model
        postprocessing.check(chosen.calibration, chosen.decision, self.task)
        trainer = self.trainer
        families: Families = (info.context or {})["families"]
        context = ExperimentContext(
            self.task,
            next((scale for scale in self.preprocessing.scales if scale != "standard"), "standard"),
            trainer.max_epochs,
            "max_epochs" in trainer.model_fields_set,
        )
        for family, declared in self.models.items():
            check_family(families, family, declared, context)
            check_init_from(family, declared, self.select_model.registered_model_name)
        self._check_enqueued(families)
        if self.data.target in self.clean.drop_columns:
            raise ValueError(
                f"clean.drop_columns must not hold data.target, but got {self.data.target!r}: "
                "remove it there"
            )
        return self

    def _check_enqueued(self, families: Families) -> None:
        for family, points in self.tune.enqueue.items():
            if family not in self.models:
                raise ValueError(
                    f"tune.enqueue: {family!r} is no family of models; "
                    f"{nearest(family, self.models)}"
                )
            schema = families.parameters(family)
            space = SearchSpace(self.models[family], schema)
            defaults = schema.defaults(self.task)
            starting_points.check(family, space, defaults, points, self.tune.n_trials)


def picture(experiment: Params, n_features: int) -> list[int] | None:
    """[channels, height, width] if a family declares that each row is a picture; else None."""
    for declared in experiment.models.values():
        shape = declared.get("shape")
        if isinstance(shape, list) and len(shape) == 3 and math.prod(shape) == n_features:
            return shape
    return None


def load(families: Families, path: Path = Path("params.yaml")) -> Params:
    """Read and check an experiment file.

    Args:
        families: the package `tenfold.models`, whose schemas check the section `models:`.
        path: the file.

    Raises:
        UserError: naming every key that breaks a rule, its value and the nearest valid name.
    """
    return parse(read_yaml(path), families, str(path))


def read_yaml(path: Path) -> Any:
    """Read YAML 1.2, as DVC does (so that 1e-4 is a number).

    Raises:
        UserError: if there is no such file or it is not YAML.
    """
    try:
        return _document(path.read_text(encoding="utf-8"), str(path))
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(
            f"there is no file {path} in {Path.cwd()}: run this in the project"
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} must be UTF-8 text: {error}") from None


def parse_text(text: str, families: Families) -> Params:
    """Check the text of a params.yaml.

    Raises:
        UserError: as `load` does.
    """
    return parse(_document(text, "params.yaml"), families)


def _document(text: str, source: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        # After an empty line comes advice for programmers who use ruamel.
        reason = " ".join(str(error).split("\n\n")[0].split())
        reason = reason.replace('"<unicode string>"', source)
        raise UserError(f"{source} is not valid YAML: {reason}") from None


def parse(document: Any, families: Families, source: str = "params.yaml") -> Params:
    """Check the content of a params.yaml.

    Raises:
        UserError: as `load` does.
    """
    if not isinstance(document, Mapping):
        raise UserError(f"{source} must hold a mapping of keys to values, but is {document!r}")
    try:
        return Params.model_validate(dict(document), context={"families": families})
    except ValidationError as error:
        problems = messages.explain(error, document, Params)
        raise UserError("\n       ".join(f"{source}: {problem}" for problem in problems)) from None


def json_schema(families: Families) -> dict[str, Any]:
    """The JSON Schema of params.yaml, by which editors complete and check it."""
    schema = Params.model_json_schema()
    described, definitions = family_schemas(families)
    schema["$defs"] |= definitions
    schema["properties"]["models"] |= {"properties": described, "additionalProperties": False}
    schema["properties"]["metrics"]["items"] = metric_names.json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
