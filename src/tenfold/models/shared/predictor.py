"""A model with its columns, preprocessing and classes: all that a prediction needs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold import models, runtime
from tenfold.dataset import Schema
from tenfold.metrics import Array
from tenfold.models.shared import digests, persistence
from tenfold.models.shared.contract import Fitted

if TYPE_CHECKING:
    import pandas as pd


# All draws are held in memory.
MAX_SAMPLES = 10_000


@dataclass(frozen=True)
class Predictor:
    """Turns a table with the training columns into values or class probabilities.

    A bag of models has a fitted transformer for each.
    """

    family: str
    schema: Schema
    transformers: Sequence[Any]
    model: Fitted

    def predict(self, table: pd.DataFrame) -> Array:
        """Values (n,), or class probabilities (n, C) in the order of `schema.classes`."""
        return self.model.predict(self._inputs(table))

    def answer(self, table: pd.DataFrame) -> pd.DataFrame:
        """Predict as a table: `prediction`, and for classes the probability of each."""
        import pandas as pd

        return pd.DataFrame(self._columns(self.predict(table)), index=table.index)

    def answer_with_spread(
        self, table: pd.DataFrame, n_samples: int, seed: int = 0
    ) -> pd.DataFrame:
        """As `answer`, from the mean of passes with dropout; `spread` is their standard deviation.

        For classes there is one for each probability, `spread_<label>`.

        Args:
            table: a table with the training columns.
            n_samples: number of passes of every network.
            seed: decides which units are dropped.

        Raises:
            ValueError: if the model has no spread.
        """
        import pandas as pd

        if not 0 < n_samples <= MAX_SAMPLES:
            raise ValueError(f"n_samples must be between 1 and {MAX_SAMPLES}, but got {n_samples}")
        draws = self.model.draws(self._inputs(table), n_samples, seed)
        columns = self._columns(draws.mean(axis=0))
        spread = draws.std(axis=0)
        if self.schema.classes:
            for code, label in enumerate(self.schema.classes):
                columns[f"spread_{label}"] = spread[:, code]
        else:
            columns["spread"] = spread
        return pd.DataFrame(columns, index=table.index)

    def digest(self) -> str:
        """SHA-256 of the files that `save` writes."""
        with tempfile.TemporaryDirectory() as folder:
            self.save(Path(folder))
            return runtime.digest(Path(folder))

    def _inputs(self, table: pd.DataFrame) -> list[Array]:
        frame = self.schema.frame(table)
        return [transformer.transform(frame) for transformer in self.transformers]

    def _columns(self, prediction: Array) -> dict[str, Any]:
        import numpy as np

        if not self.schema.classes:
            return {"prediction": prediction}
        labels = np.array(self.schema.classes)[prediction.argmax(axis=1)]
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
        runtime.write_json(folder / "predictor.json", described)
        for number, transformer in enumerate(self.transformers):
            persistence.save(transformer, _preprocessing(folder, number))
        self.model.save(folder)
        digests.write(folder)


def _preprocessing(folder: Path, number: int) -> Path:
    return folder / f"preprocessing-{number}.skops"


def load(folder: Path) -> Predictor:
    """Read what `Predictor.save` wrote.

    Raises:
        runtime.UserError: if a file is not as it was written.
    """
    digests.check(folder)
    described = runtime.read_json(folder / "predictor.json")
    return Predictor(
        family=described["family"],
        schema=Schema.from_json(described["schema"]),
        transformers=[
            persistence.load(_preprocessing(folder, number))
            for number in range(described["n_transformers"])
        ],
        model=models.family(described["family"]).load(folder),
    )
