"""A model with its columns, preprocessing and classes: all that a prediction needs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold import models, postprocessing, preprocessing, runtime
from tenfold.dataset import Schema
from tenfold.metrics import Array
from tenfold.models.shared import digests, ensemble, persistence
from tenfold.models.shared.contract import Bagged, Fitted
from tenfold.params import ENSEMBLE
from tenfold.postprocessing import Postprocessing, conformal

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


DESCRIBED = "predictor.json"
# The column of an answer that names a row's columns with categories never seen in training.
UNSEEN = "unseen_categories"
# All draws are held in memory.
MAX_SAMPLES = 10_000


@dataclass(frozen=True)
class Predictor:
    """Turns a table with the training columns into values or class probabilities.

    A bag of models has a fitted transformer for each, an ensemble each that a member needs. `code`
    is the source of a family that is not built in; by default that of this project. A champion has
    its own `postprocessing`.
    """

    family: str
    schema: Schema
    transformers: Sequence[Any]
    model: Fitted
    code: str | None = None
    postprocessing: Postprocessing = field(default_factory=Postprocessing)

    def predict(self, table: pd.DataFrame) -> Array:
        """Values (n,), or class probabilities (n, C) in the order of `schema.classes`."""
        return self._predict(self._inputs(self.schema.frame(table)))

    def answer(self, table: pd.DataFrame, *, intervals: bool = False) -> pd.DataFrame:
        """Predict as a table: `prediction`, and for classes the probability of each.

        Where there are categories, `UNSEEN` names the columns in which a row has a new one.

        Args:
            table: a table with the training columns.
            intervals: whether to add `lower` and `upper`, or for classes `in_set_<label>`.

        Raises:
            ValueError: if intervals are asked for and there are none.
        """
        frame = self.schema.frame(table)
        inputs = self._inputs(frame)
        columns = self._columns(self._predict(inputs))
        if intervals:
            columns |= self._intervals(frame, inputs)
        return self._answer(table, columns)

    def answer_with_spread(
        self, table: pd.DataFrame, n_samples: int, seed: int = 0, *, intervals: bool = False
    ) -> pd.DataFrame:
        """As `answer`, from the mean of passes with dropout; `spread` is their standard deviation.

        For classes there is one for each probability, `spread_<label>`, before calibration.

        Args:
            table: a table with the training columns.
            n_samples: number of passes of every network.
            seed: decides which units are dropped.
            intervals: as in `answer`.

        Raises:
            ValueError: if the model has no spread, or intervals are asked for and there are none.
        """
        if not 0 < n_samples <= MAX_SAMPLES:
            raise ValueError(f"n_samples must be between 1 and {MAX_SAMPLES}, but got {n_samples}")
        frame = self.schema.frame(table)
        inputs = self._inputs(frame)
        draws = self.model.draws(inputs, n_samples, seed)
        columns = self._columns(self.postprocessing.calibrated(draws.mean(axis=0)))
        spread = draws.std(axis=0)
        if self.schema.classes:
            for code, label in enumerate(self.schema.classes):
                columns[f"spread_{label}"] = spread[:, code]
        else:
            columns["spread"] = spread
        if intervals:
            columns |= self._intervals(frame, inputs)
        return self._answer(table, columns)

    def unseen(self, table: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
        """Of each categorical column, whether a row has a category that no training row had."""
        return {
            column: (table[column].notna() & ~table[column].isin(self._seen[column])).to_numpy()
            for column in self.schema.categorical
        }

    @cached_property
    def _seen(self) -> dict[str, set[str]]:
        """The categories of the training rows; each member of a bag has seen most of them."""
        found: dict[str, set[str]] = {column: set() for column in self.schema.categorical}
        for transformer in self.transformers:
            for column, seen in preprocessing.categories(transformer).items():
                found[column] |= seen
        return found

    def _answer(self, table: pd.DataFrame, columns: dict[str, Any]) -> pd.DataFrame:
        import pandas as pd

        if self.schema.categorical:
            names = np.full(len(table), "", dtype=object)
            for column, is_unseen in self.unseen(table).items():
                names[is_unseen] = [f"{other}, {column}".lstrip(", ") for other in names[is_unseen]]
            columns = {**columns, UNSEEN: names}
        return pd.DataFrame(columns, index=table.index)

    def digest(self) -> str:
        """SHA-256 of the files that `save` writes."""
        with tempfile.TemporaryDirectory() as folder:
            self.save(Path(folder))
            return runtime.digest(Path(folder))

    def _inputs(self, frame: pd.DataFrame) -> list[Array]:
        return [transformer.transform(frame) for transformer in self.transformers]

    def _predict(self, inputs: list[Array]) -> Array:
        return self.postprocessing.calibrated(self.model.predict(inputs))

    def _intervals(self, frame: pd.DataFrame, inputs: list[Array]) -> dict[str, Any]:
        """The bounds of an interval, or which classes a set holds."""
        found = self.postprocessing.conformal
        keys = None if found.by is None else conformal.group_keys(frame[found.by])
        prediction = self._predict(inputs)
        if self.schema.classes:
            held = found.sets(prediction, keys)
            return {
                f"in_set_{label}": held[:, code] for code, label in enumerate(self.schema.classes)
            }
        each = None
        if found.method == found.CV_PLUS:
            assert isinstance(self.model, Bagged), "cv+ is of a bag"
            each = self.model.predict_each(inputs)
        lower, upper = found.bounds(prediction, each, keys)
        return {"lower": lower, "upper": upper}

    def _columns(self, prediction: Array) -> dict[str, Any]:
        if not self.schema.classes:
            return {"prediction": prediction}
        labels = np.array(self.schema.classes)[self.postprocessing.codes(prediction)]
        return {"prediction": labels} | {
            f"probability_{label}": prediction[:, code]
            for code, label in enumerate(self.schema.classes)
        }

    def save(self, folder: Path) -> None:
        """Write into an existing, empty folder: no pickle, and a digest of every file."""
        described = {
            "family": self.family,
            "n_transformers": len(self.transformers),
            "schema": self.schema.to_json(),
        }
        runtime.write_json(folder / DESCRIBED, described)
        for number, transformer in enumerate(self.transformers):
            persistence.save(transformer, preprocessing_file(folder, number))
        self.model.save(folder)
        own = None if self.family == ENSEMBLE else models.own_file(self.family)
        code = own.read_text("utf-8") if own and self.code is None else self.code
        ensemble.write_code(folder, code)
        postprocessing.write(folder, self.postprocessing)
        digests.write(folder)


def preprocessing_file(folder: Path, number: int) -> Path:
    """Where the transformer of this number is."""
    return folder / f"preprocessing-{number}.skops"


def load(folder: Path) -> Predictor:
    """Read what `Predictor.save` wrote.

    Raises:
        runtime.UserError: if a file is not as it was written.
    """
    digests.check(folder)
    described = runtime.read_json(folder / DESCRIBED)
    return Predictor(
        family=described["family"],
        schema=Schema.from_json(described["schema"]),
        transformers=[
            persistence.load(preprocessing_file(folder, number))
            for number in range(described["n_transformers"])
        ],
        model=ensemble.load(folder, described["family"]),
        code=ensemble.read_code(folder),
        postprocessing=postprocessing.read(folder),
    )
