"""What a check observes, and the finding that the audit reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Observation:
    """What a check observed: columns, plain figures, and a sentence with the cure.

    What is `doubtful` may have an honest cause, so it is a warning at most.
    """

    columns: Sequence[str]
    sentence: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    doubtful: bool = False


@dataclass(frozen=True)
class Finding:
    """One line of the audit; `check` is its key under `audit:`."""

    check: str
    level: Literal["error", "warn"]
    columns: tuple[str, ...]
    figures: dict[str, Any]
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self) | {"columns": list(self.columns)}

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"audit: {self.level}: {self.check}: {self.sentence}"


def named(columns: Sequence[str], most: int = 6) -> str:
    """Column names as a sentence lists them, on one line."""
    shown = ", ".join(repr(name) for name in columns[:most])
    more = len(columns) - most
    return f"{shown} and {more} more" if more > 0 else shown


def rounded(value: float) -> float:
    """A figure to four decimals, which is the same on every machine."""
    return round(float(value), 4)


def share(part: float, whole: float) -> str:
    """A percentage that is never rounded to 0% or 100%."""
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "under 0.1%"
    if 99.9 < percent < 100:
        return "over 99.9%"
    return f"{percent:.3g}%"
