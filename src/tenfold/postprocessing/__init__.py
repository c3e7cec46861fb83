"""What becomes of a champion's predictions: calibration, the decision, intervals or sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold import runtime
from tenfold.dataset import Schema
from tenfold.metrics import Array
from tenfold.params import SelectModel
from tenfold.postprocessing import calibrators, decisions
from tenfold.postprocessing.calibrators import Calibrator
from tenfold.postprocessing.conformal import Conformal
from tenfold.postprocessing.decisions import Decision, MostProbable
from tenfold.runtime import UserError, nearest

__all__ = ["NoIntervals", "Postprocessing", "check", "read", "write"]

FILE = "postprocessing.json"


class NoIntervals(ValueError):
    """A model without intervals is asked for them."""


@dataclass(frozen=True)
class Postprocessing:
    """What becomes of a model's predictions; by default nothing.

    Attributes:
        calibrator: of probabilities, if they have one.
        decision: which class is answered.
        intervals: of numbers, or sets of classes; or why there are none, in words.
    """

    calibrator: Calibrator | None = None
    decision: Decision = field(default_factory=MostProbable)
    intervals: Conformal | str = "select_model.intervals is off"

    @property
    def conformal(self) -> Conformal:
        """The intervals.

        Raises:
            NoIntervals: if there are none.
        """
        if isinstance(self.intervals, str):
            raise NoIntervals(
                f"the model has no intervals ({self.intervals}): declare select_model.intervals "
                "and run `dvc repro`, or do not ask for them"
            )
        return self.intervals

    def calibrated(self, prediction: Array) -> Array:
        """Values (n,) as they are, or probabilities (n, C), calibrated."""
        return prediction if self.calibrator is None else self.calibrator(prediction)

    def codes(self, probabilities: Array) -> NDArray[np.int64]:
        """The codes of the answered classes (n,)."""
        return self.decision(probabilities)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON: empty if nothing becomes of predictions."""
        found: dict[str, Any] = {}
        if self.calibrator is not None:
            found["calibration"] = self.calibrator.to_json()
        if self.decision.to_json():
            found["decision"] = self.decision.to_json()
        if isinstance(self.intervals, Conformal):
            found["intervals"] = self.intervals.to_json()
        elif self.intervals != Postprocessing.intervals:
            found["no_intervals"] = self.intervals
        return found

    @classmethod
    def from_json(cls, described: Mapping[str, Any]) -> Postprocessing:
        """The inverse of `to_json`."""
        calibration, intervals = described.get("calibration"), described.get("intervals")
        return cls(
            calibrators.from_json(calibration) if calibration else None,
            decisions.from_json(described.get("decision", {})),
            Conformal.from_json(intervals)
            if intervals
            else described.get("no_intervals", cls.intervals),
        )


def write(folder: Path, postprocessing: Postprocessing) -> None:
    """Write `postprocessing.json` beside a model, if anything becomes of its predictions."""
    described = postprocessing.to_json()
    if described:
        runtime.write_json(folder / FILE, described)


def read(folder: Path) -> Postprocessing:
    """What `write` wrote."""
    path = folder / FILE
    return Postprocessing.from_json(runtime.read_json(path) if path.exists() else {})


def check(declared: SelectModel, schema: Schema) -> None:
    """Check what is declared against the classes and the features of a table.

    Raises:
        UserError: naming the key.
    """
    decision, intervals, n = declared.decision, declared.intervals, len(schema.classes)
    costs = None if isinstance(decision, str) else decision.costs
    if costs is not None and len(costs) != n:
        raise UserError(
            f"select_model.decision.costs must have a row and a column for each of the {n} classes "
            f"({', '.join(map(str, schema.classes))}), but has {len(costs)}: write them in this "
            "order"
        )
    by = None if isinstance(intervals, str) else intervals.by
    known = (*schema.numeric, *schema.categorical)
    if by is not None and by not in known:
        raise UserError(
            "select_model.intervals.by must name a feature that is a number or a category, but got "
            f"{by!r}; {nearest(by, known)}"
        )
