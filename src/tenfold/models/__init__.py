"""One model family a file; its file name is its key under `models:` in params.yaml.

A family's module holds its `Parameters`, the function that builds its model, and `FAMILY`. It is
light to import: heavy libraries are loaded when a model is built.
"""

from __future__ import annotations

import importlib
import pkgutil

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
]


def names() -> list[str]:
    """Every family: the public modules of this package, sorted."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.ispkg)


def parameters(name: str) -> type[FamilyParameters]:
    """The schema of family `name`'s parameters."""
    schema: type[FamilyParameters] = importlib.import_module(f"{__name__}.{name}").Parameters
    return schema


def family(name: str) -> Family:
    """The family `name`, ready to cross-validate and fit."""
    found: Family = importlib.import_module(f"{__name__}.{name}").FAMILY
    return found
