"""A model and all that it needs to answer for a raw row: columns, preprocessing, classes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold import models, persistence, runtime
from tenfold.dataset import Schema
from tenfold.metrics import Array
from tenfold.models import Fitted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Predictor:
    """From a table with the training columns to values or class probabilities."""

    family: str
    schema: Schema
    transformer: Any
    model: Fitted

    def predict(self, table: pd.DataFrame) -> Array:
        """Values (n,), or class probabilities (n, C) in the order of `schema.classes`."""
        return self.model.predict(self.transformer.transform(self.schema.frame(table)))

    def answer(self, table: pd.DataFrame) -> pd.DataFrame:
        """What a person asks for: `prediction`, and for classes a probability of each."""
        import numpy as np
        import pandas as pd

        prediction = self.predict(table)
        if not self.schema.classes:
            return pd.DataFrame({"prediction": prediction}, index=table.index)
        labels = np.array(self.schema.classes)[prediction.argmax(axis=1)]
        columns = {
            f"probability_{label}": prediction[:, code]
            for code, label in enumerate(self.schema.classes)
        }
        return pd.DataFrame({"prediction": labels, **columns}, index=table.index)

    def save(self, folder: Path) -> None:
        """Write into an existing folder, without pickle."""
        described = {"family": self.family, "schema": self.schema.to_json()}
        runtime.write_json(folder / "predictor.json", described)
        persistence.save(self.transformer, folder / "preprocessing.skops")
        self.model.save(folder)


def load(folder: Path) -> Predictor:
    """Read what `Predictor.save` wrote."""
    described = runtime.read_json(folder / "predictor.json")
    return Predictor(
        family=described["family"],
        schema=Schema.from_json(described["schema"]),
        transformer=persistence.load(folder / "preprocessing.skops"),
        model=models.family(described["family"]).load(folder),
    )
