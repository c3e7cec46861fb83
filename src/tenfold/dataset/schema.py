"""The columns of a table by role, and a table's rows as a model takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import dates, spelling
from tenfold.dataset.dates import DateFormat
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

    def markers(self, column: str) -> tuple[str, ...]:
        """The texts that mean no value in a column."""
        own = self.reading.get("clean", {}).get("column_missing_values", {})
        return tuple(own.get(column, self.missing_values))

    def date_format(self, column: str) -> DateFormat:
        """How the dates of a column are written as text."""
        declared = self.reading.get("clean", {}).get("types", {}).get(column)
        own = declared if isinstance(declared, Mapping) else {}
        return DateFormat(own.get("format"), own.get("offset", "utc"))

    def _categories(self, column: str, values: pd.Series[Any]) -> NDArray[np.object_]:
        """Texts trimmed, replaced and marked as missing, as stage clean does."""
        rules = self.reading.get("clean", {})
        texts = values.astype(object).where(values.notna(), None)
        missing = texts.isna()
        texts = texts.astype(str)
        if rules.get("trim"):
            texts = texts.str.strip()
        texts = texts.map(spelling.category, na_action="ignore")
        missing |= texts.isin([spelling.category(marker) for marker in self.markers(column)])
        swaps = rules.get("replace", {}).get(column, {})
        swaps = {spelling.category(old): new for old, new in swaps.items()}
        texts = texts.map(lambda text: swaps.get(text, text))
        missing |= texts.isna()
        return np.where(missing, MISSING, texts).astype(object)

    def frame(self, table: pd.DataFrame) -> pd.DataFrame:
        """The feature columns: numbers as float64, categories as text, dates as datetime64[us].

        A missing category is a category of its own, since its absence may carry meaning.

        Raises:
            ValueError: naming the column and row of a text that is no date.
        """
        import pandas as pd

        columns: dict[str, Any] = {
            name: table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in self.numeric
        }
        for name in self.categorical:
            columns[name] = self._categories(name, table[name])
        for name in self.dates:
            written = self.date_format(name)
            columns[name], wrong = dates.parse(table[name], self.markers(name), written)
            if wrong.any():
                row = int(wrong.argmax())
                value = table[name].iloc[row]
                raise ValueError(f"{name!r}, row {row}: must be {written.rule} but got {value!r}")
        return pd.DataFrame(columns, index=table.index).astype(dict.fromkeys(self.categorical, "O"))

    def encode(self, target: pd.Series[Any]) -> NDArray[np.generic]:
        """The target, shape (n,): float64 values, or int64 codes into `classes`."""
        if not self.classes:
            return target.to_numpy(dtype=np.float64)
        codes = {label: code for code, label in enumerate(self.classes)}
        return np.array([codes[label] for label in target.tolist()], dtype=np.int64)
