"""The columns of a table by role, and a table's rows as a model takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import dates, spelling
from tenfold.metrics import Task

if TYPE_CHECKING:
    import pandas as pd

MISSING = "(missing)"


@dataclass(frozen=True)
class Schema:
    """The columns of a table by role; `classes` is empty for regression.

    Attributes:
        missing_values: texts that mean no value in the experiment's source tables.
        reading: how these tables were read: the settings of `data` and `clean` that decide what a
            cell means, and each column's type.
    """

    task: Task
    target: str
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    classes: tuple[int | str, ...]
    missing_values: tuple[str, ...]
    dates: tuple[str, ...] = ()
    reading: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_report(cls, report: dict[str, Any]) -> Schema:
        """The schema that the split stage wrote into its report."""
        return cls(
            task=report["task"],
            target=report["target"],
            numeric=tuple(report["features"]["numeric"]),
            categorical=tuple(report["features"]["categorical"]),
            classes=tuple(report["classes"]),
            missing_values=tuple(report["missing_values"]),
            dates=tuple(report["features"]["dates"]),
            reading=report["reading"],
        )

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Schema:
        """The inverse of `to_json`."""
        columns: dict[str, Any] = {
            key: tuple(held) if isinstance(held, list) else held for key, held in value.items()
        }
        return cls(**columns)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    @property
    def features(self) -> tuple[str, ...]:
        """Numeric, then categorical columns, then dates."""
        return (*self.numeric, *self.categorical, *self.dates)

    def frame(self, table: pd.DataFrame) -> pd.DataFrame:
        """The feature columns: numbers as float64, categories as text, dates as datetime64[us].

        A missing category is a category of its own, since its absence may carry meaning.

        Args:
            table: rows of a clean table, or what `serving.row_reader` makes of others.

        Raises:
            ValueError: naming the column and row of a text that is no date.
        """
        import pandas as pd

        columns: dict[str, Any] = {
            name: table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in self.numeric
        }
        for name in self.categorical:
            texts = table[name].astype(object)
            spelled = texts.astype(str).map(spelling.category, na_action="ignore")
            columns[name] = np.where(texts.isna(), MISSING, spelled).astype(object)
        for name in self.dates:
            columns[name], wrong = dates.parse(table[name])
            if wrong.any():
                row = int(wrong.argmax())
                value = table[name].iloc[row]
                raise ValueError(f"{name!r}, row {row}: must be {dates.RULE} but got {value!r}")
        return pd.DataFrame(columns, index=table.index).astype(dict.fromkeys(self.categorical, "O"))

    def code(self, label: int | str | None) -> int | None:
        """The code of a class; None of None."""
        return None if label is None else self.classes.index(label)

    def encode(self, target: pd.Series[Any]) -> NDArray[np.generic]:
        """The target, shape (n,): float64 values, or int64 codes into `classes`."""
        if not self.classes:
            return target.to_numpy(dtype=np.float64)
        codes = {label: code for code, label in enumerate(self.classes)}
        return np.array([codes[label] for label in target.tolist()], dtype=np.int64)
