"""One model family a file; its file name is its key under `models:` in params.yaml.

Family modules are light to import: they declare `Parameters` and build heavy things when asked.
"""

from __future__ import annotations

import importlib
from pathlib import Path

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
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in files if not file.stem.startswith("_"))


def parameters(name: str) -> type[FamilyParameters]:
    """The schema of family `name`'s parameters."""
    schema: type[FamilyParameters] = importlib.import_module(f"{__name__}.{name}").Parameters
    return schema


def family(name: str) -> Family:
    """The family `name`, ready to cross-validate and fit."""
    found: Family = importlib.import_module(f"{__name__}.{name}").FAMILY
    return found
