"""The best configurations of a family, from stage cross_validate to the stages that read them.

The best lies in the family's folder, the next ones in `runners_up/1`, `runners_up/2`, ...
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenfold import dataset, metrics, runtime
from tenfold.dataset import Dataset
from tenfold.models import CURVE
from tenfold.models.shared.predictor import Predictor
from tenfold.tuning import fold_models, search
from tenfold.tuning.search import Trial

RUNNERS_UP = Path("runners_up")
# Names the runners-up, also when there are none: DVC does not keep an empty folder.
_TRIALS = RUNNERS_UP / "trials.json"


@dataclass(frozen=True)
class Kept:
    """A configuration that the search has kept.

    `place` is its folder within that of the family: `.` is the best. `described` is its trial,
    parameters and epochs.
    """

    family_folder: Path
    place: Path
    described: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Where its `scores.json`, `oof.parquet` and `members/` are."""
        return self.family_folder / self.place

    @property
    def members(self) -> Path:
        """The folder of its folds' models."""
        return self.folder / "members"


def write(
    folder: Path,
    kept: Sequence[Trial],
    trials: Sequence[Trial],
    table: Dataset,
    pretrained: Predictor | None,
    **recorded: Any,
) -> None:
    """Write what people and later stages read of a search.

    Args:
        folder: of the family; it is empty.
        kept: the best trials, best first.
        trials: all of them.
        table: the rows that the folds validate.
        pretrained: the model that the folds' models started from, if any.
        recorded: of the search, besides its trials.
    """
    best, *runners_up = kept
    assert best.evaluation is not None
    runtime.write_json(folder / "best.json", search.describe(best, trials, **recorded))
    runtime.write_rows(folder / "trials.csv", search.table(trials))
    runtime.write_rows(folder / "history.csv", best.evaluation.history, CURVE)
    _write_results(folder, best, table, pretrained)
    (folder / RUNNERS_UP).mkdir()
    runtime.write_json(folder / _TRIALS, [trial.number for trial in runners_up])
    for number, trial in enumerate(runners_up, start=1):
        own = folder / _place(number)
        own.mkdir()
        runtime.write_json(own / "configuration.json", search.describe(trial, trials, **recorded))
        _write_results(own, trial, table, pretrained)


def _write_results(
    folder: Path, trial: Trial, table: Dataset, pretrained: Predictor | None
) -> None:
    assert trial.evaluation is not None and table.folds is not None
    runtime.write_json(folder / "scores.json", metrics.summarise(trial.evaluation.folds))
    predictions = table.folds.by_fold(trial.evaluation.oof)
    dataset.write_out_of_fold(folder / "oof.parquet", table, predictions)
    fold_models.write(folder / "members", trial.fold_models, pretrained)


def read(folder: Path) -> list[Kept]:
    """The configurations that `write` has kept in a family's folder, the best first."""
    best = Kept(folder, Path(), runtime.read_json(folder / "best.json"))
    places = map(_place, range(1, len(runtime.read_json(folder / _TRIALS)) + 1))
    return [
        best,
        *(
            Kept(folder, place, runtime.read_json(folder / place / "configuration.json"))
            for place in places
        ),
    ]


def _place(number: int) -> Path:
    return RUNNERS_UP / str(number)
