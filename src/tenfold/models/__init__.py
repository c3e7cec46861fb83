"""One model family a file; its file name is its key under `models:` in params.yaml.

A family's module holds its `Parameters`, the function that builds its model, and `FAMILY`; also
`REQUIREMENTS`, the packages that only its models need. It is light to import: heavy libraries are
loaded when a model is built.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

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
    "family",
    "names",
    "parameters",
    "requirements",
]


def names() -> list[str]:
    """Every family: the public modules of this package, sorted."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.ispkg)


def parameters(name: str) -> type[FamilyParameters]:
    """The schema of family `name`'s parameters."""
    schema: type[FamilyParameters] = _module(name).Parameters
    return schema


def requirements(name: str) -> tuple[str, ...]:
    """The packages that a model of family `name` needs beyond those of all families."""
    found: tuple[str, ...] = getattr(_module(name), "REQUIREMENTS", ())
    return found


def family(name: str) -> Family:
    """The family `name`, ready to cross-validate and fit."""
    found: Family = _module(name).FAMILY
    return found


def _module(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}")
