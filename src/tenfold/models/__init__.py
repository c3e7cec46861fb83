"""One model family a file; its file name is its key under `models:` in params.yaml.

A family's module holds its `Parameters`, the function that builds its model, and `FAMILY`; also
`REQUIREMENTS`, the packages that only its models need. It is light to import: heavy libraries are
loaded when a model is built.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from tenfold.models.shared.contract import (
    CURVE,
    Configuration,
    Diverged,
    Family,
    FamilyParameters,
    FitSettings,
    Fitted,
    Fold,
    FoldPredictions,
)
from tenfold.runtime import UserError, custom_code

# What every family does.
CONTRACT = ("shape", "check", "predict_folds", "fit", "load")

__all__ = [
    "CURVE",
    "Configuration",
    "Diverged",
    "Family",
    "FamilyParameters",
    "FitSettings",
    "Fitted",
    "Fold",
    "FoldPredictions",
    "built_in",
    "family",
    "names",
    "own_file",
    "parameters",
    "requirements",
]


def names() -> list[str]:
    """Every family, sorted: the public modules of this package, and the project's own."""
    return sorted({*built_in(), *custom_code.names("families")})


def built_in() -> list[str]:
    """The public modules of this package, sorted."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.ispkg)


def parameters(name: str) -> type[FamilyParameters]:
    """The schema of family `name`'s parameters."""
    schema: type[FamilyParameters] = _module(name).Parameters
    return schema


def requirements(name: str) -> tuple[str, ...]:
    """The packages that a model of family `name` needs beyond those of all families."""
    found: tuple[str, ...] = getattr(_module(name), "REQUIREMENTS", ())
    return found


def family(name: str, file: Path | None = None) -> Family:
    """The family `name`, ready to cross-validate and fit; `file` is one that a model brings."""
    found: Family = _module(name, file).FAMILY
    return found


def own_file(name: str) -> Path | None:
    """The project's file of a family that is not built in."""
    return None if name in built_in() else custom_code.file_of("families", name)


def _module(name: str, file: Path | None = None) -> ModuleType:
    """The module of a family.

    Raises:
        UserError: if a family of one's own breaks the contract.
    """
    own = custom_code.file_of("families", name)
    if name in built_in():
        if own.is_file():
            raise UserError(f"{own} has the name of a built-in family: give the file another name")
        return importlib.import_module(f"{__name__}.{name}")
    module = custom_code.load("families", name, file, defines=["Parameters", "FAMILY"])
    missing = [method for method in CONTRACT if not callable(getattr(module.FAMILY, method, None))]
    if missing:
        raise UserError(
            f"{file or own}: FAMILY must have the method {missing[0]}, but is "
            f"{type(module.FAMILY).__name__}: make it a ScikitFamily or a NetworkFamily"
        )
    schema = module.Parameters
    if not (isinstance(schema, type) and issubclass(schema, FamilyParameters)):
        raise UserError(
            f"{file or own}: Parameters must be a subclass of tenfold.models.FamilyParameters, but "
            f"is {schema!r}: derive it from that"
        )
    return module
