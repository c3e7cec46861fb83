"""Read a table that comes with scikit-learn: for a first experiment, without a download."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenfold.runtime import UserError, nearest
from tenfold.sources.text_rows import Row, TextRows

PREFIX = "sklearn:"
TARGET = "target"
NAMES = ("breast_cancer", "diabetes", "digits", "iris", "wine")


def read(name: str) -> TextRows:
    """The table `sklearn:<name>`: its features and, as column `target`, the classes by name.

    Raises:
        UserError: if there is no such table.
    """
    table = name.removeprefix(PREFIX)
    if table not in NAMES:
        known = [PREFIX + one for one in NAMES]
        raise UserError(
            f"data.path: scikit-learn brings no table {table!r}; {nearest(PREFIX + table, known)}"
        )
    from sklearn import datasets

    # Scaled over all rows, as they come by default, diabetes' columns would leak the test rows.
    options = {"scaled": False} if table == "diabetes" else {}
    loaded = getattr(datasets, f"load_{table}")(**options)
    columns = [str(column) for column in loaded.feature_names]
    return TextRows([*columns, TARGET], _rows(loaded), ordered=True)


def _rows(loaded: Any) -> Iterator[Row]:
    # Regression has no class names.
    classes = [str(name) for name in loaded.get("target_names", [])]
    for cells, target in zip(loaded.data.tolist(), loaded.target.tolist(), strict=True):
        yield [*map(repr, cells), classes[target] if classes else repr(target)]
