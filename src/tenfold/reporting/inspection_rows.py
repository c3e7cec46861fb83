"""What was found of the champion, as rows of CSVs and in words."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from tenfold.dataset import Schema
from tenfold.inspection import Inspection
from tenfold.inspection.partial_dependence import Dependence
from tenfold.metrics import Array

Rows = list[dict[str, Any]]
# Classes of which the dependence is shown.
MAX_CLASSES = 6


def of_inspection(
    inspected: Inspection, schema: Schema, positive: int | None = None
) -> dict[str, Rows]:
    """What was found of the champion as rows."""
    return {
        "importance": [_finite(asdict(one)) for one in inspected.importances],
        "partial_dependence": [
            row for one in inspected.dependences for row in _dependence(one, schema, positive)
        ],
        "segments": [asdict(one) for one in inspected.segments],
        "suspect_rows": list(inspected.suspects),
    }


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the numbers that are none."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in row.items()
    }


def _dependence(one: Dependence, schema: Schema, positive: int | None) -> Rows:
    """A row for each value of a column, for each class: of two the positive one alone."""
    classes = schema.classes
    named_codes: list[tuple[str, int]] = [(schema.target, 0)]
    if len(classes) == 2:
        code = 1 if positive is None else positive
        named_codes = [(f"probability of {classes[code]}", code)]
    elif classes:
        named_codes = [(str(label), code) for code, label in enumerate(classes[:MAX_CLASSES])]
    return [
        {"column": one.column, "kind": one.kind, "of": of, "value": _shown(value)}
        | {key: _figure(getattr(one, key), place, code) for key in ("mean", "low", "high")}
        for of, code in named_codes
        for place, value in enumerate(one.values)
    ]


def _shown(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _figure(figures: Array | None, place: int, code: int) -> float | None:
    if figures is None:
        return None
    return float(figures[place, code] if figures.ndim > 1 else figures[place])


def described(inspected: Inspection) -> dict[str, Any]:
    """What the rows do not say: on what they were found, and what a person should know."""
    keys = ("rows", "n_rows", "n_repeats", "metric", "n_suspects", "sentences")
    return {key: getattr(inspected, key) for key in keys}
