"""What a served model costs: its size on disk, and the time of one answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from tenfold.models.shared.predictor import Predictor

N_ANSWERS = 3


@dataclass(frozen=True)
class AnswerCost:
    """Megabytes of a model's files, and milliseconds of its answer for one row on this machine."""

    megabytes: float
    milliseconds: float

    def __str__(self) -> str:
        return f"{self.megabytes:.1f} MB, {self.milliseconds:.0f} ms for one row"


def measure(predictor: Predictor, folder: Path, row: pd.DataFrame) -> AnswerCost:
    """The cost of a model that lies in `folder`, by its answers for `row`.

    The fastest answer counts: other work and the first call's imports add to it.
    """
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    taken = []
    for _ in range(N_ANSWERS):
        start = time.perf_counter()
        predictor.predict(row)
        taken.append(time.perf_counter() - start)
    return AnswerCost(size / 1e6, 1000 * min(taken))
